-- Who tries to get around the guard, and how far that goes.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SELECT current_database() AS db \gset
CREATE ROLE sg_attacker;
CREATE ROLE sg_attacker_2;
GRANT CREATE ON DATABASE :"db" TO sg_attacker;
GRANT sg_attacker_2 TO sg_attacker;

-- a schema of that name was there before, in a stranger's hands
SET ROLE sg_attacker;
CREATE SCHEMA schemaguard;
RESET ROLE;
CREATE EXTENSION schemaguard;
ALTER SCHEMA schemaguard OWNER TO CURRENT_USER;
CREATE FUNCTION schemaguard.format(text, VARIADIC text[]) RETURNS text LANGUAGE sql AS 'SELECT ''x''';
CREATE EXTENSION schemaguard;
DROP SCHEMA schemaguard CASCADE;
SELECT count(*) FROM pg_event_trigger;

CREATE EXTENSION schemaguard;
ALTER SCHEMA public OWNER TO sg_attacker;
GRANT CREATE ON SCHEMA public TO sg_attacker_2;
SET ROLE sg_attacker;
CREATE TABLE precious (id int, v text);
INSERT INTO precious VALUES (1, 'x');

--
-- An ordinary role that owns its schema
--
-- our objects
DROP EXTENSION schemaguard;
DROP EXTENSION schemaguard CASCADE;
DROP SCHEMA schemaguard CASCADE;
ALTER EXTENSION schemaguard UPDATE;
ALTER EXTENSION schemaguard DROP TABLE schemaguard.ddl_entry;
ALTER EVENT TRIGGER schemaguard_sql_drop DISABLE;
DROP EVENT TRIGGER schemaguard_sql_drop;
CREATE EVENT TRIGGER mine ON sql_drop EXECUTE FUNCTION schemaguard.on_sql_drop();
ALTER TABLE schemaguard.ddl_entry ADD COLUMN x int;
DROP TABLE schemaguard.ddl_entry;
DROP VIEW schemaguard.refused;
CREATE TRIGGER t BEFORE INSERT ON schemaguard.ddl_entry FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger();
INSERT INTO schemaguard.declared (version) VALUES (1);
DELETE FROM schemaguard.declared;
CREATE OR REPLACE FUNCTION schemaguard.accept_data_loss(reason text) RETURNS void LANGUAGE sql AS 'SELECT';
CREATE TABLE schemaguard.mine (id int);
CREATE FUNCTION schemaguard.mine() RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE OPERATOR schemaguard.= (LEFTARG = text, RIGHTARG = text, FUNCTION = pg_catalog.texteq);
ALTER FUNCTION schemaguard.status() OWNER TO sg_attacker;
GRANT EXECUTE ON FUNCTION schemaguard.accept_data_loss(text) TO sg_attacker;
SELECT schemaguard.accept_data_loss('x');
SELECT schemaguard.declare('CREATE TABLE t (id int)');
-- its event trigger functions, by hand
SELECT schemaguard.on_sql_drop();
SELECT schemaguard.on_ddl_command_end();
CREATE FUNCTION on_sql_drop() RETURNS event_trigger LANGUAGE c AS 'schemaguard', 'schemaguard_on_sql_drop';
CREATE TRIGGER t BEFORE INSERT ON precious FOR EACH ROW EXECUTE FUNCTION schemaguard.on_ddl_command_start();
LOAD 'schemaguard';
-- the mark of the database
ALTER DATABASE :"db" SET schemaguard.protected = off;
ALTER DATABASE :"db" RESET schemaguard.protected;
-- event triggers off
SET session_replication_role = replica;
RESET ROLE;
SELECT count(*) FROM schemaguard.ddl_log WHERE verdict <> 'refused' AND current_user_name = 'sg_attacker' AND object LIKE '%schemaguard%';

--
-- Look-alikes on the search path
--
SET ROLE sg_attacker;
CREATE SCHEMA evil;
CREATE FUNCTION evil.count(int) RETURNS bigint LANGUAGE sql AS 'SELECT 0::bigint';
CREATE FUNCTION evil.format(text, VARIADIC text[]) RETURNS text LANGUAGE sql AS 'SELECT ''SELECT 0''';
CREATE FUNCTION evil.quote_ident(text) RETURNS text LANGUAGE sql AS 'SELECT ''nothing''';
CREATE FUNCTION evil.pg_event_trigger_dropped_objects() RETURNS SETOF record LANGUAGE sql AS 'SELECT 1, 2';
CREATE FUNCTION evil.accept_data_loss(text) RETURNS void LANGUAGE sql AS 'SELECT';
CREATE FUNCTION evil.int4eq(int, int) RETURNS boolean LANGUAGE sql AS 'SELECT false';
CREATE OPERATOR evil.= (LEFTARG = int, RIGHTARG = int, FUNCTION = evil.int4eq);
CREATE TABLE evil.pg_class (relkind "char", oid oid);
CREATE TABLE evil.pg_event_trigger (evtname name, evtenabled "char");
CREATE TABLE evil.ddl_entry (id bigint);
SET search_path = evil, public, pg_catalog;
BEGIN;
SELECT accept_data_loss('mine');
DROP TABLE precious;
ROLLBACK;
ALTER TABLE precious DROP COLUMN v;
TRUNCATE precious;
RESET search_path;
CREATE FUNCTION pg_temp.count(int) RETURNS bigint LANGUAGE sql AS 'SELECT 0::bigint';
CREATE TEMP TABLE pg_class (relkind "char", oid oid);
CREATE TEMP TABLE pg_attribute (attname name);
CREATE TEMP TABLE pg_database (datname name);
CREATE TEMP TABLE precious_2 (id int);
SET search_path = pg_temp, pg_catalog, public;
DROP TABLE public.precious;
ALTER TABLE public.precious DROP COLUMN v;
SELECT count(*) FROM schemaguard.status() WHERE item = 'guard' AND state = 'enforce';
RESET search_path;
SELECT * FROM public.precious;
-- a temporary table of the same name
CREATE TEMP TABLE precious (id int);
DROP TABLE precious;
DROP TABLE precious;
SELECT * FROM precious;
RESET ROLE;
DISCARD TEMP;

-- an own operator, cast, hash on the column's type
SET ROLE sg_attacker;
CREATE TYPE odd AS (x int);
CREATE FUNCTION odd_eq(odd, odd) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT true';
CREATE OPERATOR = (LEFTARG = odd, RIGHTARG = odd, FUNCTION = odd_eq);
CREATE FUNCTION odd_text(odd) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT NULL::text';
CREATE CAST (odd AS text) WITH FUNCTION odd_text(odd) AS IMPLICIT;
CREATE DOMAIN odd_domain AS odd CHECK (odd_text(VALUE) IS NULL);
CREATE TABLE has_odd (id int, o odd, d odd_domain);
INSERT INTO has_odd VALUES (1, ROW(1), ROW(2)), (2, ROW(NULL), NULL);
ALTER TABLE has_odd DROP COLUMN o;
ALTER TABLE has_odd DROP COLUMN d;
DROP TYPE odd CASCADE;
ALTER TYPE odd DROP ATTRIBUTE x;
SELECT id, (o).x FROM has_odd ORDER BY id;

-- row-level security: nobody sees the rows, not even the owner
CREATE TABLE hidden (id int, v text);
INSERT INTO hidden VALUES (1, 'x');
ALTER TABLE hidden ENABLE ROW LEVEL SECURITY;
ALTER TABLE hidden FORCE ROW LEVEL SECURITY;
CREATE POLICY nothing ON hidden USING (false);
SELECT count(*) FROM hidden;
DROP TABLE hidden;
ALTER TABLE hidden DROP COLUMN v;
TRUNCATE hidden;
SET row_security = off;
DROP TABLE hidden;
RESET row_security;
GRANT TRUNCATE, SELECT ON hidden TO sg_attacker_2;
SET ROLE sg_attacker_2;
SELECT count(*) FROM hidden;
TRUNCATE hidden;
RESET ROLE;
SELECT * FROM hidden;

-- rules and views that hide rows
SET ROLE sg_attacker;
CREATE TABLE ruled (id int);
INSERT INTO ruled VALUES (1);
CREATE RULE quiet AS ON DELETE TO ruled DO INSTEAD NOTHING;
DELETE FROM ruled;
DROP TABLE ruled;
-- given away, then dropped by another
ALTER TABLE precious OWNER TO sg_attacker_2;
SET ROLE sg_attacker_2;
DROP TABLE precious;
RESET ROLE;
SELECT count(*) FROM precious;

--
-- Superusers: refused, or recorded
--
\set VERBOSITY terse
DROP EXTENSION schemaguard;
\echo :SQLSTATE
DROP SCHEMA schemaguard CASCADE;
\echo :SQLSTATE
DO $$ BEGIN DROP EXTENSION schemaguard; END $$;
\echo :SQLSTATE
\set VERBOSITY default
SELECT count(*) FROM pg_event_trigger WHERE evtname ~ '^schemaguard_(ddl|sql)';
DROP TABLE schemaguard.declared;
DROP FUNCTION schemaguard.on_sql_drop();
DROP EVENT TRIGGER schemaguard_sql_drop;
-- switched off: that is recorded, and drops are refused all the same
ALTER EVENT TRIGGER schemaguard_ddl_command_start DISABLE;
DROP TABLE precious;
\echo :SQLSTATE
ALTER EVENT TRIGGER schemaguard_ddl_command_end DISABLE;
DROP TABLE precious;
\echo :SQLSTATE
ALTER EVENT TRIGGER schemaguard_sql_drop DISABLE;
DROP TABLE precious;
\echo :SQLSTATE
ALTER TABLE precious DROP COLUMN v;
\echo :SQLSTATE
TRUNCATE precious;
\echo :SQLSTATE
DROP SCHEMA public CASCADE;
\echo :SQLSTATE
SET session_replication_role = replica;
DROP TABLE precious;
\echo :SQLSTATE
RESET session_replication_role;
ALTER EVENT TRIGGER schemaguard_ddl_command_start ENABLE ALWAYS;
-- each alone
DROP TABLE precious;
\echo :SQLSTATE
ALTER EVENT TRIGGER schemaguard_ddl_command_start DISABLE;
ALTER EVENT TRIGGER schemaguard_sql_drop ENABLE ALWAYS;
DROP TABLE precious;
\echo :SQLSTATE
ALTER EVENT TRIGGER schemaguard_ddl_command_start ENABLE ALWAYS;
ALTER EVENT TRIGGER schemaguard_ddl_command_end ENABLE ALWAYS;
-- from 17 on there is a switch for all event triggers (and what the statement drops is then not told)
\set VERBOSITY sqlstate
DO $$ BEGIN PERFORM set_config(name, 'off', false) FROM pg_settings WHERE name = 'event_triggers'; END $$;
DROP TABLE precious;
ALTER TABLE precious DROP COLUMN v;
TRUNCATE precious;
DO $$ BEGIN PERFORM set_config(name, 'on', false) FROM pg_settings WHERE name = 'event_triggers'; END $$;
\set VERBOSITY default
SELECT * FROM precious;
SELECT command_tag, object_type, object, statement, current_user_name FROM schemaguard.ddl_log
 WHERE object_type = 'event trigger' ORDER BY id;
-- taken out of the extension and dropped, and the way back: all of it is recorded
ALTER EXTENSION schemaguard DROP EVENT TRIGGER schemaguard_sql_drop;
DROP EVENT TRIGGER schemaguard_sql_drop;
SELECT command_tag, object_type, object, statement FROM schemaguard.ddl_log WHERE id > (SELECT max(id) - 2 FROM schemaguard.ddl_log) ORDER BY id;
CREATE EVENT TRIGGER schemaguard_sql_drop ON sql_drop EXECUTE FUNCTION schemaguard.on_sql_drop();
ALTER EVENT TRIGGER schemaguard_sql_drop ENABLE ALWAYS;
ALTER EXTENSION schemaguard ADD EVENT TRIGGER schemaguard_sql_drop;
SELECT command_tag, object_type, object, statement FROM schemaguard.ddl_log WHERE id > (SELECT max(id) - 3 FROM schemaguard.ddl_log) ORDER BY id;
DROP TABLE precious;
-- the functions do nothing for a superuser either when called by hand
SELECT schemaguard.on_sql_drop();
-- very long names, line breaks in them
CREATE TABLE "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
x" AS SELECT 1 AS "b
c";
ALTER TABLE "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" DROP COLUMN "b
c";
CREATE TABLE "one
two ""three"" 'four' \five" AS SELECT 1 AS "b
c";
DROP TABLE "one
two ""three"" 'four' \five";
ALTER TABLE "one
two ""three"" 'four' \five" DROP COLUMN "b
c";

-- with consent the guard itself may go
BEGIN;
SELECT schemaguard.accept_data_loss('moving to another server');
DROP EXTENSION schemaguard;
COMMIT;
SELECT count(*) FROM pg_event_trigger;
-- from then on the library, still loaded here, does nothing
DROP TABLE precious;
TRUNCATE hidden;
ALTER TABLE has_odd DROP COLUMN o;
SELECT to_regclass('precious'), (SELECT count(*) FROM hidden) AS hidden;
-- and it comes back
CREATE EXTENSION schemaguard;
SELECT count(*) FROM schemaguard.ddl_log;

ALTER SCHEMA public OWNER TO pg_database_owner;
SET schemaguard.mode = off;
DROP OWNED BY sg_attacker, sg_attacker_2 CASCADE;
DROP ROLE sg_attacker, sg_attacker_2;
