-- cascades(): what foreign keys take along, chains followed.
\set SHOW_CONTEXT never
CREATE EXTENSION schemaguard;
SET client_min_messages = warning;
CREATE ROLE sg_cascades;
SELECT * FROM schemaguard.cascades();
SELECT pg_catalog.obj_description('schemaguard.cascades(boolean)'::regprocedure) IS NOT NULL AS commented;

-- a chain, and what ends it
CREATE TABLE users (id int PRIMARY KEY);
CREATE TABLE posts (id int PRIMARY KEY, author int REFERENCES users ON DELETE CASCADE, editor int REFERENCES users ON DELETE SET NULL);
CREATE INDEX ON posts (author);
CREATE TABLE comments (id int PRIMARY KEY, post int REFERENCES posts ON DELETE CASCADE);
CREATE TABLE likes (id int, comment int DEFAULT 0 REFERENCES comments ON DELETE SET DEFAULT);
CREATE TABLE beyond (id int PRIMARY KEY, likes int);
-- harmless: not shown
CREATE TABLE strict (id int REFERENCES users, other int REFERENCES posts ON DELETE RESTRICT ON UPDATE CASCADE);
-- never analysed: no number
SELECT * FROM schemaguard.cascades() ORDER BY from_table, depth, path, foreign_key;
INSERT INTO users SELECT generate_series(1, 4);
INSERT INTO posts SELECT i, 1 + i % 4, CASE WHEN i > 6 THEN 1 END FROM generate_series(1, 8) i;
INSERT INTO comments SELECT i, 1 + i % 8 FROM generate_series(1, 20) i;
ANALYZE posts, comments;
SELECT path, foreign_key, rows_at_stake FROM schemaguard.cascades();
-- exact: the rows that point somewhere
SELECT path, foreign_key, rows_at_stake FROM schemaguard.cascades(exact => true);
SELECT path, foreign_key, rows_at_stake FROM schemaguard.cascades(NULL) WHERE depth = 3;

-- which indexes serve
CREATE TABLE pair (a int, b int, PRIMARY KEY (a, b));
CREATE TABLE to_pair (x int, y int, z int, FOREIGN KEY (x, y) REFERENCES pair (a, b) ON DELETE CASCADE);
INSERT INTO pair VALUES (1, 1);
INSERT INTO to_pair VALUES (1, 1), (1, NULL), (NULL, 1), (NULL, NULL);
CREATE FUNCTION served() RETURNS boolean LANGUAGE sql AS $$ SELECT is_indexed FROM schemaguard.cascades() WHERE to_table = 'public.to_pair' $$;
SELECT served() AS none;
CREATE INDEX i ON to_pair (x);
SELECT served() AS one_column;
DROP INDEX i; CREATE INDEX i ON to_pair (x, z, y);
SELECT served() AS not_the_first;
DROP INDEX i; CREATE INDEX i ON to_pair (x, y) WHERE z > 0;
SELECT served() AS partial;
DROP INDEX i; CREATE INDEX i ON to_pair (x) INCLUDE (y);
SELECT served() AS included_only;
DROP INDEX i; CREATE INDEX i ON to_pair (x, (y + 1));
SELECT served() AS expression;
DROP INDEX i; CREATE INDEX i ON to_pair USING brin (x, y);
SELECT served() AS brin;
DROP INDEX i; CREATE INDEX i ON to_pair (x, y);
UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'i'::regclass;
SELECT served() AS not_valid;
DROP INDEX i; CREATE INDEX i ON to_pair (y, x, z);
SELECT served() AS in_another_order;
DROP INDEX i; CREATE UNIQUE INDEX i ON to_pair (x, y);
SELECT served() AS "unique";
CREATE TABLE to_users (u int REFERENCES users ON DELETE CASCADE);
CREATE INDEX ON to_users USING hash (u);
SELECT is_indexed AS hash FROM schemaguard.cascades() WHERE to_table = 'public.to_users';
DROP TABLE to_users;
SELECT path, rows_at_stake FROM schemaguard.cascades(true) WHERE to_table = 'public.to_pair';

-- rings and self references end
CREATE SCHEMA ring;
SET search_path = ring;
CREATE TABLE tree (id int PRIMARY KEY, up int REFERENCES tree ON DELETE CASCADE);
CREATE TABLE a (id int PRIMARY KEY);
CREATE TABLE b (id int PRIMARY KEY, a int REFERENCES a ON DELETE CASCADE);
CREATE TABLE c (id int PRIMARY KEY, b int REFERENCES b ON DELETE CASCADE);
ALTER TABLE a ADD c int REFERENCES c ON DELETE CASCADE;
-- two ways to the same table: the shorter one
ALTER TABLE c ADD a int REFERENCES a ON DELETE CASCADE;
SELECT from_table, path, foreign_key, on_delete, depth FROM schemaguard.cascades() WHERE from_table LIKE 'ring.%';
-- names that need quotes; no lookup by search_path
CREATE SCHEMA "a.b";
CREATE TABLE "a.b"."T -> x" (id int PRIMARY KEY, "up" int CONSTRAINT "k ""1""" REFERENCES "a.b"."T -> x" ON DELETE SET NULL);
SELECT * FROM schemaguard.cascades() WHERE from_table LIKE '%a.b%';
RESET search_path;

-- partitioned: once, at the root, on either side
CREATE TABLE parted (id int PRIMARY KEY) PARTITION BY RANGE (id);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (10);
CREATE TABLE parted_2 PARTITION OF parted FOR VALUES FROM (10) TO (20) PARTITION BY RANGE (id);
CREATE TABLE parted_2a PARTITION OF parted_2 FOR VALUES FROM (10) TO (20);
CREATE TABLE lines (gone text, id int REFERENCES parted ON DELETE CASCADE, n int) PARTITION BY RANGE (n);
ALTER TABLE lines DROP COLUMN gone;
CREATE TABLE lines_1 PARTITION OF lines FOR VALUES FROM (0) TO (10);
CREATE TABLE lines_2 (n int, id int);
ALTER TABLE lines ATTACH PARTITION lines_2 FOR VALUES FROM (10) TO (20);
INSERT INTO parted VALUES (1), (11);
INSERT INTO lines SELECT 1, i FROM generate_series(0, 14) i;
INSERT INTO lines VALUES (NULL, 1), (NULL, 11);
SELECT * FROM schemaguard.cascades() WHERE from_table LIKE '%parted%';
CREATE INDEX ON lines (id);
ANALYZE lines_1, lines_2;
SELECT path, rows_at_stake, is_indexed FROM schemaguard.cascades() WHERE from_table LIKE '%parted%';
SELECT path, rows_at_stake FROM schemaguard.cascades(true) WHERE from_table LIKE '%parted%';
-- a key that only a partition has
CREATE TABLE only_here (id int REFERENCES parted_1 ON DELETE CASCADE);
SELECT from_table, to_table, path FROM schemaguard.cascades() WHERE to_table LIKE '%only_here%';

-- from 18 on: a key that is not enforced does nothing
SELECT current_setting('server_version_num')::int >= 180000 AS not_enforced \gset
\if :not_enforced
CREATE TABLE lax (id int REFERENCES users ON DELETE CASCADE NOT ENFORCED);
SELECT count(*) FROM schemaguard.cascades() WHERE to_table = 'public.lax';
\endif

-- row-level security and old snapshots hide nothing from the count; who may not read is told no number
ALTER TABLE posts ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
GRANT SELECT ON posts TO sg_cascades;
SET ROLE sg_cascades;
SELECT count(*) FROM posts;
SELECT path, foreign_key, rows_at_stake FROM schemaguard.cascades(true) WHERE from_table = 'public.users';
SELECT path, rows_at_stake FROM schemaguard.cascades() WHERE from_table = 'public.posts';
RESET ROLE;
-- the caller's own operators and functions are not taken
CREATE FUNCTION public.never("char", "char") RETURNS boolean LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''trapped''; END';
CREATE OPERATOR ring.= (LEFTARG = "char", RIGHTARG = "char", FUNCTION = public.never);
CREATE FUNCTION ring.pg_partition_root(regclass) RETURNS regclass LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''trapped''; END';
SET search_path = ring, public, pg_catalog;
SELECT pg_catalog.count(*) FROM schemaguard.cascades(true);
RESET search_path;
BEGIN READ ONLY;
SELECT count(*) FROM schemaguard.cascades(true);
COMMIT;
CREATE TEMP TABLE tmp (id int PRIMARY KEY, up int REFERENCES tmp ON DELETE CASCADE);
SELECT count(*) FROM schemaguard.cascades() WHERE path LIKE '%tmp%';
DROP OWNED BY sg_cascades;
DROP ROLE sg_cascades;
