-- TRUNCATE empties a table that holds rows only by consent; every table that would be emptied is named.
\set SHOW_CONTEXT never
CREATE EXTENSION schemaguard;
SET client_min_messages = warning;

-- one
CREATE TABLE t1 (id serial PRIMARY KEY, v text);
INSERT INTO t1 (v) VALUES ('a'), ('b');
TRUNCATE t1;
\echo :SQLSTATE
TRUNCATE TABLE ONLY t1 RESTART IDENTITY;
SELECT * FROM t1 ORDER BY id;
SELECT last_value FROM t1_id_seq;
-- empty
CREATE TABLE empty (id serial);
SELECT nextval('empty_id_seq');
TRUNCATE empty RESTART IDENTITY;
SELECT nextval('empty_id_seq');

-- many: all of them are named, empty ones are not
CREATE TABLE t2 (id int);
INSERT INTO t2 VALUES (1);
TRUNCATE empty, t1, t2;
SELECT (SELECT count(*) FROM t1) AS t1, (SELECT count(*) FROM t2) AS t2;

-- CASCADE: tables that point here, and those that point there
CREATE TABLE customer (id int PRIMARY KEY);
CREATE TABLE purchase (id int PRIMARY KEY, customer int REFERENCES customer);
CREATE TABLE line (id int, purchase int REFERENCES purchase);
CREATE TABLE empty_ref (purchase int REFERENCES purchase);
INSERT INTO customer VALUES (1), (2);
INSERT INTO purchase VALUES (10, 1);
INSERT INTO line VALUES (100, 10), (101, 10), (102, 10);
TRUNCATE customer;
TRUNCATE customer CASCADE;
TRUNCATE purchase CASCADE;
SELECT (SELECT count(*) FROM customer) AS customer, (SELECT count(*) FROM purchase) AS purchase, (SELECT count(*) FROM line) AS line;
-- only the cascade would lose something
CREATE TABLE lonely (id int PRIMARY KEY);
CREATE TABLE points (id int, lonely int REFERENCES lonely);
INSERT INTO points VALUES (1, NULL);
TRUNCATE lonely CASCADE;
SELECT count(*) FROM points;
DELETE FROM points;
TRUNCATE lonely CASCADE;

-- inheritance, ONLY
CREATE TABLE parent (id int);
CREATE TABLE child () INHERITS (parent);
INSERT INTO child VALUES (1);
TRUNCATE parent;
TRUNCATE ONLY parent;
SELECT count(*) FROM parent;
-- partitions, nested ones too
CREATE TABLE part (k int) PARTITION BY RANGE (k);
CREATE TABLE part_1 PARTITION OF part FOR VALUES FROM (0) TO (10) PARTITION BY RANGE (k);
CREATE TABLE part_1a PARTITION OF part_1 FOR VALUES FROM (0) TO (10);
CREATE TABLE part_2 PARTITION OF part FOR VALUES FROM (10) TO (20);
CREATE TABLE part_3 PARTITION OF part FOR VALUES FROM (20) TO (30);
INSERT INTO part VALUES (1), (2), (11);
TRUNCATE part;
TRUNCATE part_1;
TRUNCATE part_2;
TRUNCATE part_3;
SELECT count(*) FROM part;

-- temporary; made in the same transaction; made anew inside of it
CREATE TEMP TABLE tmp AS SELECT 1 AS n;
TRUNCATE tmp;
SELECT count(*) FROM tmp;
BEGIN;
CREATE TABLE fresh AS SELECT 1 AS n;
TRUNCATE fresh;
COMMIT;
SELECT count(*) FROM fresh;
BEGIN;
TRUNCATE fresh;
INSERT INTO fresh VALUES (1);
COMMIT;
BEGIN;
INSERT INTO fresh VALUES (2);
TRUNCATE fresh;
ROLLBACK;
SELECT * FROM fresh ORDER BY n;

-- however it is reached
DO $$ BEGIN TRUNCATE t1; END $$;
DO $$ BEGIN EXECUTE 'TRUNCATE t1, t2'; END $$;
CREATE FUNCTION by_plpgsql() RETURNS void LANGUAGE plpgsql AS 'BEGIN TRUNCATE t1; END';
SELECT by_plpgsql();
CREATE FUNCTION by_sql() RETURNS void LANGUAGE sql AS 'TRUNCATE t1';
SELECT by_sql();
CREATE ROLE sg_truncate;
CREATE FUNCTION by_definer() RETURNS void LANGUAGE plpgsql SECURITY DEFINER AS 'BEGIN TRUNCATE public.t1; END';
SET ROLE sg_truncate;
SELECT by_definer();
RESET ROLE;
SELECT 1 AS one\; TRUNCATE t1\; SELECT 2 AS two;
DO $$
BEGIN
  TRUNCATE t1;
EXCEPTION WHEN OTHERS THEN
  RAISE WARNING 'swallowed %', SQLSTATE;
END $$;
BEGIN;
SAVEPOINT a;
TRUNCATE t1;
ROLLBACK TO a;
TRUNCATE empty;
COMMIT;
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT 1 AS snapshot;
TRUNCATE t1;
ROLLBACK;
SET session_replication_role = replica;
TRUNCATE t1;
RESET session_replication_role;
-- row-level security hides rows from their owner, too: not from the guard
CREATE TABLE hidden (id int);
INSERT INTO hidden VALUES (1);
ALTER TABLE hidden ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY, OWNER TO sg_truncate;
SET ROLE sg_truncate;
SELECT count(*) FROM hidden;
TRUNCATE hidden;
RESET ROLE;
SELECT count(*) FROM hidden;

-- a role without the privilege gets the server's error and learns nothing
SET ROLE sg_truncate;
BEGIN;
TRUNCATE t1;
\echo :SQLSTATE
ROLLBACK;
BEGIN;
SAVEPOINT a;
TRUNCATE t1;
ROLLBACK TO a;
SELECT count(*) AS locks FROM pg_locks WHERE relation = 'public.t1'::regclass;
ROLLBACK;
-- neither about tables that come after one of its own
TRUNCATE hidden, t1;
RESET ROLE;
GRANT TRUNCATE ON customer TO sg_truncate;
SET ROLE sg_truncate;
TRUNCATE customer CASCADE;
RESET ROLE;
-- the parent's privilege is enough for the partitions: they are guarded all the same
GRANT TRUNCATE ON part, parent TO sg_truncate;
SET ROLE sg_truncate;
TRUNCATE part;
TRUNCATE parent;
RESET ROLE;
SELECT (SELECT count(*) FROM part) AS part, (SELECT count(*) FROM parent) AS parent;
-- nothing there to be truncated
TRUNCATE nowhere;
CREATE VIEW v AS SELECT 1 AS x;
TRUNCATE v;

-- foreign tables: the rows are on another server, and TRUNCATE deletes them there
CREATE EXTENSION postgres_fdw;
SELECT current_database() AS db, current_setting('unix_socket_directories') AS host \gset
CREATE SERVER loopback FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host :'host', dbname :'db', port '5432');
CREATE USER MAPPING FOR CURRENT_USER SERVER loopback OPTIONS (user 'postgres');
CREATE FOREIGN TABLE remote_t2 (id int) SERVER loopback OPTIONS (table_name 't2');
SELECT count(*) FROM remote_t2;
TRUNCATE remote_t2;
\echo :SQLSTATE
SELECT count(*) FROM t2;

-- with consent
BEGIN;
SELECT schemaguard.accept_data_loss('test data');
TRUNCATE customer, t1 CASCADE;
COMMIT;
SELECT (SELECT count(*) FROM t1) AS t1, (SELECT count(*) FROM line) AS line;
SELECT object, verdict, reason, statement FROM schemaguard.ddl_log
 WHERE command_tag LIKE 'TRUNCATE%' AND verdict = 'accepted' ORDER BY object;
TRUNCATE t1;

-- what was refused is in the record
SELECT rule, count(*) FROM schemaguard.refused GROUP BY rule ORDER BY 1;
SELECT command_tag, statement, context, current_user_name FROM schemaguard.refused ORDER BY id;

DROP FOREIGN TABLE remote_t2;
DROP OWNED BY sg_truncate;
REVOKE ALL ON customer, part, parent FROM sg_truncate;
TRUNCATE hidden;
DELETE FROM hidden;
DROP OWNED BY sg_truncate;
DROP ROLE sg_truncate;
