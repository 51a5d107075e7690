-- schemaguard.max_rows_lost: how many rows one statement may take, all that goes with it counted.
\set SHOW_CONTEXT never
CREATE EXTENSION schemaguard;
SET client_min_messages = warning;
CREATE ROLE sg_rows LOGIN;
GRANT CREATE ON SCHEMA public TO sg_rows;
GRANT EXECUTE ON FUNCTION schemaguard.accept_data_loss(text) TO sg_rows;
GRANT SELECT ON schemaguard.refused, schemaguard.ddl_log TO sg_rows;
SELECT current_database() AS db \gset
SHOW schemaguard.max_rows_lost;
ALTER DATABASE :"db" SET schemaguard.max_rows_lost = 10;
ALTER DATABASE :"db" SET session_preload_libraries = schemaguard;
\c - sg_rows
\set SHOW_CONTEXT never
SELECT state, detail FROM schemaguard.status() WHERE item = 'DML';
SET schemaguard.max_rows_lost = -1;
CREATE TABLE plain (id int PRIMARY KEY, v text);
INSERT INTO plain SELECT i, 'v' FROM generate_series(1, 30) i;

-- one table: the limit itself may go
DELETE FROM plain WHERE id > 19;
\echo :SQLSTATE
DELETE FROM plain WHERE id > 20;
DELETE FROM plain WHERE id > 20 RETURNING id;
BEGIN;
DELETE FROM plain WHERE id > 20;
DELETE FROM plain WHERE id > 10;
ROLLBACK;
SELECT count(*) FROM plain;
SELECT command_tag, rule, message, detail, statement FROM schemaguard.refused ORDER BY id;
-- UPDATE takes no row
UPDATE plain SET v = 'w';

-- foreign keys: chains, and what is set
CREATE TABLE users (id int PRIMARY KEY);
CREATE TABLE posts (id int PRIMARY KEY, author int REFERENCES users ON DELETE CASCADE);
CREATE TABLE comments (id int PRIMARY KEY, post int REFERENCES posts ON DELETE CASCADE, reply_to int DEFAULT 0);
CREATE TABLE likes (id int PRIMARY KEY, comment int REFERENCES comments ON DELETE SET NULL);
CREATE TABLE shares (id int PRIMARY KEY, comment int DEFAULT 0 REFERENCES comments ON DELETE SET DEFAULT);
INSERT INTO users VALUES (0), (1), (2);
INSERT INTO posts VALUES (0, 0), (1, 1), (2, 1), (3, 2);
INSERT INTO comments SELECT i, CASE WHEN i = 0 THEN 0 WHEN i < 7 THEN 1 ELSE 3 END FROM generate_series(0, 8) i;
INSERT INTO likes SELECT i, i FROM generate_series(1, 8) i;
INSERT INTO shares SELECT i, i FROM generate_series(1, 8) i;
DELETE FROM users WHERE id = 1;
DELETE FROM users WHERE id = 2;
SELECT * FROM likes WHERE id > 6 ORDER BY id;
SELECT * FROM shares WHERE id > 6 ORDER BY id;
\set VERBOSITY terse
-- SET NULL by an UPDATE of the key takes no row
CREATE TABLE old_key (id int PRIMARY KEY);
CREATE TABLE has_old (id int, k int REFERENCES old_key ON UPDATE SET NULL ON DELETE SET NULL);
INSERT INTO old_key VALUES (1), (2);
INSERT INTO has_old SELECT i, i % 2 + 1 FROM generate_series(1, 24) i;
BEGIN;
UPDATE old_key SET id = 3 WHERE id = 1;
SELECT count(k) FROM has_old;
ROLLBACK;
DELETE FROM old_key WHERE id = 1;
SELECT detail FROM schemaguard.refused ORDER BY id DESC LIMIT 1;
-- a table that points to itself
CREATE TABLE tree (id int PRIMARY KEY, up int REFERENCES tree ON DELETE CASCADE);
INSERT INTO tree SELECT i, nullif(i - 1, 0) FROM generate_series(1, 12) i;
DELETE FROM tree WHERE id = 2;
SELECT detail FROM schemaguard.refused ORDER BY id DESC LIMIT 1;
DELETE FROM tree WHERE id = 3;
SELECT count(*) FROM tree;

-- however it is reached
WITH d AS (DELETE FROM plain WHERE id > 9 RETURNING id) SELECT count(*) FROM d;
WITH d AS (DELETE FROM plain WHERE id > 9) SELECT 1 AS one;
SELECT detail FROM schemaguard.refused ORDER BY id DESC LIMIT 1;
WITH d AS (DELETE FROM tree RETURNING id), e AS (DELETE FROM plain WHERE id <= 9) DELETE FROM plain WHERE id IN (SELECT id + 9 FROM d);
SELECT detail FROM schemaguard.refused ORDER BY id DESC LIMIT 1;
BEGIN;
WITH d AS (DELETE FROM plain WHERE id > 11 RETURNING id) SELECT count(*) FROM d;
WITH d AS (DELETE FROM plain WHERE id = 1) DELETE FROM plain WHERE id = 2;
-- the command's tag stays what it was
\unset QUIET
WITH d AS (DELETE FROM plain WHERE id < 5) DELETE FROM plain WHERE id = 5;
WITH d AS (DELETE FROM plain WHERE id < 8) UPDATE plain SET v = 'x' WHERE id = 8;
\set QUIET on
ROLLBACK;
CREATE FUNCTION one_by_one(n int) RETURNS void LANGUAGE plpgsql AS
$$ BEGIN FOR i IN 1..n LOOP DELETE FROM plain WHERE id = i; END LOOP; END $$;
SELECT one_by_one(11);
SELECT detail FROM schemaguard.refused ORDER BY id DESC LIMIT 1;
DO $$ BEGIN FOR i IN 1..11 LOOP DELETE FROM plain WHERE id = i; END LOOP; END $$;
SELECT statement, detail FROM schemaguard.refused ORDER BY id DESC LIMIT 1;
BEGIN;
SELECT one_by_one(10);
DO $$ BEGIN FOR i IN 11..20 LOOP DELETE FROM plain WHERE id = i; END LOOP; END $$;
SELECT count(*) FROM plain;
ROLLBACK;
-- in one message, each by itself
BEGIN\; DO $$ BEGIN DELETE FROM plain WHERE id < 7; END $$\; DO $$ BEGIN DELETE FROM plain WHERE id < 14; END $$\; DELETE FROM plain WHERE id < 19\; ROLLBACK;
CREATE FUNCTION by_sql(n int) RETURNS void LANGUAGE sql AS 'DELETE FROM plain WHERE id <= n; DELETE FROM plain WHERE id > n AND id <= n + 1';
SELECT by_sql(10);
SELECT by_sql(5) \g (format=unaligned tuples_only=on)
SELECT count(*) FROM plain;
INSERT INTO plain SELECT i, 'v' FROM generate_series(1, 6) i;
DO $$
DECLARE gone int;
BEGIN
  FOR gone IN DELETE FROM plain WHERE id < 12 RETURNING id LOOP NULL; END LOOP;
END $$;
PREPARE away (int) AS DELETE FROM plain WHERE id <= $1;
EXECUTE away(11);
BEGIN;
EXECUTE away(10);
ROLLBACK;
EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) DELETE FROM plain;
EXPLAIN (COSTS OFF) DELETE FROM plain;
COPY (DELETE FROM plain RETURNING id) TO STDOUT;
-- a cursor that is left to the end
BEGIN;
DECLARE c CURSOR FOR SELECT one_by_one(11);
FETCH c;
COMMIT;
SELECT count(*) FROM plain;

-- MERGE: only what it deletes
CREATE TABLE news (id int);
INSERT INTO news SELECT generate_series(1, 40);
MERGE INTO plain USING news ON plain.id = news.id WHEN MATCHED AND plain.id > 9 THEN DELETE WHEN MATCHED THEN UPDATE SET v = 'm' WHEN NOT MATCHED THEN INSERT VALUES (news.id, 'new');
SELECT detail FROM schemaguard.refused ORDER BY id DESC LIMIT 1;
BEGIN;
MERGE INTO plain USING news ON plain.id = news.id WHEN MATCHED AND plain.id > 10 THEN DELETE WHEN MATCHED THEN UPDATE SET v = 'm' WHEN NOT MATCHED THEN INSERT VALUES (news.id, 'new');
SELECT count(*), count(*) FILTER (WHERE v = 'm') AS merged FROM plain;
ROLLBACK;

-- triggers: what they delete, and what they prevent
CREATE TABLE head (id int PRIMARY KEY);
CREATE TABLE detail (head int, n int);
INSERT INTO head VALUES (1), (2);
INSERT INTO detail SELECT 1 + (i > 10)::int, i FROM generate_series(1, 16) i;
CREATE FUNCTION sweep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN DELETE FROM detail WHERE head = OLD.id; RETURN OLD; END';
CREATE TRIGGER sweep AFTER DELETE ON head FOR EACH ROW EXECUTE FUNCTION sweep();
DELETE FROM head WHERE id = 1;
SELECT detail FROM schemaguard.refused ORDER BY id DESC LIMIT 1;
ALTER TABLE head DISABLE TRIGGER sweep;
CREATE TRIGGER sweep_before BEFORE DELETE ON head FOR EACH ROW EXECUTE FUNCTION sweep();
DELETE FROM head WHERE id = 1;
SELECT detail FROM schemaguard.refused ORDER BY id DESC LIMIT 1;
DELETE FROM head WHERE id = 2;
CREATE FUNCTION never() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TRIGGER never BEFORE DELETE ON detail FOR EACH ROW EXECUTE FUNCTION never();
INSERT INTO detail SELECT 3, i FROM generate_series(1, 30) i;
DELETE FROM detail;
SELECT count(*) FROM detail;
-- deferred, at commit
DROP TRIGGER never ON detail;
CREATE TABLE late_head (id int PRIMARY KEY);
INSERT INTO late_head VALUES (1), (3);
CREATE CONSTRAINT TRIGGER late AFTER DELETE ON late_head DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION sweep();
BEGIN;
DELETE FROM late_head WHERE id = 3;
SELECT count(*) FROM late_head;
COMMIT;
SELECT detail FROM schemaguard.refused ORDER BY id DESC LIMIT 1;
SELECT count(*) FROM late_head;
DELETE FROM late_head WHERE id = 3;
SELECT count(*) FROM late_head;
BEGIN;
DELETE FROM late_head WHERE id = 1;
COMMIT;
-- a deferrable foreign key: its CASCADE is never deferred
CREATE TABLE d_head (id int PRIMARY KEY);
CREATE TABLE d_row (id int REFERENCES d_head ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED);
INSERT INTO d_head VALUES (1);
INSERT INTO d_row SELECT 1 FROM generate_series(1, 10);
BEGIN;
DELETE FROM d_head;
COMMIT;

-- what a savepoint takes back has not gone
BEGIN;
SAVEPOINT s;
DELETE FROM plain WHERE id <= 9;
ROLLBACK TO s;
DELETE FROM plain WHERE id <= 10;
ROLLBACK;
DO $$
BEGIN
  BEGIN
    DELETE FROM plain WHERE id <= 9;
    RAISE division_by_zero;
  EXCEPTION WHEN division_by_zero THEN NULL;
  END;
  DELETE FROM plain WHERE id <= 9;
  RAISE EXCEPTION 'nine are gone';
END $$;
DO $$
BEGIN
  BEGIN
    DELETE FROM plain WHERE id <= 9;
  EXCEPTION WHEN division_by_zero THEN NULL;
  END;
  DELETE FROM plain WHERE id IN (10, 11);
END $$;
-- a great many of them, each released
CREATE TABLE many AS SELECT generate_series(1, 3000) AS id;
DO $$
BEGIN
  FOR i IN 1..3000 LOOP
    BEGIN
      DELETE FROM many WHERE id = i AND id % 300 = 0;
    EXCEPTION WHEN division_by_zero THEN NULL;
    END;
  END LOOP;
  BEGIN
    DELETE FROM many WHERE id = 1;
  EXCEPTION WHEN OTHERS THEN
    RAISE WARNING '%', SQLERRM;
  END;
END $$;
SELECT count(*) FROM many;
CREATE FUNCTION tries() RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  BEGIN
    DELETE FROM plain WHERE id <= 9;
    RAISE division_by_zero;
  EXCEPTION WHEN division_by_zero THEN NULL;
  END;
  DELETE FROM plain WHERE id <= 3;
  RETURN 'three are gone';
END $$;
BEGIN;
SELECT tries();
ROLLBACK;
SELECT count(*) FROM plain;

-- partitions: under the table that is named; rows that move stay
CREATE TABLE part (k int, v int) PARTITION BY RANGE (k);
CREATE TABLE part_1 PARTITION OF part FOR VALUES FROM (0) TO (100);
CREATE TABLE part_2 PARTITION OF part FOR VALUES FROM (100) TO (200);
INSERT INTO part SELECT i FROM generate_series(1, 12) i;
UPDATE part SET k = k + 100;
UPDATE part SET k = k - 100 WHERE k > 106;
DELETE FROM part;
SELECT detail FROM schemaguard.refused ORDER BY id DESC LIMIT 1;
DELETE FROM part_1;
SELECT count(*) FROM part;
CREATE TABLE part_head (k int PRIMARY KEY) PARTITION BY RANGE (k);
CREATE TABLE part_head_1 PARTITION OF part_head FOR VALUES FROM (0) TO (100);
CREATE TABLE part_row (k int REFERENCES part_head ON DELETE CASCADE, n int) PARTITION BY RANGE (n);
CREATE TABLE part_row_1 PARTITION OF part_row FOR VALUES FROM (0) TO (10);
CREATE TABLE part_row_2 PARTITION OF part_row FOR VALUES FROM (10) TO (100);
INSERT INTO part_head VALUES (1);
INSERT INTO part_row SELECT 1, i FROM generate_series(1, 15) i;
DELETE FROM part_head WHERE k = 1;
SELECT detail FROM schemaguard.refused ORDER BY id DESC LIMIT 1;
DELETE FROM part_head_1 WHERE k = 1;
SELECT detail FROM schemaguard.refused ORDER BY id DESC LIMIT 1;

-- nobody's loss: temporary, made in this transaction, a view's rows
CREATE TEMP TABLE tmp AS SELECT generate_series(1, 30) AS id;
DELETE FROM tmp;
BEGIN;
CREATE TABLE fresh AS SELECT generate_series(1, 30) AS id;
DELETE FROM fresh;
COMMIT;
CREATE VIEW shown AS SELECT id FROM news;
CREATE TRIGGER never INSTEAD OF DELETE ON shown FOR EACH ROW EXECUTE FUNCTION never();
DELETE FROM shown;
CREATE VIEW simple AS SELECT id FROM news;
DELETE FROM simple;
CREATE MATERIALIZED VIEW computed AS SELECT id, 1 AS n FROM news;
CREATE UNIQUE INDEX ON computed (id);
BEGIN;
UPDATE news SET id = id + 1000;
REFRESH MATERIALIZED VIEW CONCURRENTLY computed;
SELECT min(id) FROM computed;
ROLLBACK;
-- a rule makes others of it
CREATE TABLE trail (id int);
INSERT INTO trail SELECT generate_series(1, 8);
CREATE VIEW both_of AS SELECT id FROM news;
CREATE RULE one AS ON DELETE TO both_of DO INSTEAD (DELETE FROM trail WHERE id = OLD.id; DELETE FROM news WHERE id = OLD.id);
DELETE FROM both_of WHERE id <= 8;
SELECT detail FROM schemaguard.refused ORDER BY id DESC LIMIT 1;
BEGIN;
DELETE FROM both_of WHERE id <= 5;
DELETE FROM both_of WHERE id <= 8;
SELECT (SELECT count(*) FROM news) AS news, (SELECT count(*) FROM trail) AS trail;
ROLLBACK;

-- a procedure that commits is counted by its transactions
CREATE PROCEDURE in_two() LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM news WHERE id <= 8;
  COMMIT;
  DELETE FROM news WHERE id <= 16;
END $$;
CALL in_two();
CREATE PROCEDURE in_one() LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM news WHERE id <= 24;
  DELETE FROM news WHERE id <= 32;
END $$;
CALL in_one();
SELECT count(*) FROM news;

-- consent, for all of it
BEGIN;
SELECT schemaguard.accept_data_loss('they have left');
DELETE FROM users WHERE id = 1;
DO $$ BEGIN DELETE FROM plain WHERE id <= 8; DELETE FROM plain WHERE id <= 16; DELETE FROM plain WHERE id = 17; END $$;
COMMIT;
SELECT command_tag, object, verdict, rule, reason FROM schemaguard.ddl_log WHERE verdict = 'accepted' ORDER BY id;
SELECT DISTINCT statement_id IS NOT NULL AS kept, statement, detail FROM schemaguard.ddl_log WHERE verdict = 'accepted' AND detail IS NOT NULL ORDER BY statement;
BEGIN;
SELECT schemaguard.accept_data_loss('not needed');
DELETE FROM plain WHERE id = 18;
COMMIT;

-- the limit 0, other modes, off
\c - postgres
\set SHOW_CONTEXT never
\set VERBOSITY terse
INSERT INTO plain SELECT i, 'v' FROM generate_series(1, 30) i ON CONFLICT DO NOTHING;
SET schemaguard.max_rows_lost = 0;
DELETE FROM plain WHERE id = 19;
DELETE FROM plain WHERE id = 1900;
SET schemaguard.max_rows_lost = 1;
-- no statistics are needed
SET track_counts = off;
DELETE FROM plain WHERE id IN (19, 20);
RESET track_counts;
SET schemaguard.mode = warn;
DELETE FROM plain WHERE id IN (19, 20);
DO $$ BEGIN DELETE FROM plain WHERE id = 21; DELETE FROM plain WHERE id = 22; DELETE FROM plain WHERE id = 23; END $$;
SET schemaguard.mode = observe;
DELETE FROM plain WHERE id IN (24, 25);
SET schemaguard.mode = off;
DELETE FROM plain WHERE id IN (26, 27);
RESET schemaguard.mode;
SET schemaguard.max_rows_lost = -1;
DELETE FROM plain;
SELECT command_tag, object, verdict, statement, detail FROM schemaguard.ddl_log WHERE verdict IN ('warned', 'observed') ORDER BY id;
SELECT count(*) FROM plain;

-- Old rows count also behind a parent that is made for the purpose.
CREATE TABLE old_rows AS SELECT generate_series(1, 20) AS id;
CREATE TABLE old_heirs AS SELECT generate_series(1, 20) AS id;
SET schemaguard.max_rows_lost = 10;
BEGIN;
CREATE TABLE new_root (id int) PARTITION BY LIST (id);
ALTER TABLE new_root ATTACH PARTITION old_rows DEFAULT;
DELETE FROM new_root;
ROLLBACK;
SET schemaguard.require_where = on;
BEGIN;
CREATE TABLE new_parent (id int);
ALTER TABLE old_heirs INHERIT new_parent;
DELETE FROM new_parent;
ROLLBACK;
BEGIN;
CREATE TABLE new_alone (id int);
INSERT INTO new_alone SELECT generate_series(1, 20);
DELETE FROM new_alone;
ROLLBACK;

SET client_min_messages = error;
BEGIN;
SELECT schemaguard.accept_data_loss('end of the test');
DROP OWNED BY sg_rows CASCADE;
COMMIT;
DROP ROLE sg_rows;
