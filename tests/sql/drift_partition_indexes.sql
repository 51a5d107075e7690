-- Indexes of partitions that belong to one of the partitioned table: names, comments and settings of their own.
SET client_min_messages = error;
SET schemaguard.mode = off;
SET allow_in_place_tablespaces = on;
CREATE TABLESPACE sg_parts LOCATION '';
CREATE EXTENSION schemaguard;
CREATE SCHEMA a;
CREATE TABLE a.t (id integer, "B" text, c integer, CONSTRAINT t_key UNIQUE (id)) PARTITION BY RANGE (id);
CREATE INDEX t_b ON a.t ("B");
CREATE INDEX t_lower ON a.t (lower("B")) WITH (fillfactor = 80);
CREATE TABLE a.p1 PARTITION OF a.t FOR VALUES FROM (1) TO (10);
CREATE TABLE a.p2 PARTITION OF a.t FOR VALUES FROM (10) TO (20) PARTITION BY RANGE (id);
CREATE TABLE a.p21 PARTITION OF a.p2 FOR VALUES FROM (10) TO (15);
-- Two of the same columns; one of a name that says nothing.
CREATE INDEX t_b_again ON a.t ("B");
ALTER INDEX a."p21_B_idx" RENAME TO "Odd, 'really'";
COMMENT ON INDEX a."Odd, 'really'" IS 'kept';
SELECT schemaguard.declare(schemaguard.snapshot()::text, 'json') > 0 AS declared;
\pset tuples_only on
\pset format unaligned
SELECT 'nothing differs: ' || (count(*) = 0) FROM schemaguard.drift();
SELECT 'unread: ' || count(*) FROM schemaguard.unread();
\set show 'SELECT object_type, object, change, attribute, declared, actual, caused_by IS NOT NULL FROM schemaguard.drift() ORDER BY 2, 3, 4;'
\set mend 'SELECT sql FROM schemaguard.fix(allow_loss => true) WHERE sql IS NOT NULL ORDER BY step'
\set left 'SELECT $$left: $$ || object || $$ $$ || coalesce(attribute, change) FROM schemaguard.drift();'
\set QUIET on

-- each by itself
BEGIN; ALTER INDEX a."p1_B_idx" RENAME TO other; :show :mend;
:mend \gexec
:left ROLLBACK;
BEGIN; ALTER TABLE a.p21 RENAME CONSTRAINT p21_id_key TO other; :show :mend \gexec
:left ROLLBACK;
BEGIN; ALTER INDEX a.p1_lower_idx RESET (fillfactor); :show :mend \gexec
:left ROLLBACK;
BEGIN; ALTER INDEX a.p1_lower_idx SET TABLESPACE sg_parts; :show :mend \gexec
:left ROLLBACK;
BEGIN; ALTER INDEX a.p1_lower_idx ALTER COLUMN 1 SET STATISTICS 500; :show :mend \gexec
:left ROLLBACK;
BEGIN; COMMENT ON INDEX a.p1_lower_idx IS 'said'; :show :mend \gexec
:left ROLLBACK;
BEGIN; COMMENT ON INDEX a.p1_id_key IS 'said'; :show :mend \gexec
:left ROLLBACK;
BEGIN; COMMENT ON CONSTRAINT p1_id_key ON a.p1 IS 'said'; :show :mend \gexec
:left ROLLBACK;
-- together
BEGIN;
ALTER INDEX a.p1_id_key RENAME TO other;
COMMENT ON INDEX a.other IS 'said';
COMMENT ON CONSTRAINT other ON a.p1 IS 'said';
ALTER INDEX a.other SET (fillfactor = 70);
ALTER TABLE a.p1 CLUSTER ON other;
:show :mend \gexec
:left ROLLBACK;
-- what the table stands by is called otherwise
BEGIN; ALTER TABLE a.p1 CLUSTER ON p1_id_key;
SELECT schemaguard.declare(schemaguard.snapshot()::text, 'json') > 0 AS declared;
ALTER INDEX a.p1_id_key RENAME TO other; :show :mend \gexec
:left ROLLBACK;
-- what they belong to is made anew, and so is what they are on
BEGIN; DROP INDEX a.t_b; CREATE INDEX t_b ON a.t (c); :show :mend \gexec
:left ROLLBACK;
BEGIN; DROP INDEX a.t_b; :show :mend \gexec
:left ROLLBACK;
BEGIN; DROP TABLE a.p21; :show :mend \gexec
:left ROLLBACK;
BEGIN; DROP TABLE a.t; :show :mend \gexec
:left ROLLBACK;
BEGIN; ALTER TABLE a.t DETACH PARTITION a.p2; :show :mend \gexec
:left ROLLBACK;
BEGIN; ALTER TABLE a.t DROP CONSTRAINT t_key; :show :mend \gexec
:left ROLLBACK;
-- what is to be attached comes with indexes of its own
BEGIN; DROP TABLE a.p21; CREATE TABLE a.p21 (id integer, "B" text, c integer, UNIQUE (id));
CREATE INDEX own ON a.p21 ("B"); :show :mend \gexec
:left ROLLBACK;
-- the topmost one is called otherwise
BEGIN; ALTER INDEX a.t_b RENAME TO t_b_now; :show :mend \gexec
:left ROLLBACK;
BEGIN; ALTER TABLE a.t RENAME CONSTRAINT t_key TO t_key_now; ALTER INDEX a.p1_id_key RENAME TO other; :show :mend \gexec
:left ROLLBACK;
BEGIN; ALTER TABLE a.p21 RENAME TO p22; ALTER INDEX a."Odd, 'really'" SET (fillfactor = 50); :show :mend \gexec
:left ROLLBACK;
