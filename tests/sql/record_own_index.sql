-- A DBA may put indexes of his own on the record: also such as compute what they hold, or leave rows out.
SET client_min_messages = error;
CREATE EXTENSION schemaguard;
CREATE TABLE before_it (id integer);
CREATE INDEX by_lower ON schemaguard.ddl_entry (lower(object));
CREATE INDEX of_drops ON schemaguard.ddl_entry (object) WHERE action = 'drop';
CREATE TABLE "After" (id serial, note text);
ALTER TABLE "After" ADD COLUMN more integer DEFAULT 1;
ALTER TABLE "After" ADD COLUMN number serial, ADD UNIQUE (more);
DROP TABLE "After", before_it;
CREATE TEMP TABLE passing (id integer);
ALTER TABLE passing ADD COLUMN more integer;
\pset format unaligned
\pset tuples_only on
SET enable_seqscan = off;
SET enable_bitmapscan = off;
EXPLAIN (COSTS off) SELECT object FROM schemaguard.ddl_entry WHERE lower(object) = 'public.after';
-- (From 18 on NOT NULL is a constraint.)
SELECT command_tag, action, object_type, object, array_remove(parts, 'After_number_not_null') AS parts FROM schemaguard.ddl_entry WHERE lower(object) LIKE '%after%' AND lower(object) >= 'public.after' AND lower(object) < 'public.b' ORDER BY id;
SELECT object_type, object FROM schemaguard.ddl_entry WHERE action = 'drop' ORDER BY object;
SELECT count(*) FROM schemaguard.ddl_entry WHERE object LIKE '%passing%';
-- The same rows without the indexes.
SET enable_seqscan = on;
SET enable_indexscan = off;
SET enable_indexonlyscan = off;
SELECT count(*) FROM schemaguard.ddl_entry WHERE lower(object) >= 'public.after' AND lower(object) < 'public.b';
SELECT count(*) FROM schemaguard.ddl_entry WHERE action = 'drop';
