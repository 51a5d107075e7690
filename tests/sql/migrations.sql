-- migrations(), and which migration a statement ran under, on tables as the tools make them.
CREATE EXTENSION schemaguard;
SET client_min_messages = warning;
\set told 'SELECT tool, history, migration, state, issues, statements, note FROM schemaguard.migrations()'

-- Without any history there is only what ran under none.
CREATE TABLE before (id int);
:told;

-- One table a tool.
CREATE SCHEMA rails;
CREATE TABLE rails.ar_internal_metadata (key varchar PRIMARY KEY, value varchar);
CREATE TABLE rails.schema_migrations (version varchar NOT NULL PRIMARY KEY);
INSERT INTO rails.schema_migrations VALUES ('20240101000000');
CREATE SCHEMA dbmate;
CREATE TABLE dbmate.schema_migrations (version varchar(128) PRIMARY KEY);
INSERT INTO dbmate.schema_migrations VALUES ('20240101000000');
CREATE SCHEMA go;
CREATE TABLE go.schema_migrations (version bigint NOT NULL PRIMARY KEY, dirty boolean NOT NULL);
INSERT INTO go.schema_migrations VALUES (3, true);
CREATE TABLE flyway_schema_history (installed_rank int PRIMARY KEY, version varchar(50), description varchar(200) NOT NULL,
    type varchar(20) NOT NULL, script varchar(1000) NOT NULL, checksum int, installed_by varchar(100) NOT NULL,
    installed_on timestamp NOT NULL DEFAULT now(), execution_time int NOT NULL, success boolean NOT NULL);
INSERT INTO flyway_schema_history VALUES (1, '1.9', 'a', 'SQL', 'V1.9__a.sql', 5, 'x', now(), 1, true),
    (2, '1.10', 'b', 'SQL', 'V1.10__b.sql', 5, 'x', now(), 1, true), (3, '1.9.5', 'c', 'SQL', 'V1.9.5__c.sql', 5, 'x', now(), 1, true),
    (4, '2', 'd', 'SQL', 'V2__d.sql', 5, 'x', now(), 1, false);
CREATE TABLE databasechangelog (id varchar(255) NOT NULL, author varchar(255) NOT NULL, filename varchar(255) NOT NULL,
    dateexecuted timestamp NOT NULL, orderexecuted int NOT NULL, exectype varchar(10) NOT NULL, md5sum varchar(35), description varchar(255));
INSERT INTO databasechangelog VALUES ('1', 'ada', 'changes.sql', now(), 1, 'EXECUTED', '9:aa', ''), ('2', 'ada', 'changes.sql', now(), 2, 'MARK_RAN', '9:bb', '');
CREATE SCHEMA sqitch;
CREATE TABLE sqitch.events (event text);
CREATE TABLE sqitch.changes (change_id text PRIMARY KEY, script_hash text, change text NOT NULL, project text NOT NULL, note text,
    committed_at timestamptz NOT NULL DEFAULT now(), planned_at timestamptz NOT NULL DEFAULT now());
INSERT INTO sqitch.changes VALUES ('x', 'y', 'users', 'app');
:told;
SELECT schemaguard.migrations('["V1.9__a.sql"]');
SELECT migration, state, issues FROM schemaguard.migrations('[{"name": "V1.9__a.sql", "checksum": 6}, {"name": "V1.10__b.sql", "checksum": 5}, "V3__e.sql"]', 'flyway');
SELECT schemaguard.migrations(of_tool => 'make');
SELECT schemaguard.migrations('[{"text": "x"}]');
DROP TABLE sqitch.events, rails.ar_internal_metadata;
BEGIN;
SELECT schemaguard.accept_data_loss('the next tests') \g /dev/null
DROP SCHEMA rails, dbmate, go, sqitch CASCADE;
DROP TABLE flyway_schema_history, databasechangelog;
COMMIT;

-- Tables that only look alike: never read, and nobody's statement fails.
CREATE TYPE evil AS (a text);
CREATE SCHEMA a;
CREATE TABLE a._prisma_migrations (id text, checksum text, finished_at evil, migration_name text, logs text, rolled_back_at timestamptz, started_at timestamptz, applied_steps_count int);
CREATE SCHEMA b;
CREATE VIEW b._prisma_migrations AS SELECT 1 / 0 AS id;
CREATE SCHEMA c;
CREATE TABLE c.alembic_version (version_num text, other text);
CREATE TABLE c.schema_migrations (filename text);
CREATE TABLE c.migrations (id int);
CREATE DOMAIN c.loud AS text;
CREATE TABLE c.django_migrations (id int, app c.loud, name text, applied timestamptz);
CREATE TEMP TABLE knex_migrations (id int, name text, batch int, migration_time timestamptz);
CREATE TABLE alike (id int);
:told;
DROP SCHEMA a, b, c CASCADE;

-- The history's row in the statements' own transaction.
CREATE TABLE alembic_version (version_num varchar(32) NOT NULL PRIMARY KEY);
BEGIN;
CREATE TABLE under_a1 (id int);
INSERT INTO alembic_version VALUES ('a1');
COMMIT;
BEGIN;
SAVEPOINT s;
UPDATE alembic_version SET version_num = 'b2';
RELEASE s;
ALTER TABLE under_a1 ADD b int;
COMMIT;
-- A row that was taken back says nothing.
BEGIN;
SAVEPOINT s;
UPDATE alembic_version SET version_num = 'c3';
ROLLBACK TO s;
CREATE TABLE not_c3 (id int);
COMMIT;
-- What is done at the same time by hand is under none, and so is a row without DDL.
UPDATE alembic_version SET version_num = 'd4';
CREATE TABLE not_d4 (id int);
-- A row that was restored from where another transaction had this number says nothing of it.
BEGIN;
INSERT INTO schemaguard.migration_transaction SELECT pg_current_xact_id(), 1, 2, 'alembic', '{restored}';
CREATE TABLE not_restored (id int);
COMMIT;
SELECT object, migration_tool, migration FROM schemaguard.ddl_log WHERE object ~ 'under|not_' ORDER BY id;
SELECT count(*) FROM schemaguard.migration_transaction;
:told;

-- Prisma: the text of the client's whole message, or its lock.
CREATE TABLE _prisma_migrations (id varchar(36) PRIMARY KEY, checksum varchar(64) NOT NULL, finished_at timestamptz,
    migration_name varchar(255) NOT NULL, logs text, rolled_back_at timestamptz, started_at timestamptz NOT NULL DEFAULT now(),
    applied_steps_count int NOT NULL DEFAULT 0);
INSERT INTO _prisma_migrations (id, checksum, migration_name)
    VALUES ('1', encode(sha256('CREATE TABLE by_text (id int);'), 'hex'), '1_by_text');
CREATE TABLE by_text (id int);
CREATE TABLE not_by_text (id int);
-- A row that began before this session did is not this session's.
INSERT INTO _prisma_migrations (id, checksum, migration_name, started_at) VALUES ('0', 'x', '0_old', '2000-01-01');
UPDATE _prisma_migrations SET finished_at = now() WHERE id = '1';
SELECT pg_advisory_lock(72707369);
CREATE TABLE not_by_lock (id int);
INSERT INTO _prisma_migrations (id, checksum, migration_name, started_at) VALUES ('2', 'x', '2_by_lock', clock_timestamp());
CREATE TABLE by_lock (id int);
SELECT pg_advisory_unlock(72707369);
CREATE TABLE not_without_lock (id int);
UPDATE _prisma_migrations SET finished_at = now() WHERE finished_at IS NULL;
-- Two numbers are another lock than one.
SELECT pg_advisory_lock(0, 72707369);
INSERT INTO _prisma_migrations (id, checksum, migration_name, started_at) VALUES ('3', 'x', '3_other_lock', clock_timestamp());
CREATE TABLE not_by_other_lock (id int);
SELECT object, migration_tool, migration FROM schemaguard.ddl_log WHERE object ~ 'by_|without' ORDER BY id;
SELECT migration, state, statements, note FROM schemaguard.migrations(of_tool => 'prisma');

-- The caller's own rights.
CREATE ROLE migrations_reader;
GRANT SELECT ON _prisma_migrations TO migrations_reader;
SET ROLE migrations_reader;
SELECT tool, history, migration, state, statements, note FROM schemaguard.migrations();
RESET ROLE;
ALTER TABLE _prisma_migrations ENABLE ROW LEVEL SECURITY;
REVOKE USAGE ON SCHEMA public FROM PUBLIC;
CREATE SCHEMA hidden;
ALTER TABLE alembic_version SET SCHEMA hidden;
GRANT SELECT ON hidden.alembic_version TO migrations_reader;
GRANT USAGE ON SCHEMA public TO migrations_reader;
SET ROLE migrations_reader;
SELECT tool, history, migration, state, statements, note FROM schemaguard.migrations();
RESET ROLE;

-- Nobody changes what the record says of migrations.
CREATE ROLE migrations_writer IN ROLE pg_write_all_data;
SET ROLE migrations_writer;
UPDATE schemaguard.migration_transaction SET tool = 'x';
RESET ROLE;
DROP OWNED BY migrations_reader;
DROP ROLE migrations_reader, migrations_writer;
