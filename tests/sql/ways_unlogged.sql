-- GUARD.md 12: SET UNLOGGED trades durability away: a crash empties the table, no standby has it.
\set SHOW_CONTEXT never
CREATE EXTENSION schemaguard;
SET client_min_messages = warning;
CREATE TABLE t (id int PRIMARY KEY, v text);
INSERT INTO t VALUES (1, 'a'), (2, 'b');
ALTER TABLE t SET UNLOGGED;
\echo :SQLSTATE
ALTER TABLE IF EXISTS ONLY t ADD COLUMN n int, SET UNLOGGED;
DO $$ BEGIN EXECUTE 'ALTER TABLE t SET UNLOGGED'; END $$;
SELECT relpersistence FROM pg_class WHERE relname = 't';
-- with a loss of another kind: both are named
ALTER TABLE t SET UNLOGGED, DROP COLUMN v;
-- a parent holds no rows itself, its children do
CREATE TABLE parent (id int);
CREATE TABLE child () INHERITS (parent);
INSERT INTO child VALUES (1);
ALTER TABLE parent SET UNLOGGED;
ALTER TABLE child SET UNLOGGED;
CREATE TABLE part (k int) PARTITION BY LIST (k);
CREATE TABLE part_1 PARTITION OF part FOR VALUES IN (1);
INSERT INTO part VALUES (1);
ALTER TABLE part_1 SET UNLOGGED;
-- with event triggers that are silent, or disabled
SET session_replication_role = replica;
ALTER TABLE t SET UNLOGGED;
RESET session_replication_role;
ALTER EVENT TRIGGER schemaguard_ddl_command_start DISABLE;
ALTER EVENT TRIGGER schemaguard_sql_drop DISABLE;
ALTER EVENT TRIGGER schemaguard_ddl_command_end DISABLE;
ALTER TABLE t SET UNLOGGED;
ALTER EVENT TRIGGER schemaguard_ddl_command_start ENABLE ALWAYS;
ALTER EVENT TRIGGER schemaguard_sql_drop ENABLE ALWAYS;
ALTER EVENT TRIGGER schemaguard_ddl_command_end ENABLE ALWAYS;
SELECT relpersistence FROM pg_class WHERE relname = 't';
-- what the server refuses, it refuses itself
CREATE TABLE ref (t int REFERENCES t);
ALTER TABLE t SET UNLOGGED;
CREATE ROLE sg_unlogged;
GRANT SELECT ON t TO sg_unlogged;
SET ROLE sg_unlogged;
ALTER TABLE t SET UNLOGGED;
RESET ROLE;
DROP TABLE ref;
DROP OWNED BY sg_unlogged;
DROP ROLE sg_unlogged;
ALTER TABLE nowhere SET UNLOGGED;

-- harmless: no rows; already so; the way back; temporary; made in the same transaction
CREATE TABLE empty (id int);
ALTER TABLE empty SET UNLOGGED;
INSERT INTO empty VALUES (1);
ALTER TABLE empty SET UNLOGGED;
ALTER TABLE empty ALTER id TYPE bigint;
ALTER TABLE empty SET LOGGED;
CREATE TEMP TABLE tmp AS SELECT 1 AS id;
ALTER TABLE tmp SET UNLOGGED;
BEGIN;
CREATE TABLE fresh AS SELECT 1 AS id;
ALTER TABLE fresh SET UNLOGGED;
COMMIT;
-- other rewrites
ALTER TABLE t ALTER id TYPE bigint;
CLUSTER t USING t_pkey;
VACUUM FULL t;
ALTER TABLE t SET LOGGED;
SELECT relname, relpersistence FROM pg_class WHERE relname IN ('t', 'empty', 'fresh', 'part_1') ORDER BY 1;

-- with consent
BEGIN;
SELECT schemaguard.accept_data_loss('can be loaded again');
ALTER TABLE t SET UNLOGGED;
COMMIT;
SELECT relpersistence FROM pg_class WHERE relname = 't';
SELECT object, verdict, rule, reason, detail FROM schemaguard.ddl_log WHERE rule = 'set_unlogged' ORDER BY id;
