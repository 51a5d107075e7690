-- Owners and rights: drift() names the statement that gave or took them.
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE EXTENSION schemaguard;
SET schemaguard.mode = off;
CREATE ROLE causes_a;
CREATE ROLE causes_b;
CREATE ROLE causes_c;
SELECT $$
CREATE SCHEMA app;
CREATE TABLE app.t (a integer, b text);
CREATE VIEW app.v AS SELECT a, b FROM app.t;
CREATE TABLE app.own (i integer, j text);
ALTER TABLE app.own OWNER TO causes_c;
GRANT SELECT ON app.own TO causes_a;
GRANT UPDATE (j) ON app.own TO causes_a;
CREATE FUNCTION app.f(integer) RETURNS integer LANGUAGE sql AS 'SELECT 1';
ALTER DEFAULT PRIVILEGES IN SCHEMA app GRANT SELECT ON TABLES TO causes_a;
$$ AS declared \gset
:declared
SELECT count(*) FROM schemaguard.declare(:'declared', compare => '{comments,owners,grants}');
SELECT $$SELECT d.object_type, d.object, change, attribute, statement FROM schemaguard.drift() d LEFT JOIN schemaguard.ddl_log l ON l.id = d.caused_by ORDER BY 1, 2, 3, 4;$$ AS causes \gset

-- on tables and on their columns
BEGIN;
GRANT SELECT ON app.t TO causes_a;
GRANT UPDATE (a) ON app.t TO causes_a;
GRANT UPDATE (b), INSERT ON app.t TO causes_b;
COMMENT ON COLUMN app.v.a IS 'granted';
GRANT SELECT (b) ON app.v TO causes_a;
GRANT SELECT ON app.v TO causes_b;
REVOKE UPDATE ON app.own FROM causes_a;
REVOKE EXECUTE ON FUNCTION app.f(integer) FROM PUBLIC;
:causes
ROLLBACK;
BEGIN;
GRANT DELETE ON app.own TO causes_a;
GRANT INSERT ON ALL TABLES IN SCHEMA app TO causes_b;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA app TO causes_b;
:causes
ROLLBACK;

-- default privileges: those of that role, that schema, those objects
BEGIN;
ALTER DEFAULT PRIVILEGES IN SCHEMA app GRANT INSERT ON TABLES TO causes_b;
ALTER DEFAULT PRIVILEGES IN SCHEMA app GRANT USAGE ON SEQUENCES TO causes_b;
ALTER DEFAULT PRIVILEGES FOR ROLE causes_a IN SCHEMA app GRANT SELECT ON TABLES TO causes_b;
ALTER DEFAULT PRIVILEGES GRANT EXECUTE ON FUNCTIONS TO causes_b;
:causes
ROLLBACK;
BEGIN;
ALTER DEFAULT PRIVILEGES IN SCHEMA app REVOKE SELECT ON TABLES FROM causes_a;
ALTER DEFAULT PRIVILEGES IN SCHEMA app GRANT USAGE ON SEQUENCES TO causes_b;
:causes
ROLLBACK;

-- by whom they are owned
BEGIN;
DROP OWNED BY causes_a;
GRANT UPDATE ON app.t TO causes_b;
:causes
SELECT command_tag, object_type, object, parts FROM schemaguard.ddl_log WHERE statement ~ '^DROP OWNED' ORDER BY id;
ROLLBACK;
REASSIGN OWNED BY causes_c TO causes_b;
ALTER TABLE app.own ADD k integer;
:causes
SELECT command_tag, object_type, object FROM schemaguard.ddl_log WHERE command_tag = 'REASSIGN OWNED';

DROP SCHEMA app CASCADE;
DROP OWNED BY causes_a, causes_b, causes_c;
DROP ROLE causes_a, causes_b, causes_c;
