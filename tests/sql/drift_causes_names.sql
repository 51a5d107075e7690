-- Names that belong to another object by now: drift() names the statement that made the difference,
-- and history() tells the life of what is called so.
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE EXTENSION schemaguard;
SET schemaguard.mode = off;
SELECT $$
CREATE TABLE a (id integer PRIMARY KEY, x integer NOT NULL DEFAULT 1, y text, CONSTRAINT positive CHECK (x > 0));
CREATE INDEX a_x ON a (x);
CREATE TABLE b (id bigint PRIMARY KEY, x bigint);
CREATE INDEX b_x ON b (x, id);
CREATE VIEW v AS SELECT id, x FROM a;
CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE TYPE tone AS ENUM ('low', 'high');
CREATE TYPE pair AS (f integer, g text);
CREATE DOMAIN short AS text;
CREATE TABLE mum (m integer, n text);
CREATE TABLE kid () INHERITS (mum);
CREATE MATERIALIZED VIEW mv AS SELECT count(*) AS n FROM mum;
CREATE TABLE par (k integer, p text, q integer) PARTITION BY RANGE (k);
CREATE TABLE par1 PARTITION OF par FOR VALUES FROM (0) TO (10);
CREATE TABLE par2 PARTITION OF par FOR VALUES FROM (10) TO (20);
CREATE FUNCTION f(i integer) RETURNS integer LANGUAGE sql AS 'SELECT i';
CREATE FOREIGN DATA WRAPPER wrapper;
CREATE SERVER remote FOREIGN DATA WRAPPER wrapper;
CREATE USER MAPPING FOR PUBLIC SERVER remote;
$$ AS declared \gset
:declared
SELECT count(*) FROM schemaguard.declare(:'declared', compare => '{comments}');
-- What NOT NULL constraints are called is known only from 18 on.
SELECT $$SELECT d.object_type, d.object, change, attribute, statement FROM schemaguard.drift() d LEFT JOIN schemaguard.ddl_log l ON l.id = d.caused_by WHERE attribute IS DISTINCT FROM 'not_null_name' ORDER BY 1, 2, 3, 4;$$ AS causes \gset

-- two tables exchange their names, then two columns, indexes, types
BEGIN;
ALTER TABLE b ALTER x SET DEFAULT 5;
ALTER TABLE a RENAME TO tmp;
ALTER TABLE b RENAME TO a;
ALTER TABLE tmp RENAME TO b;
:causes
SELECT object, statement FROM schemaguard.history('public.a');
ROLLBACK;
BEGIN;
ALTER TABLE a RENAME x TO tmp;
ALTER TABLE a RENAME y TO x;
ALTER TABLE a RENAME tmp TO y;
ALTER INDEX a_x RENAME TO tmp;
ALTER INDEX b_x RENAME TO a_x;
ALTER INDEX tmp RENAME TO b_x;
ALTER TYPE mood RENAME TO tmp;
ALTER TYPE tone RENAME TO mood;
ALTER TYPE tmp RENAME TO tone;
:causes
ROLLBACK;

-- one takes another's place
BEGIN;
CREATE TABLE new (id integer PRIMARY KEY, x bigint, more text);
DROP TABLE a CASCADE;
ALTER TABLE new RENAME TO a;
ALTER TABLE a ALTER id SET DEFAULT 4;
:causes
ROLLBACK;
BEGIN;
CREATE TABLE new (id integer PRIMARY KEY, x bigint, more text);
ALTER TABLE a RENAME TO old;
ALTER TABLE new RENAME TO a;
:causes
DROP TABLE old CASCADE;
:causes
ROLLBACK;
BEGIN;
CREATE TABLE e (i integer);
ALTER TABLE e RENAME TO e2;
CREATE TABLE g (i integer);
ALTER TABLE g RENAME TO e;
ALTER TABLE a RENAME y TO z;
ALTER TABLE a ADD y integer;
ALTER TABLE a ALTER y SET DEFAULT 3;
:causes
ROLLBACK;

-- away and back again, changed meanwhile
BEGIN;
ALTER TABLE a RENAME TO tmp;
ALTER TABLE tmp ALTER x SET DEFAULT 7;
ALTER TABLE tmp DROP CONSTRAINT positive;
ALTER TABLE tmp ADD more integer;
ALTER TABLE tmp RENAME TO a;
DROP INDEX b_x;
ALTER TABLE b DROP COLUMN x;
ALTER TABLE b ADD COLUMN x text;
ALTER TABLE b ADD UNIQUE (x);
ALTER SERVER remote RENAME TO far;
DROP USER MAPPING FOR PUBLIC SERVER far;
:causes
ROLLBACK;

-- what statements say that have nothing to do with it
BEGIN;
ALTER TYPE pair RENAME ATTRIBUTE f TO ff;
COMMENT ON TYPE pair IS 'the attribute ff';
ALTER TYPE mood ADD VALUE 'so so';
ALTER TYPE mood OWNER TO CURRENT_USER;
ALTER FUNCTION f(integer) STABLE;
ALTER FUNCTION f(integer) COST 5;
COMMENT ON FUNCTION f(integer) IS 'stable';
ALTER DOMAIN short ADD CONSTRAINT s CHECK (length(VALUE) < 9);
ALTER DOMAIN short RENAME CONSTRAINT s TO shorter;
ALTER TABLE mum ADD CONSTRAINT c CHECK (m > 0);
ALTER TABLE mum ALTER m TYPE bigint;
COMMENT ON COLUMN a.x IS 'no default';
ALTER MATERIALIZED VIEW mv RENAME COLUMN n TO number;
ALTER MATERIALIZED VIEW mv SET (fillfactor = 70);
CREATE OR REPLACE VIEW more AS SELECT 1 AS one;
CREATE OR REPLACE VIEW more AS SELECT 1 AS one, 2 AS two;
:causes
ROLLBACK;

-- children and partitions that have left
BEGIN;
ALTER TABLE mum ALTER n SET DEFAULT 'x';
ALTER TABLE mum ADD more integer;
ALTER TABLE mum ADD CONSTRAINT c CHECK (m > 0);
ALTER TABLE kid NO INHERIT mum;
ALTER TABLE par ALTER p SET NOT NULL;
ALTER TABLE par DROP q;
ALTER TABLE par DETACH PARTITION par1;
:causes
ROLLBACK;
BEGIN;
DROP TABLE par2;
CREATE TABLE par2 PARTITION OF par FOR VALUES FROM (10) TO (30);
DROP TABLE par1;
CREATE TABLE par1 (k integer, p text, q integer);
ALTER TABLE par ATTACH PARTITION par1 FOR VALUES FROM (0) TO (5);
ALTER TABLE par1 ALTER q SET DEFAULT 4;
:causes
ROLLBACK;
BEGIN;
CREATE SCHEMA s;
ALTER TABLE a SET SCHEMA s;
DROP INDEX s.a_x;
ALTER TABLE s.a RENAME CONSTRAINT a_pkey TO key;
ALTER INDEX s.key SET (fillfactor = 70);
ALTER TABLE s.a SET SCHEMA public;
CREATE FUNCTION g(m mood) RETURNS integer LANGUAGE sql AS 'SELECT 1';
ALTER TYPE mood RENAME TO feeling;
:causes
ROLLBACK;

-- where the record was off, nobody is named
ALTER TABLE a ALTER x SET DEFAULT 3;
ALTER EVENT TRIGGER schemaguard_ddl_command_end DISABLE;
ALTER TABLE a DROP COLUMN y;
ALTER TABLE a ADD w integer;
ALTER TABLE b ALTER x SET NOT NULL;
CREATE TABLE hidden (i integer);
ALTER EVENT TRIGGER schemaguard_ddl_command_end ENABLE ALWAYS;
ALTER TABLE hidden ADD j integer;
ALTER TABLE a ADD z integer;
:causes
