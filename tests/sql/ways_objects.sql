-- GUARD.md 1-6, 9, 16-21, 23-25: what goes with what is dropped, however that is asked for; each with its harmless twin.
-- (More of 1-5 and 17 in guard_drop, of 6 in guard_truncate, of 16 in protection, 8 in cases/preload, 26 in guard_modes.)
\set SHOW_CONTEXT never
CREATE EXTENSION schemaguard;
SET client_min_messages = warning;

--
-- 1: the row type of an empty table, in other tables' columns
--
CREATE TABLE shape (a int, b text, c text);
CREATE DOMAIN shape_domain AS shape;
CREATE TYPE shapes AS (one shape, many shape_domain[]);
CREATE TABLE in_domain (id int, d shape_domain);
CREATE TABLE in_type (id int, s shapes) PARTITION BY LIST (id);
CREATE TABLE in_type_1 PARTITION OF in_type FOR VALUES IN (1);
INSERT INTO in_domain VALUES (1, ROW(1, 'b', NULL));
INSERT INTO in_type VALUES (1, ROW(NULL, ARRAY[ROW(2, 'b', NULL)::shape::shape_domain]));
ALTER TABLE shape DROP COLUMN b;
DROP TABLE shape CASCADE;
-- no value of that field anywhere
ALTER TABLE shape DROP COLUMN c;
-- a child of the table: its row type has the column, too
CREATE TABLE base (a int, b text);
CREATE TABLE derived () INHERITS (base);
CREATE TABLE in_derived (d derived);
INSERT INTO in_derived VALUES (ROW(1, 'b'));
ALTER TABLE base DROP COLUMN b;
UPDATE in_derived SET d = ROW(1, NULL);
ALTER TABLE base DROP COLUMN b;
-- a view's, a foreign table's
CREATE VIEW seen AS SELECT 1 AS x;
CREATE TABLE in_view (v seen);
INSERT INTO in_view VALUES (ROW(1));
DROP VIEW seen CASCADE;
UPDATE in_view SET v = NULL;
DROP VIEW seen CASCADE;

--
-- 2: attributes of composite types
--
CREATE TYPE pair AS (a int, b int);
CREATE TABLE in_pair (p pair, ps pair[]);
INSERT INTO in_pair VALUES (ROW(1, NULL), ARRAY[ROW(1, 2)::pair]);
ALTER TYPE pair DROP ATTRIBUTE b;
ALTER TYPE pair ADD ATTRIBUTE c int, DROP ATTRIBUTE b;
ALTER TYPE pair RENAME ATTRIBUTE b TO d;
UPDATE in_pair SET ps = NULL;
ALTER TYPE pair DROP ATTRIBUTE d;

--
-- 3: by CASCADE
--
CREATE COLLATION latin (provider = libc, locale = 'C');
CREATE TABLE collated (id int, v text COLLATE latin, w text COLLATE latin);
INSERT INTO collated VALUES (1, 'x', NULL);
DROP COLLATION latin CASCADE;
UPDATE collated SET v = NULL;
DROP COLLATION latin CASCADE;
-- text search: a generated column goes, and can be computed again; a default goes, no value
CREATE TEXT SEARCH CONFIGURATION plain (COPY = simple);
CREATE TABLE searched (body text, words tsvector GENERATED ALWAYS AS (to_tsvector('plain', body)) STORED, n text DEFAULT 'plain'::regconfig::text);
INSERT INTO searched VALUES ('some words');
DROP TEXT SEARCH CONFIGURATION plain CASCADE;
SELECT * FROM searched;
-- an operator that a partition's key, an exclusion, a check uses
CREATE FUNCTION near(int, int) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT abs($1 - $2) < 2';
CREATE OPERATOR ~~~ (LEFTARG = int, RIGHTARG = int, FUNCTION = near);
CREATE TABLE checked (n int CHECK (n ~~~ 1));
INSERT INTO checked VALUES (1);
DROP OPERATOR ~~~ (int, int) CASCADE;
SELECT * FROM checked;
-- a schema that holds an extension which columns elsewhere use; with an empty one it goes
CREATE SCHEMA ext;
CREATE EXTENSION hstore SCHEMA ext;
CREATE TABLE has_hstore (h ext.hstore);
INSERT INTO has_hstore VALUES ('a=>1');
DROP SCHEMA ext CASCADE;
DROP EXTENSION hstore CASCADE;
DELETE FROM has_hstore;
DROP SCHEMA ext CASCADE;

--
-- 4: members of extensions, taken in and out
--
CREATE EXTENSION pg_trgm;
CREATE TABLE member AS SELECT 1 AS id;
CREATE TYPE member_type AS ENUM ('x');
CREATE TABLE uses_member_type (t member_type);
INSERT INTO uses_member_type VALUES ('x');
SET client_min_messages = error;
ALTER EXTENSION pg_trgm ADD TABLE member;
SET client_min_messages = warning;
ALTER EXTENSION pg_trgm ADD TYPE member_type;
DROP EXTENSION pg_trgm;
DROP EXTENSION pg_trgm CASCADE;
ALTER EXTENSION pg_trgm DROP TABLE member;
ALTER EXTENSION pg_trgm DROP TYPE member_type;
DROP TABLE member;
DROP EXTENSION pg_trgm;
SELECT (SELECT count(*) FROM member) AS member, (SELECT count(*) FROM uses_member_type) AS uses;

--
-- 5 and 21: parents and children, ONLY, columns that are also declared there
--
CREATE TABLE parent (id int, v text, w text);
CREATE TABLE child (v text) INHERITS (parent);
CREATE TABLE grandchild () INHERITS (child);
INSERT INTO child VALUES (1, 'v', 'w');
INSERT INTO grandchild VALUES (2, 'v', NULL);
-- the parent's own rows are none: it is what the children hold that goes
SELECT count(*) FROM ONLY parent;
ALTER TABLE parent DROP COLUMN w;
DROP TABLE parent CASCADE;
TRUNCATE parent;
-- a column that the child declares itself stays with it, and with those below
ALTER TABLE parent DROP COLUMN v;
SELECT * FROM child ORDER BY id;
-- ONLY: the children keep theirs
ALTER TABLE ONLY parent DROP COLUMN w;
SELECT w FROM child ORDER BY id;
-- merged with a column that was there: that one isn't new
BEGIN;
ALTER TABLE parent ADD COLUMN w text;
ALTER TABLE parent DROP COLUMN w;
SELECT w FROM child ORDER BY id;
ALTER TABLE child DROP COLUMN w;
ROLLBACK;
TRUNCATE ONLY parent;
-- a statistics target, reltuples, an estimate: nothing that ANALYZE says is asked
ANALYZE parent, child, grandchild;
UPDATE pg_class SET reltuples = 0, relpages = 0 WHERE relname = 'grandchild';
DROP TABLE grandchild;

--
-- 6: TRUNCATE's further victims
--
CREATE TABLE target (id int PRIMARY KEY);
CREATE TABLE refers (id int REFERENCES target);
INSERT INTO refers VALUES (NULL);
TRUNCATE target CASCADE;
DELETE FROM refers;
TRUNCATE target CASCADE;

--
-- 9: another name, another schema, another parent, another owner
--
CREATE SCHEMA attic;
CREATE TABLE part (k int) PARTITION BY LIST (k);
CREATE TABLE part_1 PARTITION OF part FOR VALUES IN (1);
CREATE TABLE part_2 PARTITION OF part FOR VALUES IN (2);
INSERT INTO part VALUES (1);
BEGIN;
ALTER TABLE part DETACH PARTITION part_1;
ALTER TABLE part_1 RENAME TO backup;
ALTER TABLE backup SET SCHEMA attic;
CREATE TABLE part_1 PARTITION OF part FOR VALUES IN (1);
DROP TABLE part_1;
DROP TABLE attic.backup;
ROLLBACK;
BEGIN;
ALTER TABLE part DETACH PARTITION part_2;
ALTER TABLE part_2 RENAME TO backup;
DROP TABLE backup;
DROP SCHEMA attic CASCADE;
COMMIT;
-- names that change places
CREATE TABLE a AS SELECT 1 AS id;
CREATE TABLE b (id int);
BEGIN;
ALTER TABLE a RENAME TO x;
ALTER TABLE b RENAME TO a;
ALTER TABLE x RENAME TO b;
DROP TABLE a;
DROP TABLE b;
ROLLBACK;
BEGIN;
ALTER TABLE collated RENAME COLUMN id TO other;
ALTER TABLE collated ADD COLUMN id int;
ALTER TABLE collated DROP COLUMN id;
ALTER TABLE collated DROP COLUMN other;
ROLLBACK;

--
-- 18: the catalogs themselves, which only a superuser can write: not seen
--
CREATE TABLE by_catalog (id int, v text);
INSERT INTO by_catalog VALUES (1, 'x');
UPDATE pg_attribute SET attisdropped = true WHERE attrelid = 'by_catalog'::regclass AND attname = 'v';
SELECT * FROM by_catalog;
CREATE ROLE sg_ways;
SET ROLE sg_ways;
UPDATE pg_attribute SET attisdropped = true WHERE attrelid = 'by_catalog'::regclass AND attname = 'id';
RESET ROLE;

--
-- 19: row-level security, forced on the owner
--
CREATE TABLE hidden AS SELECT 1 AS id;
ALTER TABLE hidden ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE hidden OWNER TO sg_ways;
SET ROLE sg_ways;
SELECT count(*) FROM hidden;
ALTER TABLE hidden DROP COLUMN id;
RESET ROLE;
DELETE FROM hidden;
SET ROLE sg_ways;
ALTER TABLE hidden DROP COLUMN id;
DROP TABLE hidden;
RESET ROLE;
DROP ROLE sg_ways;

--
-- 23: a default without a rewrite: no stored row has the value, every row shows it
--
CREATE TABLE stored (id int);
INSERT INTO stored VALUES (1);
ALTER TABLE stored ADD COLUMN v text DEFAULT 'shown', ADD COLUMN w text;
ALTER TABLE stored DROP COLUMN v;
UPDATE stored SET v = NULL;
ALTER TABLE stored DROP COLUMN v;

--
-- 24: statements inside of statements: a key makes an index, a partition a constraint, LIKE copies
--
CREATE TABLE whole (id serial PRIMARY KEY, ref int REFERENCES target, v text UNIQUE CHECK (v <> ''), EXCLUDE (id WITH =));
CREATE TABLE copied (LIKE whole INCLUDING ALL);
CREATE SCHEMA twice CREATE TABLE t (id int PRIMARY KEY) CREATE VIEW v AS SELECT id FROM t;
ALTER TABLE whole ADD COLUMN n int UNIQUE, ADD COLUMN s serial, DROP CONSTRAINT whole_v_key, ALTER v SET NOT NULL;
DROP TABLE whole, copied, twice.t CASCADE;
SELECT verdict, count(*) FROM schemaguard.ddl_log WHERE statement ~ '(whole|twice)' GROUP BY 1;

--
-- 25: made and dropped in the same transaction; what can be made again
--
BEGIN;
CREATE TABLE fresh AS SELECT 1 AS id, 2 AS n;
ALTER TABLE fresh DROP COLUMN n;
TRUNCATE fresh;
INSERT INTO fresh VALUES (1);
DROP TABLE fresh;
ROLLBACK;
BEGIN;
SAVEPOINT a;
CREATE TABLE fresh AS SELECT 1 AS id;
ROLLBACK TO a;
DROP TABLE a;
ROLLBACK;
CREATE MATERIALIZED VIEW mv AS SELECT 1 AS id;
DROP MATERIALIZED VIEW mv;
CREATE TABLE generated (a int, b int GENERATED ALWAYS AS (a + 1) STORED);
INSERT INTO generated VALUES (1);
ALTER TABLE generated DROP COLUMN b;
ALTER TABLE generated DROP COLUMN a;

SELECT rule, count(*) FROM schemaguard.refused GROUP BY 1 ORDER BY 1;
