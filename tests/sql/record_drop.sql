-- DROP TABLE of one table is recorded by what the hook has seen, without the server's own list of
-- what is dropped. Where statements are judged by a declared schema that list is read: both say the same.
SET client_min_messages = error;
CREATE EXTENSION schemaguard;
CREATE FUNCTION public.noop() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE FUNCTION public.make(variant int) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    CASE variant
    WHEN 1 THEN CREATE TABLE public.t (a int);
    WHEN 2 THEN CREATE TABLE public.t (id serial PRIMARY KEY, other bigserial, third int GENERATED ALWAYS AS IDENTITY, note text DEFAULT 'x');
    WHEN 3 THEN
        CREATE TABLE public.t (a int, b int UNIQUE, c int GENERATED ALWAYS AS (a + 1) STORED, d text COLLATE "C",
                               self int REFERENCES public.t (b), CHECK (a > 0), UNIQUE (a) DEFERRABLE, UNIQUE NULLS NOT DISTINCT (d));
        CREATE INDEX t_lower ON public.t (lower(d)) WHERE a > 1;
        CREATE UNIQUE INDEX t_plain ON public.t (c) INCLUDE (d);
        CREATE STATISTICS public.s ON a, b FROM public.t;
        CREATE TRIGGER tr AFTER INSERT ON public.t FOR EACH ROW EXECUTE FUNCTION public.noop();
        CREATE RULE ru AS ON INSERT TO public.t WHERE new.a > 5 DO INSTEAD NOTHING;
        CREATE POLICY po ON public.t USING (a > 1);
        COMMENT ON TABLE public.t IS 'a table';
    WHEN 4 THEN
        CREATE TABLE public.t (a int, "B b" serial, PRIMARY KEY (a, "B b")) PARTITION BY RANGE (a);
        CREATE TABLE public.t1 PARTITION OF public.t FOR VALUES FROM (1) TO (10);
    WHEN 5 THEN CREATE TEMP TABLE t (id serial PRIMARY KEY);
    WHEN 6 THEN
        CREATE TABLE public.up (a int) PARTITION BY LIST (a);
        CREATE TABLE public.t PARTITION OF public.up (a DEFAULT 1 PRIMARY KEY) FOR VALUES IN (1);
    WHEN 7 THEN
        CREATE TABLE public.up (a int);
        CREATE TABLE public.t (b serial, UNIQUE (a, b)) INHERITS (public.up);
    WHEN 8 THEN
        CREATE SEQUENCE public.alien;
        CREATE TABLE public.t (a int DEFAULT nextval('public.alien'), b int);
        ALTER SEQUENCE public.alien OWNED BY public.t.b;
        CREATE TABLE public.u (b int);
        CREATE SEQUENCE public.foreigner OWNED BY public.u.b;
        ALTER TABLE public.t ALTER b SET DEFAULT nextval('public.foreigner');
    WHEN 9 THEN CREATE UNLOGGED TABLE public.t (a int PRIMARY KEY DEFERRABLE, b int, EXCLUDE USING btree (b WITH =));
    END CASE;
END $$;
CREATE TABLE public.seen (variant int, judged text, at bigint, object_type text, object text, definition text);
CREATE PROCEDURE public.both() LANGUAGE plpgsql AS $$
DECLARE judged text; variant int; last bigint;
BEGIN
    FOR variant IN 1..9 LOOP
        FOREACH judged IN ARRAY ARRAY['off', 'warn'] LOOP
            PERFORM set_config('schemaguard.on_drift', judged, false);
            PERFORM public.make(variant);
            SELECT max(id) INTO last FROM schemaguard.ddl_log;
            DROP TABLE t;
            INSERT INTO public.seen SELECT variant, judged, row_number() OVER (ORDER BY id), object_type, object, former_definition
              FROM schemaguard.ddl_log WHERE id > last AND command_tag = 'DROP TABLE';
            DROP TABLE IF EXISTS public.up;
            DROP TABLE IF EXISTS public.u;
            COMMIT;
        END LOOP;
    END LOOP;
END $$;
CALL public.both();
\pset format unaligned
\echo '-- what differs'
(SELECT variant, at, object_type, object, definition FROM public.seen WHERE judged = 'off'
 EXCEPT SELECT variant, at, object_type, object, definition FROM public.seen WHERE judged = 'warn')
UNION ALL
(SELECT variant, at, object_type, object, definition FROM public.seen WHERE judged = 'warn'
 EXCEPT SELECT variant, at, object_type, object, definition FROM public.seen WHERE judged = 'off');
\echo '-- what there is'
SELECT variant, at, object_type, object FROM public.seen WHERE judged = 'off' ORDER BY variant, at;
\echo '-- keys, in the words of the server'
SELECT variant, rtrim(k[1], ',') COLLATE "C" AS key FROM public.seen, regexp_matches(definition, 'CONSTRAINT (\S+ (?:UNIQUE|PRIMARY|EXCLUDE)[^\n]*)', 'g') k
 WHERE judged = 'off' ORDER BY 1, 2;
