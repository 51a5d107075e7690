-- Attack: look-alikes of our schema and of what the guard works with, by a role that owns its own schema.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SELECT current_database() AS db \gset
CREATE ROLE sg_attack_schema;
GRANT CREATE ON DATABASE :"db" TO sg_attack_schema;
CREATE EXTENSION schemaguard;
CREATE TABLE precious AS SELECT 1 AS id, 'x' AS v;
CREATE SCHEMA mine AUTHORIZATION sg_attack_schema;
ALTER TABLE precious SET SCHEMA mine;
ALTER TABLE mine.precious OWNER TO sg_attack_schema;

--
-- A DBA has given our schema another name: the name is free
--
ALTER SCHEMA schemaguard RENAME TO audit;
SET ROLE sg_attack_schema;
CREATE SCHEMA schemaguard;
CREATE TABLE schemaguard.seen (who name, superuser boolean);
GRANT ALL ON schemaguard.seen TO PUBLIC;
CREATE FUNCTION schemaguard.spy() RETURNS int LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO schemaguard.seen SELECT rolname, rolsuper FROM pg_roles WHERE rolname = current_user;
  RETURN 1;
END $$;
-- a record of its own, with an index whose function would run as whoever is recorded
CREATE FUNCTION schemaguard.index_spy(bigint) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT schemaguard.spy()';
CREATE TABLE schemaguard.ddl_entry (id bigint PRIMARY KEY, statement_id bigint, command_tag text, action text, object_type text, object text,
  parts text[], definition text, at timestamptz, transaction xid8, session_user_name text, current_user_name text, application_name text,
  client_addr inet, backend_pid int, database text, search_path text, statement text, same_text_as bigint, context text, verdict text,
  rule text, reason text, message text, detail text);
CREATE INDEX ON schemaguard.ddl_entry (schemaguard.index_spy(id));
CREATE VIEW schemaguard.ddl_log AS SELECT schemaguard.spy() AS id, e.object, e.action, e.command_tag FROM schemaguard.ddl_entry e;
CREATE VIEW schemaguard.declared AS SELECT schemaguard.spy() AS version, 'main' AS name;
CREATE FUNCTION schemaguard.accept_data_loss(text) RETURNS void LANGUAGE sql AS 'SELECT';
SELECT schemaguard.accept_data_loss('mine');
DROP TABLE mine.precious;
ALTER TABLE mine.precious DROP COLUMN v;
TRUNCATE mine.precious;
RESET ROLE;
CREATE TABLE by_a_superuser (id int);
DROP TABLE mine.precious;
SELECT * FROM audit.status();
\echo :SQLSTATE
SELECT * FROM audit.drift();
SELECT * FROM audit.fix();
SELECT audit.declare('CREATE TABLE t (id int)');
SELECT * FROM schemaguard.seen;
SELECT count(*) FROM schemaguard.ddl_entry;
-- what happened meanwhile is in our own record
SELECT command_tag, object, verdict FROM audit.ddl_log WHERE object LIKE '%by_a_superuser' OR verdict = 'refused' ORDER BY id;
DROP SCHEMA schemaguard CASCADE;
ALTER SCHEMA audit RENAME TO schemaguard;
SELECT count(*) > 0 FROM schemaguard.status();

--
-- In pg_temp
--
SET ROLE sg_attack_schema;
CREATE TEMP TABLE ddl_entry (id bigint);
CREATE TEMP TABLE ddl_log (id bigint);
CREATE TEMP VIEW pg_extension AS SELECT 1::oid AS oid, 'schemaguard'::name AS extname, 10::oid AS extowner, 1::oid AS extnamespace;
CREATE TEMP VIEW pg_namespace AS SELECT 1::oid AS oid, 'schemaguard'::name AS nspname;
CREATE FUNCTION pg_temp.accept_data_loss(text) RETURNS void LANGUAGE sql AS 'SELECT';
SET search_path = pg_temp, pg_catalog, schemaguard;
SELECT pg_temp.accept_data_loss('mine');
DROP TABLE mine.precious;
SELECT count(*) > 0 AS works FROM schemaguard.status();
SELECT count(*) FROM ddl_entry;
RESET search_path;

--
-- Operators, casts, functions over what the probes look at, first on the path
--
SET search_path = mine, pg_catalog, public;
CREATE FUNCTION mine.always(anyelement, anyelement) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT true';
CREATE FUNCTION mine.never(text, text) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT false';
CREATE OPERATOR mine.= (LEFTARG = text, RIGHTARG = text, FUNCTION = mine.never);
CREATE OPERATOR mine.<> (LEFTARG = text, RIGHTARG = text, FUNCTION = mine.never);
CREATE FUNCTION mine.oideq(oid, oid) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT false';
CREATE FUNCTION mine.nameeq(name, name) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT false';
CREATE OPERATOR mine.= (LEFTARG = oid, RIGHTARG = oid, FUNCTION = mine.oideq);
CREATE OPERATOR mine.= (LEFTARG = name, RIGHTARG = name, FUNCTION = mine.nameeq);
CREATE FUNCTION mine.zero(bigint) RETURNS bigint LANGUAGE sql IMMUTABLE AS 'SELECT 0::bigint';
CREATE AGGREGATE mine.count(*) (SFUNC = zero, STYPE = bigint, INITCOND = '0');
CREATE TYPE mine.text AS (hidden boolean);
CREATE DOMAIN mine.int4 AS pg_catalog.int4;
CREATE TABLE mine.pg_attribute (attrelid oid);
SELECT count(*) FROM mine.precious;
DROP TABLE mine.precious;
ALTER TABLE mine.precious DROP COLUMN v;
TRUNCATE mine.precious;
RESET search_path;
-- a type of its own whose output, comparison and cast say that it is nothing
CREATE TYPE mine.nothing AS (x int);
CREATE FUNCTION mine.fails(mine.nothing) RETURNS text LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RAISE EXCEPTION ''not to be called''; END';
CREATE CAST (mine.nothing AS text) WITH FUNCTION mine.fails(mine.nothing) AS IMPLICIT;
CREATE DOMAIN mine.checked AS mine.nothing CHECK (mine.always(VALUE, VALUE));
CREATE TABLE mine.odd (n mine.nothing, c mine.checked, ns mine.nothing[]);
INSERT INTO mine.odd VALUES (ROW(NULL), ROW(NULL), ARRAY[NULL::mine.nothing]);
-- a row of NULLs IS NULL by SQL's rules, and yet is a value
SELECT n IS NULL AS "is null" FROM mine.odd;
ALTER TABLE mine.odd DROP COLUMN n;
ALTER TABLE mine.odd DROP COLUMN c;
ALTER TABLE mine.odd DROP COLUMN ns;
DROP TYPE mine.nothing CASCADE;
-- the harmless twin, under the same search_path
UPDATE mine.odd SET n = NULL, c = NULL, ns = NULL;
SET search_path = mine, pg_catalog, public;
ALTER TABLE mine.odd DROP COLUMN n;
DELETE FROM mine.odd;
DROP TABLE mine.odd;
RESET ROLE;
RESET search_path;
SELECT count(*) FROM mine.precious;
-- names in the record stay what they are
SELECT DISTINCT object FROM schemaguard.ddl_log WHERE verdict = 'refused' ORDER BY 1;

SET schemaguard.mode = off;
DROP OWNED BY sg_attack_schema CASCADE;
DROP ROLE sg_attack_schema;
