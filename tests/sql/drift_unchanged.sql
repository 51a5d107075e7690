-- drift() asks the catalogs whether its last answer still holds, and nothing else: each answer here
-- would be another one if it held on to what it knew.
SET client_min_messages = warning;
CREATE EXTENSION schemaguard;
CREATE TABLE users (id bigint PRIMARY KEY, email text NOT NULL, role text DEFAULT 'member');
CREATE FUNCTION twice(i integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT i * 2';
SELECT schemaguard.declare(schemaguard.snapshot()::text, 'json') > 0 AS declared;
CREATE VIEW found AS SELECT coalesce(string_agg(concat_ws(' ', object, change, attribute, actual), '; '), 'none') AS drift FROM schemaguard.drift();
ALTER TABLE users ALTER email DROP NOT NULL;
SELECT schemaguard.declare(schemaguard.snapshot()::text, 'json') > 0 AS declared;
SELECT * FROM found;

-- with the event triggers off
SET session_replication_role = replica;
ALTER EVENT TRIGGER schemaguard_ddl_command_end DISABLE;
SELECT * FROM found;
ALTER TABLE users ALTER role SET DEFAULT 'admin';
SELECT * FROM found;
ALTER TABLE users ALTER role SET DEFAULT 'guest';
SELECT * FROM found;
ALTER TABLE users ALTER role SET DEFAULT 'member';
SELECT * FROM found;
ALTER EVENT TRIGGER schemaguard_ddl_command_end ENABLE ALWAYS;
RESET session_replication_role;

-- in a transaction, back and forth
BEGIN;
SELECT * FROM found;
ALTER TABLE users ADD note text;
SELECT * FROM found;
SAVEPOINT a;
ALTER TABLE users DROP note;
SELECT * FROM found;
ROLLBACK TO a;
SELECT * FROM found;
ROLLBACK;
SELECT * FROM found;

-- another session, by a function's body, by a catalog written to by hand
\setenv PGOPTIONS '-c client_min_messages=warning'
\! psql -Xq -d drift_unchanged -c "CREATE OR REPLACE FUNCTION twice(i integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT i + i'"
SELECT * FROM found;
\! psql -Xq -d drift_unchanged -c "CREATE OR REPLACE FUNCTION twice(i integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT i * 2'"
SELECT * FROM found;
SET allow_system_table_mods = on;
UPDATE pg_attribute SET attnotnull = true WHERE attrelid = 'users'::regclass AND attname = 'email';
SELECT * FROM found;
UPDATE pg_attribute SET attnotnull = false WHERE attrelid = 'users'::regclass AND attname = 'email';
SELECT * FROM found;

-- another declaration, rolled back and made again
BEGIN;
SELECT schemaguard.declare('CREATE TABLE other (id integer)') > 0 AS declared;
SELECT * FROM found;
ROLLBACK;
SELECT * FROM found;
SELECT schemaguard.declare('CREATE TABLE another (id integer)') > 0 AS declared;
SELECT * FROM found;
SELECT schemaguard.declare('CREATE TABLE users (id bigint PRIMARY KEY)', name => 'second') > 0 AS declared;
SELECT count(*) FROM schemaguard.drift('second');
SELECT * FROM found;

-- What is no change of the schema leaves it alone.
INSERT INTO users VALUES (1);
VACUUM FREEZE ANALYZE users;
VACUUM FULL pg_class;
SELECT * FROM found;
