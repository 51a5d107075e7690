-- What the modes do, and who may choose them.
\set SHOW_CONTEXT never
CREATE EXTENSION schemaguard;
SET client_min_messages = warning;
CREATE ROLE sg_modes LOGIN;
GRANT CREATE ON SCHEMA public TO sg_modes;
SELECT current_database() AS db \gset
CREATE TABLE dropped (id int);
CREATE TABLE truncated (id int);
CREATE TABLE narrowed (id int, v text);
INSERT INTO dropped VALUES (1);
INSERT INTO truncated VALUES (1);
INSERT INTO narrowed VALUES (1, 'a');
CREATE TABLE saved_dropped AS TABLE dropped;
CREATE TABLE saved_truncated AS TABLE truncated;
CREATE TABLE saved_narrowed AS TABLE narrowed;

-- enforce is the default
SHOW schemaguard.mode;
DROP TABLE dropped;
TRUNCATE truncated;
ALTER TABLE narrowed DROP COLUMN v;

-- warn: a warning, and the data is gone
SET schemaguard.mode = warn;
DROP TABLE dropped;
\echo :SQLSTATE
TRUNCATE truncated;
ALTER TABLE narrowed DROP COLUMN v;
SELECT to_regclass('dropped') AS dropped, (SELECT count(*) FROM truncated) AS truncated, n.* FROM narrowed n;
RESET schemaguard.mode;
SELECT command_tag, object, verdict, rule, reason, detail FROM schemaguard.ddl_log WHERE verdict = 'warned' ORDER BY id;

-- observe: not a word, but a record
CREATE TABLE dropped AS TABLE saved_dropped;
INSERT INTO truncated TABLE saved_truncated;
ALTER TABLE narrowed ADD COLUMN v text;
UPDATE narrowed SET v = 'a';
SET schemaguard.mode = 'observe';
DROP TABLE dropped;
TRUNCATE truncated;
ALTER TABLE narrowed DROP COLUMN v;
SELECT to_regclass('dropped') AS dropped, (SELECT count(*) FROM truncated) AS truncated, n.* FROM narrowed n;
SET schemaguard.mode = 'enforce';
SELECT command_tag, object, verdict, rule, reason, detail FROM schemaguard.ddl_log WHERE verdict = 'observed' ORDER BY id;

-- off: nobody looks; the record says that
CREATE TABLE dropped AS TABLE saved_dropped;
INSERT INTO truncated TABLE saved_truncated;
ALTER TABLE narrowed ADD COLUMN v text;
UPDATE narrowed SET v = 'a';
SET schemaguard.mode = off;
DROP TABLE dropped;
ALTER TABLE narrowed DROP COLUMN v;
TRUNCATE truncated;
SELECT to_regclass('dropped') AS dropped, (SELECT count(*) FROM truncated) AS truncated, n.* FROM narrowed n;
RESET schemaguard.mode;
SELECT command_tag, object, verdict, rule, reason, detail FROM schemaguard.ddl_log WHERE verdict = 'unguarded' ORDER BY id;

-- what loses nothing is `allowed` in each mode in which somebody looks
SET schemaguard.mode = warn;
CREATE TABLE harmless (id int);
DROP TABLE harmless;
SET schemaguard.mode = observe;
CREATE TABLE harmless (id int);
DROP TABLE harmless;
RESET schemaguard.mode;
SELECT command_tag, verdict, count(*) FROM schemaguard.ddl_log WHERE object = 'public.harmless' GROUP BY 1, 2 ORDER BY 1, 2;

-- consent comes before the mode: no warning
CREATE TABLE dropped AS TABLE saved_dropped;
SET schemaguard.mode = warn;
BEGIN;
SELECT schemaguard.accept_data_loss('both');
DROP TABLE dropped;
COMMIT;
RESET schemaguard.mode;
SELECT command_tag, object, verdict, reason FROM schemaguard.ddl_log WHERE verdict = 'accepted' ORDER BY id;

-- each change of mode has left a record
SELECT command_tag, object_type, object, statement, current_user_name FROM schemaguard.ddl_log WHERE object_type = 'setting' ORDER BY id;
SELECT set_config('schemaguard.mode', 'warn', false);
SELECT set_config('schemaguard.mode', 'enforce', false);
BEGIN;
SET LOCAL schemaguard.mode = off;
COMMIT;
SHOW schemaguard.mode;
BEGIN;
SET schemaguard.mode = off;
ROLLBACK;
SHOW schemaguard.mode;
SELECT object_type, object, statement FROM schemaguard.ddl_log WHERE object_type = 'setting' ORDER BY id OFFSET 11;

-- values that are none
SET schemaguard.mode = 'on';
SET schemaguard.mode = '';
SHOW schemaguard.mode;

-- ordinary roles: by no way at all
SET ROLE sg_modes;
SET schemaguard.mode = off;
\echo :SQLSTATE
SET LOCAL schemaguard.mode = off;
SET SESSION schemaguard.mode TO DEFAULT;
RESET schemaguard.mode;
SELECT set_config('schemaguard.mode', 'off', false);
SELECT set_config('schemaguard.probe_timeout', '1ms', true);
SET schemaguard.protected = off;
ALTER ROLE sg_modes SET schemaguard.mode = off;
ALTER ROLE sg_modes IN DATABASE :"db" SET schemaguard.mode = off;
ALTER DATABASE :"db" SET schemaguard.mode = off;
ALTER SYSTEM SET schemaguard.mode = off;
CREATE FUNCTION quietly() RETURNS void LANGUAGE sql SET schemaguard.mode = off AS 'SELECT 1';
UPDATE pg_settings SET setting = 'off' WHERE name = 'schemaguard.mode';
SHOW schemaguard.mode;
RESET ROLE;
-- a name under our prefix that isn't ours
SET schemaguard.whatever = 1;

CREATE TABLE precious AS SELECT 1 AS id;
ALTER TABLE precious OWNER TO sg_modes;
-- a superuser may, for a role, a database; a fresh session obeys
LOAD 'schemaguard';
ALTER ROLE sg_modes IN DATABASE :"db" SET schemaguard.mode = 'observe';
\c - sg_modes
\set SHOW_CONTEXT never
DROP TABLE precious;
\c - postgres
\set SHOW_CONTEXT never
SELECT to_regclass('precious');
LOAD 'schemaguard';
ALTER ROLE sg_modes IN DATABASE :"db" RESET schemaguard.mode;
ALTER DATABASE :"db" SET schemaguard.mode = 'warn';
ALTER DATABASE :"db" RESET schemaguard.mode;
SELECT command_tag, object_type, statement, session_user_name FROM schemaguard.ddl_log
 WHERE object_type = 'setting' AND statement LIKE 'ALTER%mode%' ORDER BY id;
SELECT verdict, session_user_name, statement FROM schemaguard.ddl_log WHERE object = 'public.precious' ORDER BY id;

-- probe_timeout: what can't be proven harmless in time is refused; 0 takes what it takes
CREATE TABLE large AS SELECT NULL::int AS n FROM generate_series(1, 300000);
SET schemaguard.probe_timeout = '1ms';
\set VERBOSITY terse
ALTER TABLE large DROP COLUMN n;
\set VERBOSITY default
\echo :SQLSTATE
SELECT regexp_replace(detail, '[\d,]+ rows', 'N rows') AS detail FROM schemaguard.refused WHERE statement LIKE '%large%';
SET schemaguard.probe_timeout = 0;
ALTER TABLE large DROP COLUMN n;
RESET schemaguard.probe_timeout;

DROP OWNED BY sg_modes;
DROP ROLE sg_modes;
