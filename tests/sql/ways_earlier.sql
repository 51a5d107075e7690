-- GUARD.md 22: what this very transaction has deleted or set to NULL before it drops the rest.
\set SHOW_CONTEXT never
CREATE EXTENSION schemaguard;
SET client_min_messages = warning;
CREATE TABLE t (id int PRIMARY KEY, v text, w text);
CREATE TABLE empty (id int, v text);
INSERT INTO t VALUES (1, 'a', NULL), (2, 'b', NULL), (3, NULL, NULL);

--
-- Rows
--
BEGIN;
DELETE FROM t;
DROP TABLE t;
\echo :SQLSTATE
ROLLBACK;
BEGIN;
DELETE FROM t WHERE id < 3;
DELETE FROM t;
TRUNCATE t;
\echo :SQLSTATE
ROLLBACK;
-- by way of an UPDATE, a savepoint, a cascade of the schema, a function
BEGIN;
UPDATE t SET w = 'x';
UPDATE t SET w = 'y' WHERE id = 1;
DELETE FROM t;
DROP TABLE t;
ROLLBACK;
BEGIN;
SAVEPOINT a;
DELETE FROM t WHERE id = 1;
RELEASE a;
SAVEPOINT b;
DELETE FROM t WHERE id > 1;
DROP SCHEMA public CASCADE;
ROLLBACK;
DO $$ BEGIN DELETE FROM t; EXECUTE 'DROP TABLE t'; END $$;
-- locked by a foreign key's check first: the end of a row is then kept as a multixact
CREATE TABLE ref (t int REFERENCES t);
BEGIN;
INSERT INTO ref VALUES (1);
DELETE FROM ref;
SAVEPOINT a;
SELECT id FROM t WHERE id = 1 FOR SHARE;
DELETE FROM t;
DROP TABLE t CASCADE;
ROLLBACK;
DROP TABLE ref;
-- moved elsewhere first: that they are the same can't be proven, so it takes a word
BEGIN;
CREATE TABLE moved AS TABLE t;
DELETE FROM t;
DROP TABLE t;
ROLLBACK;
BEGIN;
SELECT schemaguard.accept_data_loss('moved to another table');
CREATE TABLE moved AS TABLE t;
DELETE FROM t;
DROP TABLE t;
ROLLBACK;
-- rewritten in between: the former rows are in a file that is no longer the table's
BEGIN;
DELETE FROM t;
ALTER TABLE t ALTER id TYPE bigint;
DROP TABLE t;
ROLLBACK;
-- with event triggers that are silent
BEGIN;
SET LOCAL session_replication_role = replica;
DELETE FROM t;
DROP TABLE t;
ROLLBACK;
ALTER EVENT TRIGGER schemaguard_ddl_command_start DISABLE;
ALTER EVENT TRIGGER schemaguard_sql_drop DISABLE;
ALTER EVENT TRIGGER schemaguard_ddl_command_end DISABLE;
BEGIN;
DELETE FROM t;
DROP TABLE t;
ROLLBACK;
ALTER EVENT TRIGGER schemaguard_ddl_command_start ENABLE ALWAYS;
ALTER EVENT TRIGGER schemaguard_sql_drop ENABLE ALWAYS;
ALTER EVENT TRIGGER schemaguard_ddl_command_end ENABLE ALWAYS;
-- where the server doesn't count rows
\c
\set SHOW_CONTEXT never
SET client_min_messages = warning;
LOAD 'schemaguard';
SET track_counts = off;
BEGIN;
DELETE FROM t;
DROP TABLE t;
ROLLBACK;
RESET track_counts;
-- when the time is up nothing is proven
CREATE TABLE large AS SELECT n FROM generate_series(1, 100000) n;
BEGIN;
DELETE FROM large;
SET LOCAL schemaguard.probe_timeout = '1ms';
\set VERBOSITY sqlstate
DROP TABLE large;
\set VERBOSITY default
ROLLBACK;
-- counting ends where it always does
BEGIN;
DELETE FROM large;
DROP TABLE large;
ROLLBACK;

-- harmless: rows of this transaction's own, deleted by it
BEGIN;
INSERT INTO empty VALUES (1), (2);
UPDATE empty SET v = 'x';
DELETE FROM empty;
DROP TABLE empty;
ROLLBACK;
BEGIN;
INSERT INTO empty VALUES (1);
DELETE FROM empty;
TRUNCATE empty;
ROLLBACK;
-- a table that others have emptied, or an earlier transaction
CREATE TABLE emptied AS SELECT 1 AS id;
DELETE FROM emptied;
BEGIN;
INSERT INTO emptied VALUES (2);
DELETE FROM emptied;
DROP TABLE emptied;
ROLLBACK;
-- a deletion that was taken back
INSERT INTO empty VALUES (1);
DELETE FROM empty;
BEGIN;
INSERT INTO empty VALUES (1);
SAVEPOINT a;
DELETE FROM empty;
ROLLBACK TO a;
DELETE FROM empty;
DROP TABLE empty;
ROLLBACK;
-- made and filled in the same transaction
BEGIN;
CREATE TABLE fresh AS SELECT 1 AS id;
DELETE FROM fresh;
DROP TABLE fresh;
COMMIT;
-- emptied by TRUNCATE, by consent: from there on all rows are this transaction's own
BEGIN;
SELECT schemaguard.accept_data_loss('test data');
TRUNCATE t;
INSERT INTO t VALUES (4);
DELETE FROM t;
DROP TABLE t;
ROLLBACK;
-- a temporary table
CREATE TEMP TABLE tmp AS SELECT 1 AS id;
BEGIN;
DELETE FROM tmp;
DROP TABLE tmp;
COMMIT;
-- rows moved to another partition, also after another UPDATE: they are there
CREATE TABLE part (k int, v text) PARTITION BY LIST (k);
CREATE TABLE part_1 PARTITION OF part FOR VALUES IN (1);
CREATE TABLE part_2 PARTITION OF part FOR VALUES IN (2);
INSERT INTO part VALUES (1, 'a'), (1, 'b');
BEGIN;
UPDATE part SET v = 'c' WHERE v = 'b';
UPDATE part SET k = 2;
DROP TABLE part_1;
COMMIT;
SELECT * FROM part ORDER BY v;
-- but a row that was moved and then deleted is gone from where it went
BEGIN;
UPDATE part_2 SET v = 'x';
DELETE FROM part;
DROP TABLE part_2;
ROLLBACK;

--
-- Values
--
BEGIN;
UPDATE t SET v = NULL;
ALTER TABLE t DROP COLUMN v;
\echo :SQLSTATE
ROLLBACK;
-- in two steps; copied to another column first, as without the UPDATE to NULL
BEGIN;
UPDATE t SET w = v;
UPDATE t SET v = NULL WHERE id = 1;
UPDATE t SET v = NULL WHERE id = 2;
ALTER TABLE t DROP COLUMN v;
ROLLBACK;
-- rewritten in between
BEGIN;
UPDATE t SET v = NULL;
ALTER TABLE t ALTER id TYPE bigint;
ALTER TABLE t DROP COLUMN v;
ROLLBACK;
-- in partitions, rows moved on the way
BEGIN;
CREATE TABLE part_3 PARTITION OF part FOR VALUES IN (3);
UPDATE part SET v = NULL, k = 3 WHERE v = 'a';
UPDATE part SET v = NULL;
ALTER TABLE part DROP COLUMN v;
ROLLBACK;

-- fields of composite values
CREATE TYPE pair AS (a int, b int);
CREATE TABLE pairs AS SELECT n AS id, ROW(1, n)::pair AS p FROM generate_series(1, 3) n;
BEGIN;
UPDATE pairs SET p = ROW(1, NULL) WHERE id < 3;
DELETE FROM pairs WHERE id = 3;
ALTER TYPE pair DROP ATTRIBUTE b;
ROLLBACK;
BEGIN;
DELETE FROM pairs WHERE id > 1;
UPDATE pairs SET p.b = NULL;
UPDATE pairs SET id = 2;
ALTER TYPE pair DROP ATTRIBUTE b;
ROLLBACK;
UPDATE pairs SET p = ROW(1, NULL);
BEGIN;
UPDATE pairs SET p = ROW(2, NULL);
ALTER TYPE pair DROP ATTRIBUTE b;
ROLLBACK;

-- harmless: set to NULL and committed; never anything else; other columns changed
BEGIN;
UPDATE t SET v = 'z' WHERE id = 1;
ALTER TABLE t DROP COLUMN w;
ROLLBACK;
BEGIN;
UPDATE t SET w = 'new';
UPDATE t SET w = NULL;
ALTER TABLE t DROP COLUMN w;
ROLLBACK;
BEGIN;
INSERT INTO t VALUES (5, NULL, 'new');
UPDATE t SET w = NULL;
ALTER TABLE t DROP COLUMN w;
ROLLBACK;
-- rows that went as rows: that is the DELETE's doing, with or without the column
BEGIN;
DELETE FROM t WHERE v IS NOT NULL;
ALTER TABLE t DROP COLUMN v;
ROLLBACK;
BEGIN;
SAVEPOINT a;
UPDATE t SET v = NULL;
ROLLBACK TO a;
ALTER TABLE t DROP COLUMN v;
ROLLBACK;
UPDATE t SET v = NULL;
ALTER TABLE t DROP COLUMN v;
SELECT * FROM t ORDER BY id;

SELECT rule, object_type, object, detail FROM schemaguard.ddl_log WHERE verdict <> 'allowed' AND rule LIKE '%earlier' AND object NOT LIKE '%large' ORDER BY id;
