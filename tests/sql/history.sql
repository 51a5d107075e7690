-- The life of an object, under all its names.
SET client_min_messages = warning;
\set SHOW_CONTEXT never
CREATE EXTENSION schemaguard;
CREATE SCHEMA app;
CREATE TABLE users (id bigint PRIMARY KEY, mail text, "o.dd" integer);
CREATE TABLE others (id bigint PRIMARY KEY);
ALTER TABLE users ADD note text;
ALTER TABLE users RENAME mail TO email;
ALTER TABLE users RENAME CONSTRAINT users_pkey TO users_key;
ALTER TABLE users ALTER "o.dd" SET DEFAULT 1;
ALTER TABLE users SET SCHEMA app;
ALTER TABLE app.users RENAME TO people;
CREATE TABLE users (id bigint);
CREATE INDEX people_email ON app.people (email);
ALTER INDEX app.people_email RENAME TO by_email;
CREATE FUNCTION f(integer) RETURNS integer LANGUAGE sql AS 'SELECT 1';
ALTER FUNCTION f(integer) RENAME TO g;
CREATE TYPE mood AS ENUM ('sad');
ALTER TYPE mood RENAME TO feeling;
CREATE DOMAIN short AS text CONSTRAINT c CHECK (length(VALUE) < 9);
ALTER DOMAIN short RENAME CONSTRAINT c TO short_check;
ALTER SCHEMA app RENAME TO application;
INSERT INTO application.people VALUES (1, 'a', 1, 'b');
ALTER TABLE application.people DROP COLUMN note;
SELECT command_tag, object, formerly FROM schemaguard.ddl_log WHERE formerly IS NOT NULL ORDER BY id;

SELECT command_tag, object, verdict, statement FROM schemaguard.history('application.people');
SELECT command_tag, object, statement FROM schemaguard.history('app.people.email');
SELECT command_tag, object, statement FROM schemaguard.history('app.people."o.dd"');
SELECT command_tag, object, statement FROM schemaguard.history('public.users');
SELECT command_tag, object, statement FROM schemaguard.history('public.g(integer)');
SELECT count(*) FROM schemaguard.history('nothing');

-- Who reads the record reads this.
CREATE ROLE history_reader;
SET ROLE history_reader;
SELECT count(*) FROM schemaguard.history('public.users');
RESET ROLE;
GRANT SELECT ON schemaguard.ddl_log TO history_reader;
SET ROLE history_reader;
SELECT count(*) FROM schemaguard.history('public.users');
RESET ROLE;
DROP OWNED BY history_reader;
DROP ROLE history_reader;

-- What a rename left behind was caused by it.
SELECT schemaguard.declare('CREATE TABLE b (id bigint PRIMARY KEY, old text); CREATE TABLE users (id bigint)', unmanaged => '{public.others,public.g,public.feeling,public.short}') > 0 AS declared;
CREATE TABLE b (id bigint PRIMARY KEY, old text);
ALTER TABLE b RENAME old TO new;
SELECT d.object, d.change, l.statement FROM schemaguard.drift() d JOIN schemaguard.ddl_log l ON l.id = d.caused_by;
ALTER TABLE b RENAME new TO old;
ALTER TABLE b RENAME TO c;
SELECT d.object, d.change, l.statement FROM schemaguard.drift() d JOIN schemaguard.ddl_log l ON l.id = d.caused_by;
