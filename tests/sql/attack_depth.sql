-- Attack: depth. 1,000 levels of functions, of blocks, of types, of foreign keys, of partitions end where the server ends them.
\set SHOW_CONTEXT never
CREATE EXTENSION schemaguard;
SET client_min_messages = warning;
CREATE ROLE sg_depth;
CREATE SCHEMA sg_depth AUTHORIZATION sg_depth;
SET ROLE sg_depth;
SET search_path = sg_depth;
CREATE TABLE precious AS SELECT 1 AS id, 'x' AS v;
CREATE TABLE empty (id int);
CREATE FUNCTION down(n int, what text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF n = 0 THEN EXECUTE what; ELSE EXECUTE format('SELECT sg_depth.down(%s, %L)', n - 1, what); END IF;
END $$;
\set VERBOSITY sqlstate
SELECT down(300, 'DROP TABLE precious');
SELECT down(1000, 'DROP TABLE precious');
SELECT down(1000, 'TRUNCATE precious');
SELECT down(1000, 'ALTER TABLE precious DROP COLUMN v');
-- with all the stack that a server can have
RESET ROLE;
SET max_stack_depth = '7MB';
SET ROLE sg_depth;
SELECT down(1000, 'DROP TABLE precious');
SELECT down(1000, 'TRUNCATE precious');
RESET ROLE;
RESET max_stack_depth;
SET ROLE sg_depth;
\set VERBOSITY default
-- the harmless twin at a depth that the server bears
SELECT down(300, 'DROP TABLE empty');
SELECT to_regclass('empty') AS empty, count(*) FROM precious;
-- blocks in blocks, savepoints in savepoints
DO $$
DECLARE
  sql text := 'DROP TABLE precious';
BEGIN
  FOR n IN 1..8 LOOP sql := format('DO %L', 'BEGIN ' || sql || '; EXCEPTION WHEN division_by_zero THEN NULL; END'); END LOOP;
  EXECUTE sql;
END $$;
CREATE FUNCTION caught(n int) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF n = 0 THEN DROP TABLE precious; ELSE PERFORM caught(n - 1); END IF;
EXCEPTION WHEN division_by_zero THEN NULL;
END $$;
\set VERBOSITY terse
SELECT caught(500);
\set VERBOSITY default
-- row types in row types: 200 levels
DO $$
BEGIN
  CREATE TYPE t0 AS (a int, b int);
  FOR n IN 1..200 LOOP EXECUTE format('CREATE TYPE t%s AS (x t%s)', n, n - 1); END LOOP;
  CREATE TABLE deep (v t200);
  CREATE TABLE deep_empty (v t200);
END $$;
DO $$
DECLARE value text := 'ROW(1, 2)::t0';
BEGIN
  FOR n IN 1..200 LOOP value := format('ROW(%s)::t%s', value, n); END LOOP;
  EXECUTE 'INSERT INTO deep SELECT ' || value;
END $$;
ALTER TYPE t0 DROP ATTRIBUTE b;
DELETE FROM deep;
ALTER TYPE t0 DROP ATTRIBUTE b;
-- a chain of 200 foreign keys, truncated from its beginning
DO $$
BEGIN
  CREATE TABLE k0 (id int PRIMARY KEY);
  FOR n IN 1..200 LOOP EXECUTE format('CREATE TABLE k%s (id int PRIMARY KEY REFERENCES k%s)', n, n - 1); END LOOP;
  FOR n IN 0..200 LOOP EXECUTE format('INSERT INTO k%s VALUES (1)', n); END LOOP;
END $$;
\set VERBOSITY terse
TRUNCATE k0 CASCADE;
\set VERBOSITY default
RESET ROLE;
SELECT count(*) FROM regexp_matches((SELECT detail FROM schemaguard.refused WHERE statement = 'TRUNCATE k0 CASCADE'), '\n', 'g');
-- partitions in partitions: 50 levels
SET ROLE sg_depth;
DO $$
BEGIN
  CREATE TABLE p0 (k int) PARTITION BY LIST (k);
  FOR n IN 1..50 LOOP EXECUTE format('CREATE TABLE p%s PARTITION OF p%s FOR VALUES IN (1) PARTITION BY LIST (k)', n, n - 1); END LOOP;
  CREATE TABLE p_leaf PARTITION OF p50 FOR VALUES IN (1);
END $$;
INSERT INTO p0 VALUES (1);
DROP TABLE p0;
TRUNCATE p0;
DELETE FROM p0;
DROP TABLE p0;
RESET ROLE;
RESET search_path;
SELECT rule, count(*) FROM schemaguard.refused GROUP BY 1 ORDER BY 1;
SET schemaguard.mode = off;
SET client_min_messages = error;
DROP OWNED BY sg_depth CASCADE;
DROP ROLE sg_depth;
