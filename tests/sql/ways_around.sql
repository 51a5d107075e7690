-- GUARD.md 16 and 17: each rule, by each way around the event triggers, and however it is reached. (Extension scripts and
-- pg_restore --clean: cases/extension_scripts, cases/replication_warnings; background workers: cases/preload.)
\set SHOW_CONTEXT never
CREATE EXTENSION schemaguard;
SET client_min_messages = warning;
CREATE TABLE t (id int, v text);
INSERT INTO t VALUES (1, 'x');
CREATE TABLE empty (id int, v text);
CREATE TYPE pair AS (a int, b int);
CREATE TABLE uses_pair (p pair);
INSERT INTO uses_pair VALUES (ROW(1, 2));
CREATE TYPE other AS (a int);
CREATE TABLE uses_other (id int, o other);
INSERT INTO uses_other VALUES (1, NULL);
CREATE ROLE sg_around;
CREATE ROLE sg_around_2;
SELECT lo_from_bytea(4711, 'x');
ALTER LARGE OBJECT 4711 OWNER TO sg_around;
SET schemaguard.guard_large_objects = on;
CREATE TABLE statements (n int, harmful text, harmless text);
INSERT INTO statements VALUES
  (1, 'DROP TABLE t', 'DROP TABLE empty'),
  (2, 'ALTER TABLE t DROP COLUMN v', 'ALTER TABLE empty DROP COLUMN v'),
  (3, 'ALTER TYPE pair DROP ATTRIBUTE b', 'ALTER TYPE pair ADD ATTRIBUTE c int'),
  (4, 'TRUNCATE t', 'TRUNCATE empty'),
  (5, 'DELETE FROM t; DROP TABLE t', 'DELETE FROM empty; DROP TABLE empty'),
  (6, 'UPDATE t SET v = NULL; ALTER TABLE t DROP COLUMN v', 'UPDATE t SET v = v; ALTER TABLE empty DROP COLUMN v'),
  (7, 'ALTER TABLE t SET UNLOGGED', 'ALTER TABLE empty SET UNLOGGED'),
  (8, 'SELECT lo_unlink(4711)', 'SELECT lo_unlink(lo_create(0))'),
  (9, 'DROP OWNED BY sg_around', 'DROP OWNED BY sg_around_2'),
  (10, 'DROP TYPE pair CASCADE', 'DROP TYPE other CASCADE');
-- what comes of each statement, then of its twin; all of it is rolled back
CREATE FUNCTION try() RETURNS TABLE (n int, harmful text, harmless text) LANGUAGE plpgsql AS $$
DECLARE
  s statements;
BEGIN
  FOR s IN SELECT * FROM statements ORDER BY statements.n LOOP
    n := s.n;
    BEGIN
      EXECUTE s.harmful;
      harmful := 'passed';
      RAISE division_by_zero;
    EXCEPTION WHEN division_by_zero THEN NULL; WHEN OTHERS THEN harmful := SQLSTATE;
    END;
    BEGIN
      EXECUTE s.harmless;
      RAISE division_by_zero;
    EXCEPTION WHEN division_by_zero THEN harmless := 'passed'; WHEN OTHERS THEN harmless := SQLERRM;
    END;
    RETURN NEXT;
  END LOOP;
END $$;
SELECT * FROM try();
-- session_replication_role
SET session_replication_role = replica;
SELECT * FROM try();
RESET session_replication_role;
-- disabled: each alone, all of them
ALTER EVENT TRIGGER schemaguard_ddl_command_start DISABLE;
SELECT harmful, harmless, count(*) FROM try() GROUP BY 1, 2 ORDER BY 1;
ALTER EVENT TRIGGER schemaguard_ddl_command_start ENABLE ALWAYS;
ALTER EVENT TRIGGER schemaguard_sql_drop DISABLE;
SELECT harmful, harmless, count(*) FROM try() GROUP BY 1, 2 ORDER BY 1;
DROP TABLE t;
-- without both that end a statement it is judged before commit
ALTER EVENT TRIGGER schemaguard_ddl_command_end DISABLE;
DROP TABLE t;
ALTER TYPE pair DROP ATTRIBUTE b;
ALTER TABLE t SET UNLOGGED;
DROP OWNED BY sg_around;
BEGIN;
SELECT lo_unlink(4711);
COMMIT;
BEGIN;
DROP TABLE empty;
ALTER TABLE t DROP COLUMN v;
SELECT 'goes on' AS session;
COMMIT;
BEGIN;
DROP TABLE empty;
DROP OWNED BY sg_around_2;
ROLLBACK;
ALTER EVENT TRIGGER schemaguard_ddl_command_start DISABLE;
SELECT * FROM try();
-- only replicas would fire them
ALTER EVENT TRIGGER schemaguard_ddl_command_start ENABLE REPLICA;
ALTER EVENT TRIGGER schemaguard_sql_drop ENABLE REPLICA;
ALTER EVENT TRIGGER schemaguard_ddl_command_end ENABLE REPLICA;
SELECT harmful, harmless, count(*) FROM try() GROUP BY 1, 2 ORDER BY 1;
ALTER EVENT TRIGGER schemaguard_ddl_command_start ENABLE ALWAYS;
ALTER EVENT TRIGGER schemaguard_sql_drop ENABLE ALWAYS;
ALTER EVENT TRIGGER schemaguard_ddl_command_end ENABLE ALWAYS;
-- from 17 on: one switch for all
DO $$ BEGIN PERFORM set_config(name, 'off', false) FROM pg_settings WHERE name = 'event_triggers'; END $$;
SELECT harmful, harmless, count(*) FROM try() GROUP BY 1, 2 ORDER BY 1;
DO $$ BEGIN PERFORM set_config(name, 'on', false) FROM pg_settings WHERE name = 'event_triggers'; END $$;
-- within another statement: as a default, a check, a policy, an index's function, a cursor, a trigger at commit
CREATE FUNCTION harm() RETURNS int LANGUAGE plpgsql AS $$ BEGIN TRUNCATE public.t; RETURN 1; END $$;
CREATE FUNCTION harm_at_commit() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN DROP TABLE t; RETURN NULL; END $$;
CREATE TABLE fires (id int);
CREATE CONSTRAINT TRIGGER late AFTER INSERT ON fires DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION harm_at_commit();
\set VERBOSITY terse
BEGIN;
INSERT INTO fires VALUES (1);
COMMIT;
CREATE TABLE with_default (id int DEFAULT harm());
INSERT INTO with_default DEFAULT VALUES;
CREATE TABLE as_select AS SELECT harm();
CREATE MATERIALIZED VIEW view_of AS SELECT harm();
REFRESH MATERIALIZED VIEW view_of;
EXPLAIN ANALYZE SELECT harm();
COPY (SELECT harm()) TO STDOUT;
DECLARE c CURSOR WITH HOLD FOR SELECT harm();
PREPARE q AS SELECT harm();
EXECUTE q;
WITH x AS MATERIALIZED (SELECT harm()) SELECT * FROM x;
\set VERBOSITY default
SELECT count(*) FROM t;
SELECT lo_get(4711);
SET schemaguard.mode = off;
DROP OWNED BY sg_around;
DROP ROLE sg_around, sg_around_2;
