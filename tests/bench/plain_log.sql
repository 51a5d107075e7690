-- The audit trigger that one finds everywhere: like the example in PostgreSQL's manual it goes through
-- every dropped object. With `-v only='WHERE original'` it keeps those that were named only, which is
-- less than schemaguard keeps (what CASCADE took, former definitions) and the hardest to be beaten.
\if :{?only}
\else
\set only ''
\endif
CREATE TABLE ddl_history (
    id bigserial PRIMARY KEY, at timestamptz DEFAULT now(), who text DEFAULT current_user,
    tag text, object_type text, object text, query text
);
CREATE FUNCTION log_ddl() RETURNS event_trigger LANGUAGE plpgsql AS $$
DECLARE r record;
BEGIN
    FOR r IN SELECT * FROM pg_event_trigger_ddl_commands() LOOP
        INSERT INTO ddl_history (tag, object_type, object, query)
        VALUES (r.command_tag, r.object_type, r.object_identity, current_query());
    END LOOP;
END $$;
SELECT format($f$CREATE FUNCTION log_drop() RETURNS event_trigger LANGUAGE plpgsql AS $$
DECLARE r record;
BEGIN
    FOR r IN SELECT * FROM pg_event_trigger_dropped_objects() %s LOOP
        INSERT INTO ddl_history (tag, object_type, object, query)
        VALUES (tg_tag, r.object_type, r.object_identity, current_query());
    END LOOP;
END $$$f$, :'only') \gexec
CREATE EVENT TRIGGER log_ddl ON ddl_command_end EXECUTE FUNCTION log_ddl();
CREATE EVENT TRIGGER log_drop ON sql_drop EXECUTE FUNCTION log_drop();
