-- A lasting column whose type is a temporary one would go when the session ends: it stays as long as it holds values.
\set SHOW_CONTEXT never
CREATE EXTENSION schemaguard;
SET client_min_messages = error;
CREATE TEMP TABLE shape (a int);
CREATE TABLE lasting AS SELECT 1 AS id, ROW(1)::shape AS s;
CREATE TABLE harmless AS SELECT 1 AS id, NULL::shape AS s;
DISCARD TEMP;
\echo :SQLSTATE
DROP TABLE shape CASCADE;
\echo :SQLSTATE
SELECT * FROM lasting;
-- at the end of the session, and for the next one that gets the same temporary schema
\c
\set SHOW_CONTEXT never
DO $$ BEGIN FOR n IN 1..500 LOOP EXIT WHEN (SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()) = 1; PERFORM pg_sleep(0.01), pg_stat_clear_snapshot(); END LOOP; END $$;
SELECT * FROM lasting;
SELECT object, verdict, rule FROM schemaguard.ddl_log WHERE verdict = 'refused' ORDER BY id;
-- without values it goes
UPDATE lasting SET s = NULL;
CREATE TEMP TABLE works (id int);
DROP TABLE works;
DISCARD TEMP;
SELECT count(*) FROM lasting;
