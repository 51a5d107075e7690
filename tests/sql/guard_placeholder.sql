-- Settings made by an ordinary role before the library is loaded count for nothing. (From 17 on it
-- is loaded when the session begins, so that they are refused at once.)
\set SHOW_CONTEXT never
CREATE EXTENSION schemaguard;
CREATE ROLE sg_placeholder LOGIN;
GRANT CREATE ON SCHEMA public TO sg_placeholder;
-- in a fresh session, where the library isn't loaded yet and the setting is a placeholder
CREATE TABLE precious AS SELECT 1 AS id;
ALTER TABLE precious OWNER TO sg_placeholder;
\c - sg_placeholder
\set SHOW_CONTEXT never
SET schemaguard.mode = off;
SHOW schemaguard.mode;
DROP TABLE precious;
SHOW schemaguard.mode;
SET schemaguard.mode = off;
\c
SELECT set_config('schemaguard.mode', 'off', false);
SET schemaguard.probe_timeout = '1ms';
DROP TABLE precious;
\c
ALTER ROLE sg_placeholder SET schemaguard.mode = off;
CREATE FUNCTION quietly() RETURNS void LANGUAGE plpgsql SET schemaguard.mode = off AS 'BEGIN DROP TABLE precious; END';
-- from the client's side of the connection
\c "dbname=guard_placeholder user=sg_placeholder options='-c schemaguard.mode=off -c schemaguard.probe_timeout=1'"
\set SHOW_CONTEXT never
DROP TABLE precious;
SHOW schemaguard.mode;
\c "dbname=guard_placeholder user=postgres options=''"
\set SHOW_CONTEXT never
SELECT count(*) FROM precious;
SELECT session_user_name, verdict, count(*) FROM schemaguard.ddl_log WHERE object = 'public.precious' GROUP BY 1, 2 ORDER BY 1, 2;
DELETE FROM precious;
DROP OWNED BY sg_placeholder;
DROP ROLE sg_placeholder;
