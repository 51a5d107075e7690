-- schemaguard.on_drift: DDL that moves the schema away from the declared one.
SET client_min_messages = warning;
\set SHOW_CONTEXT never
CREATE EXTENSION schemaguard;
CREATE TABLE before_us (a integer);
SELECT schemaguard.declare($$
CREATE TYPE mood AS ENUM ('sad', 'happy');
CREATE DOMAIN short AS text CHECK (length(VALUE) < 10);
CREATE TABLE users (id bigint PRIMARY KEY, email text NOT NULL UNIQUE, born date DEFAULT '2000-01-01', mood mood);
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint REFERENCES users ON DELETE CASCADE, paid boolean NOT NULL DEFAULT false);
CREATE INDEX orders_user ON orders (user_id);
CREATE VIEW emails AS SELECT email FROM users;
CREATE FUNCTION twice(i integer) RETURNS integer LANGUAGE sql AS 'SELECT i * 2';
CREATE TABLE events (at timestamptz NOT NULL) PARTITION BY RANGE (at);
$$) > 0 AS declared;

-- off is the default
CREATE TABLE strange (a integer);
DROP TABLE strange;

SET schemaguard.on_drift = refuse;
-- Towards it everything goes, one step at a time.
CREATE TYPE mood AS ENUM ('sad');
ALTER TYPE mood ADD VALUE 'happy';
CREATE DOMAIN short AS text;
ALTER DOMAIN short ADD CHECK (length(VALUE) < 10);
CREATE TABLE users (id bigint PRIMARY KEY);
ALTER TABLE users ADD email text;
ALTER TABLE users ALTER email SET NOT NULL, ADD born date, ADD mood mood;
ALTER TABLE users ALTER born SET DEFAULT '2000-01-01';
ALTER TABLE users ADD UNIQUE (email);
CREATE TABLE orders (id bigint, user_id bigint);
ALTER TABLE orders ADD PRIMARY KEY (id);
ALTER TABLE orders ADD paid boolean;
ALTER TABLE orders ALTER paid SET DEFAULT false;
ALTER TABLE orders ALTER paid SET NOT NULL;
ALTER TABLE orders ADD FOREIGN KEY (user_id) REFERENCES users ON DELETE CASCADE;
CREATE INDEX CONCURRENTLY orders_user ON orders (user_id);
CREATE VIEW emails AS SELECT email FROM users;
CREATE FUNCTION twice(i integer) RETURNS integer LANGUAGE sql AS 'SELECT i * 2';
CREATE TABLE events (at timestamptz NOT NULL) PARTITION BY RANGE (at);
-- and so do what isn't compared, and what was off before
CREATE TEMP TABLE t (a integer);
CREATE SCHEMA elsewhere;
CREATE TABLE elsewhere.t (a integer);
DROP TABLE before_us;
SELECT * FROM schemaguard.drift();

-- Away from it nothing does.
CREATE TABLE extra (a integer);
CREATE TABLE copy AS SELECT * FROM users;
ALTER TABLE users ADD note text, ALTER born DROP DEFAULT;
ALTER TABLE users ALTER id TYPE numeric;
ALTER TABLE users DROP mood;
ALTER TABLE users RENAME TO people;
ALTER TABLE users RENAME email TO mail;
ALTER TABLE users SET SCHEMA elsewhere;
ALTER TABLE users DROP CONSTRAINT users_email_key;
ALTER TABLE orders DISABLE TRIGGER ALL;
CREATE INDEX users_born ON users (born);
CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS users_mood ON users (mood);
DROP INDEX users_mood;
DROP INDEX orders_user;
ALTER INDEX orders_user RENAME TO orders_by_user;
CREATE OR REPLACE VIEW emails AS SELECT email, id FROM users;
CREATE OR REPLACE FUNCTION twice(i integer) RETURNS integer LANGUAGE sql AS 'SELECT i + i';
CREATE FUNCTION twice(i bigint) RETURNS bigint LANGUAGE sql AS 'SELECT i + i';
DROP FUNCTION twice(integer);
ALTER FUNCTION twice(integer) STRICT;
ALTER TYPE mood RENAME VALUE 'sad' TO 'blue';
ALTER TYPE mood RENAME TO feeling;
ALTER DOMAIN short SET NOT NULL;
ALTER DOMAIN short DROP CONSTRAINT short_check;
CREATE TRIGGER t BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger();
CREATE POLICY p ON users USING (true);
CREATE RULE r AS ON UPDATE TO users DO ALSO SELECT 1;
ALTER TABLE users ENABLE ROW LEVEL SECURITY;
CREATE TABLE events_2026 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
DROP TABLE orders;
DROP TYPE mood CASCADE;
DROP TABLE users CASCADE;
DROP SCHEMA public CASCADE;
DO $$ BEGIN EXECUTE 'ALTER TABLE users ADD note text'; END $$;
SELECT * FROM schemaguard.drift();

-- What differed before is not in the way of other changes.
SET schemaguard.on_drift = off;
ALTER TABLE users ALTER born DROP DEFAULT, ADD note text;
DROP INDEX orders_user;
SET schemaguard.on_drift = refuse;
ALTER TABLE users ALTER mood DROP DEFAULT;
COMMENT ON COLUMN users.note IS NULL;
ALTER TABLE users ALTER born SET DEFAULT '1999-01-01';
ALTER TABLE users ALTER note TYPE varchar(10);
ALTER TABLE users DROP note;
ALTER TABLE users ALTER born SET DEFAULT '2000-01-01';
CREATE INDEX orders_user ON orders (user_id);
SELECT * FROM schemaguard.drift();

-- With consent, for one transaction.
SELECT schemaguard.accept_drift(' ');
BEGIN;
SAVEPOINT a;
SELECT schemaguard.accept_drift('rolled back');
ROLLBACK TO a;
CREATE TABLE extra (a integer);
ROLLBACK;
BEGIN;
SELECT schemaguard.accept_drift('a hotfix, #12');
CREATE TABLE extra (a integer);
COMMIT;
CREATE TABLE more (a integer);
DROP TABLE extra;
SELECT schemaguard.accept_drift('of no use to this one');
CREATE TABLE extra (a integer);

-- Only as told: without the right to, nobody consents, and nobody sets it.
CREATE ROLE on_drift_dev;
GRANT CREATE ON SCHEMA public TO on_drift_dev;
SET ROLE on_drift_dev;
SELECT schemaguard.accept_drift('please');
SET schemaguard.on_drift = off;
CREATE TABLE extra (a integer);
RESET ROLE;
REVOKE CREATE ON SCHEMA public FROM on_drift_dev;
DROP ROLE on_drift_dev;

-- A warning only.
SET schemaguard.on_drift = warn;
CREATE TABLE extra (a integer);
DROP TABLE extra;
RESET schemaguard.on_drift;

-- The record has it all.
SELECT command_tag, object_type, object, verdict, rule, reason, detail FROM schemaguard.ddl_log WHERE rule = 'on_drift' AND object LIKE '%extra%' ORDER BY id;

-- Nothing is declared: nothing is judged.
CREATE DATABASE on_drift_none;
\c on_drift_none
SET client_min_messages = warning;
CREATE EXTENSION schemaguard;
SET schemaguard.on_drift = refuse;
CREATE TABLE extra (a integer);
\c on_drift
ALTER DATABASE on_drift_none SET schemaguard.protected = off;
DROP DATABASE on_drift_none WITH (FORCE);
