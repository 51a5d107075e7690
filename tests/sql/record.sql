-- Each DDL statement that commits leaves a row for each object; nothing else does.
\set SHOW_CONTEXT never
CREATE EXTENSION schemaguard;
SET client_min_messages = warning;
SELECT current_database() AS db \gset
-- what has been recorded since the last call
CREATE TABLE seen (upto bigint);
CREATE FUNCTION news() RETURNS TABLE (tag text, action text, type text, object text, parts text[], statement text)
LANGUAGE sql AS $$
  WITH new AS (SELECT * FROM schemaguard.ddl_log WHERE id > (SELECT coalesce(max(upto), 0) FROM seen)),
       noted AS (INSERT INTO seen SELECT max(id) FROM new HAVING count(*) > 0)
  SELECT command_tag, action, object_type, object, (SELECT array_agg(p ORDER BY p) FROM unnest(parts) AS p), statement FROM new ORDER BY id
$$;
SELECT tag, action, type, object, parts FROM news();

--
-- Objects
--
CREATE TABLE users (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  email text NOT NULL UNIQUE,
  name varchar(50) DEFAULT 'x'
);
CREATE TABLE posts (id serial PRIMARY KEY, author bigint REFERENCES users);
CREATE INDEX posts_author_idx ON posts (author);
CREATE UNIQUE INDEX ON posts (id, author);
CREATE SEQUENCE counter START 5;
CREATE VIEW names AS SELECT name FROM users;
CREATE MATERIALIZED VIEW emails AS SELECT email FROM users;
CREATE TABLE copied AS SELECT * FROM users;
SELECT * INTO selected FROM users;
CREATE FUNCTION greet(who text, n int DEFAULT 1) RETURNS text LANGUAGE sql AS $$ SELECT 'hi; ' || who $$;
CREATE PROCEDURE tidy() LANGUAGE plpgsql AS $$ BEGIN NULL; END $$;
CREATE AGGREGATE sum2(int) (sfunc = int4pl, stype = int);
CREATE TYPE mood AS ENUM ('sad', 'happy');
CREATE TYPE pair AS (a int, b text);
CREATE TYPE span AS RANGE (subtype = int4);
CREATE DOMAIN email AS text CHECK (VALUE LIKE '%@%');
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE TRIGGER touched BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION touch();
CREATE POLICY own ON users USING (true);
CREATE RULE quiet AS ON DELETE TO posts DO INSTEAD NOTHING;
CREATE EXTENSION citext;
CREATE SCHEMA app;
CREATE OPERATOR === (LEFTARG = int, RIGHTARG = int, FUNCTION = int4eq);
CREATE CAST (mood AS int) WITH INOUT;
CREATE COLLATION german (locale = 'C');
CREATE STATISTICS stat ON id, author FROM posts;
SET client_min_messages = error;
CREATE PUBLICATION pub FOR TABLE users;
SET client_min_messages = warning;
SELECT tag, action, type, object, parts, left(statement, 20) AS statement FROM news();

-- a schema with its elements
CREATE SCHEMA shop
  CREATE TABLE item (id int PRIMARY KEY, name text)
  CREATE VIEW item_names AS SELECT name FROM item
  CREATE INDEX item_name_idx ON item (name);
SELECT tag, type, object, left(statement, 18) AS statement FROM news();

-- ALTER: what of the table was touched
ALTER TABLE users ADD COLUMN age int CHECK (age > 0), ALTER id TYPE int, ALTER email DROP NOT NULL;
ALTER TABLE users ALTER name SET DEFAULT 'y';
ALTER TABLE users ADD CONSTRAINT name_len CHECK (length(name) < 100) NOT VALID;
ALTER TABLE users VALIDATE CONSTRAINT name_len;
ALTER TABLE users RENAME COLUMN age TO years;
ALTER TABLE users RENAME CONSTRAINT name_len TO name_length;
ALTER TABLE users RENAME TO people;
ALTER TABLE people DROP CONSTRAINT name_length;
ALTER TABLE people DROP COLUMN years;
ALTER TABLE people ENABLE ROW LEVEL SECURITY;
ALTER TABLE people DISABLE TRIGGER touched;
ALTER TABLE people SET SCHEMA app;
ALTER INDEX posts_author_idx RENAME TO by_author;
ALTER SEQUENCE counter INCREMENT 2;
ALTER VIEW names RENAME TO all_names;
ALTER FUNCTION greet(text, int) STRICT;
ALTER TYPE mood ADD VALUE 'so so' BEFORE 'happy';
ALTER TYPE mood RENAME VALUE 'sad' TO 'blue';
ALTER TYPE pair ADD ATTRIBUTE c int;
ALTER DOMAIN email ADD CONSTRAINT short CHECK (length(VALUE) < 100);
ALTER SCHEMA shop RENAME TO store;
ALTER EXTENSION citext SET SCHEMA app;
ALTER DEFAULT PRIVILEGES IN SCHEMA app GRANT SELECT ON TABLES TO public;
SELECT * FROM news();

-- partitions
CREATE TABLE log (at date, v text) PARTITION BY RANGE (at);
CREATE TABLE log_2026 PARTITION OF log FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
CREATE TABLE log_2027 (at date, v text);
ALTER TABLE log ATTACH PARTITION log_2027 FOR VALUES FROM ('2027-01-01') TO ('2028-01-01');
CREATE INDEX ON log (at);
ALTER TABLE log DETACH PARTITION log_2027;
DROP TABLE log;
SELECT * FROM news();

-- comments and grants
CREATE ROLE sg_record;
COMMENT ON TABLE posts IS 'what people write';
COMMENT ON COLUMN posts.id IS 'number';
COMMENT ON CONSTRAINT posts_pkey ON posts IS 'key';
COMMENT ON FUNCTION greet(text, int) IS 'says hi';
GRANT SELECT ON posts, app.people TO sg_record;
GRANT UPDATE (author) ON posts TO sg_record;
GRANT USAGE ON SCHEMA app TO sg_record;
GRANT EXECUTE ON FUNCTION greet(text, int) TO sg_record;
GRANT USAGE ON SEQUENCE counter TO sg_record;
REVOKE SELECT ON posts FROM sg_record;
SELECT * FROM news();

-- without a transaction around them
CREATE INDEX CONCURRENTLY by_id ON posts (id);
DROP INDEX CONCURRENTLY by_id;
REFRESH MATERIALIZED VIEW emails;
SELECT * FROM news();

-- drops: what was asked for, and what went along
CREATE VIEW on_posts AS SELECT id FROM posts;
CREATE VIEW on_view AS SELECT id FROM on_posts;
SELECT count(*) FROM news();
DROP TABLE posts CASCADE;
DROP ROUTINE greet, tidy;
DROP FUNCTION IF EXISTS nowhere();
DROP SCHEMA store CASCADE;
DROP TYPE mood CASCADE;
DROP EXTENSION citext;
SELECT * FROM news();

--
-- What does not leave a row
--
BEGIN;
CREATE TABLE rolled_back (id int);
ROLLBACK;
BEGIN;
CREATE TABLE kept_1 (id int);
SAVEPOINT s;
CREATE TABLE rolled_back (id int);
ROLLBACK TO s;
SAVEPOINT t;
CREATE TABLE kept_2 (id int);
RELEASE t;
COMMIT;
DO $$
BEGIN
  CREATE TABLE kept_3 (id int);
  BEGIN
    CREATE TABLE rolled_back (id int);
    RAISE division_by_zero;
  EXCEPTION WHEN division_by_zero THEN NULL;
  END;
END $$;
CREATE TABLE failed (id int, id int);
CREATE TABLE kept_1 (id int);
CREATE TABLE IF NOT EXISTS kept_1 (id int);
DROP TABLE IF EXISTS rolled_back;
SELECT tag, object, statement FROM news();
-- temporary objects and all that is on them
CREATE TEMP TABLE tmp (id int PRIMARY KEY, v text DEFAULT 'x', CHECK (id > 0));
CREATE INDEX ON tmp (v);
CREATE TRIGGER touched BEFORE UPDATE ON tmp FOR EACH ROW EXECUTE FUNCTION touch();
CREATE VIEW on_tmp AS SELECT * FROM tmp;
CREATE FUNCTION pg_temp.f() RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE TYPE pg_temp.tt AS ENUM ('a');
CREATE TEMP SEQUENCE ts;
COMMENT ON TABLE tmp IS 'x';
COMMENT ON COLUMN tmp.id IS 'x';
GRANT SELECT ON tmp TO sg_record;
ALTER TABLE tmp ADD COLUMN w int;
ALTER TABLE tmp DROP COLUMN w;
CREATE POLICY own ON tmp USING (true);
CREATE RULE quiet AS ON DELETE TO tmp DO INSTEAD NOTHING;
DROP RULE quiet ON tmp;
DROP POLICY own ON tmp;
DROP TRIGGER touched ON tmp;
ALTER TABLE tmp DROP CONSTRAINT tmp_id_check;
DROP VIEW on_tmp;
DROP FUNCTION pg_temp.f();
DROP TYPE pg_temp.tt;
DROP SEQUENCE ts;
DROP TABLE tmp;
SELECT * INTO TEMP tmp2 FROM kept_1;
CREATE TEMP TABLE tmp3 ON COMMIT DROP AS SELECT 1 AS n;
DISCARD TEMP;
SELECT * FROM news();
-- statements that are no DDL
INSERT INTO kept_1 VALUES (1);
ANALYZE kept_1;
VACUUM kept_1;
SET work_mem = '4MB';
LOCK TABLE kept_1;
SELECT * FROM news();

--
-- The exact words
--
CREATE TABLE "Ünï" (id int)  ; -- a comment behind
SELECT statement FROM news();
/* before */ CREATE TABLE w1 (id int /* inside; */) /* behind */;
SELECT statement FROM news();
CREATE TABLE w2 (a int)\; CREATE TABLE w3 (b text DEFAULT ';')\; -- between
CREATE FUNCTION w4() RETURNS text LANGUAGE sql AS $b$ SELECT ';' $b$\; ALTER TABLE w2 ADD c int\; SELECT 'no DDL'\; ALTER TABLE w2 ADD d int;
SELECT object, statement FROM news();
-- twins: the same text twice in one message, with another spelling of the same in between
CREATE TABLE twin (id int)\; DROP TABLE twin\; CREATE  TABLE  twin (id int)\; DROP TABLE twin\; CREATE TABLE twin (id int);
SELECT tag, statement FROM news();
-- longer than any buffer
SELECT 'CREATE TABLE long_one (id int DEFAULT ' || repeat('1 + ', 3000) || '1)' AS long \gset
:long;
SELECT object, length(statement) FROM news();
-- with parameters' names and prepared
PREPARE p AS SELECT 1;
CREATE TABLE w5 AS EXECUTE p;
SELECT statement FROM news();

-- nested: the statement's own words, and where it ran
SELECT count(*) FROM news();
CREATE FUNCTION nested(name text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  CREATE TABLE n1 (id int, v text DEFAULT 'it''s "quoted"');
  EXECUTE format('CREATE TABLE %I (id int); CREATE INDEX ON %1$I (id)', name);
END $$;
CREATE FUNCTION nested_sql() RETURNS void LANGUAGE sql AS $$
  CREATE TABLE n3 (id int);
  COMMENT ON TABLE n3 IS 'three';
$$;
DO $$ BEGIN PERFORM nested('n 2'); END $$;
SELECT nested_sql();
DO $$
DECLARE r text;
BEGIN
  FOREACH r IN ARRAY ARRAY['n5', 'n6'] LOOP
    EXECUTE 'CREATE TABLE ' || r || E' (id int)\n-- "quotes"\n';
  END LOOP;
END $$;
SELECT object, statement, context FROM schemaguard.ddl_log WHERE object ~ '^public\.n[0-9 ]' ORDER BY id;
SELECT count(*) FROM news();

-- secrets
CREATE EXTENSION postgres_fdw;
CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host 'h', dbname 'd');
CREATE USER MAPPING FOR sg_record SERVER far OPTIONS (user 'u', password 'top-secret-1');
ALTER USER MAPPING FOR sg_record SERVER far OPTIONS (SET password 'top-secret-2');
DO $$ BEGIN EXECUTE 'ALTER USER MAPPING FOR sg_record SERVER far OPTIONS (SET password ''top-secret-3'')'; END $$;
SET client_min_messages = error;
CREATE SUBSCRIPTION sub CONNECTION 'host=nowhere password=top-secret-4 dbname=x' PUBLICATION p WITH (connect = false);
ALTER SUBSCRIPTION sub SET (slot_name = NONE);
DROP SUBSCRIPTION sub;
SET client_min_messages = warning;
CREATE FUNCTION with_secret() RETURNS text LANGUAGE sql AS $$ SELECT 'postgres://u:top-secret-5@h/db' $$;
SELECT tag, object, statement FROM news();
SELECT count(*) FROM schemaguard.ddl_entry e WHERE e::text LIKE '%top-secret%';

--
-- What was there before
--
CREATE TABLE former (
  id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
  v varchar(20) COLLATE "C" DEFAULT 'x''y' NOT NULL,
  n numeric(10,2) CHECK (n > 0),
  g int GENERATED ALWAYS AS (1 + 1) STORED,
  UNIQUE (v, n)
);
CREATE INDEX former_v ON former (lower(v)) WHERE n > 1;
CREATE VIEW former_view AS SELECT id, v FROM former WHERE n > 0;
CREATE MATERIALIZED VIEW former_mat AS SELECT v FROM former;
CREATE FUNCTION former_f(a int) RETURNS int LANGUAGE sql AS $$ SELECT a + 1 $$;
CREATE TYPE former_enum AS ENUM ('it''s', 'two');
CREATE DOMAIN former_domain AS numeric(5,1) DEFAULT 1 NOT NULL CONSTRAINT positive CHECK (VALUE > 0);
CREATE TYPE former_type AS (a int, b text COLLATE "C");
CREATE TYPE former_range AS RANGE (subtype = float8, subtype_diff = float8mi);
CREATE SEQUENCE former_seq AS int INCREMENT 5 MINVALUE 10 MAXVALUE 1000 START 20 CACHE 3 CYCLE;
CREATE FUNCTION former_tf() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE TRIGGER former_trigger BEFORE INSERT ON former FOR EACH ROW EXECUTE FUNCTION former_tf();
CREATE POLICY former_policy ON former FOR SELECT USING (n > 5);
CREATE RULE former_rule AS ON DELETE TO former DO INSTEAD NOTHING;
CREATE AGGREGATE former_agg(int) (sfunc = int4pl, stype = int, initcond = '0');
CREATE UNLOGGED TABLE former_unlogged (id int);
CREATE TABLE former_parted (k int, v text) PARTITION BY LIST (k);
CREATE TABLE former_part PARTITION OF former_parted (PRIMARY KEY (k)) FOR VALUES IN (1, 2);
SELECT count(*) FROM news();
CREATE OR REPLACE VIEW former_view AS SELECT id, v, n FROM former;
CREATE OR REPLACE FUNCTION former_f(a int) RETURNS int LANGUAGE sql AS $$ SELECT a + 2 $$;
CREATE OR REPLACE TRIGGER former_trigger AFTER INSERT ON former FOR EACH ROW EXECUTE FUNCTION former_tf();
CREATE OR REPLACE RULE former_rule AS ON DELETE TO former DO ALSO NOTHING;
ALTER TABLE former DROP CONSTRAINT former_v_n_key;
ALTER TABLE former DROP CONSTRAINT former_n_check;
DROP INDEX former_v;
DROP TRIGGER former_trigger ON former;
DROP POLICY former_policy ON former;
DROP RULE former_rule ON former;
DROP MATERIALIZED VIEW former_mat;
DROP VIEW former_view;
ALTER TABLE former DROP COLUMN v;
CREATE INDEX former_n ON former (n);
CREATE TRIGGER again BEFORE INSERT ON former FOR EACH ROW EXECUTE FUNCTION former_tf();
DROP TABLE former;
DROP FUNCTION former_f(int);
DROP AGGREGATE former_agg(int);
DROP TYPE former_enum;
DROP DOMAIN former_domain;
DROP TYPE former_type;
DROP TYPE former_range;
DROP SEQUENCE former_seq;
DROP TABLE former_unlogged;
DROP TABLE former_part;
DROP TABLE former_parted;
-- (before 16, columns of views are always qualified)
SELECT command_tag, object, replace(former_definition, 'former.', '') AS former_definition FROM schemaguard.ddl_log
 WHERE former_definition IS NOT NULL AND object LIKE '%former%' AND object !~ 'policy|_agg|_range|_rule' ORDER BY id;
SELECT former_definition LIKE '%subtype = double precision%' AND former_definition LIKE '%subtype_diff = %float8mi%' AS range
  FROM schemaguard.ddl_log WHERE action = 'drop' AND object = 'public.former_range';
SELECT former_definition LIKE '%DO INSTEAD NOTHING%' AS replaced_rule FROM schemaguard.ddl_log WHERE command_tag = 'CREATE RULE' AND object LIKE '%former_rule' ORDER BY id DESC LIMIT 1;
-- none of them without
SELECT command_tag, object_type, object FROM schemaguard.ddl_log
 WHERE action = 'drop' AND object LIKE '%former%' AND former_definition IS NULL ORDER BY id;
SELECT count(*) FROM news();

--
-- Who, where, how
--
GRANT CREATE ON SCHEMA public TO sg_record;
SET application_name = 'deploy "1"';
SET search_path = app, "We ird", public;
SET ROLE sg_record;
CREATE TABLE public.who1 (id int);
RESET ROLE;
CREATE FUNCTION public.definer() RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$ BEGIN CREATE TABLE public.who2 (id int); END $$;
SET ROLE sg_record;
SELECT public.definer();
RESET ROLE;
SET SESSION AUTHORIZATION sg_record;
CREATE TABLE public.who3 (id int);
RESET SESSION AUTHORIZATION;
RESET search_path;
RESET application_name;
SELECT object, session_user_name, current_user_name, application_name, search_path, database = :'db' AS database,
       backend_pid = pg_backend_pid() AS pid, client_addr, at BETWEEN now() - interval '1 minute' AND now() AS at, verdict
  FROM schemaguard.ddl_log WHERE object LIKE '%.who%' ORDER BY id;
-- the transaction's own number
BEGIN;
CREATE TABLE tx1 (id int);
CREATE TABLE tx2 (id int);
SELECT count(DISTINCT transaction) = 1 AND min(transaction::text) = pg_current_xact_id()::text AS same
  FROM schemaguard.ddl_log WHERE object LIKE 'public.tx_';
COMMIT;
-- the application's sequences
CREATE SEQUENCE app_seq;
SELECT nextval('app_seq');
CREATE TABLE between_1 (id int);
DROP TABLE between_1;
SELECT lastval(), currval('app_seq');
-- ids go up, and are unique
SELECT count(*) = count(DISTINCT id) AS "unique", bool_and(statement_id <= id) AS "order" FROM schemaguard.ddl_log;
-- a FOUND and a row count of the application are left alone
DO $$
DECLARE n int;
BEGIN
  PERFORM 1 WHERE false;
  CREATE TABLE found_1 (id int);
  IF FOUND THEN RAISE EXCEPTION 'FOUND was changed'; END IF;
END $$;

-- the same under replica
SET session_replication_role = replica;
CREATE TABLE in_replica (id int);
RESET session_replication_role;
SELECT object FROM schemaguard.ddl_log WHERE object = 'public.in_replica';
-- read only transactions are left alone
BEGIN READ ONLY;
SELECT count(*) > 0 FROM schemaguard.ddl_log;
COMMIT;
SELECT count(*) FROM news();

--
-- Who may read it, who may change it
--
SET ROLE sg_record;
SELECT count(*) FROM schemaguard.ddl_log;
SELECT count(*) FROM schemaguard.refused;
SELECT count(*) FROM schemaguard.ddl_entry;
SELECT count(*) FROM schemaguard.declared;
DELETE FROM schemaguard.ddl_log;
RESET ROLE;
GRANT SELECT ON schemaguard.ddl_log, schemaguard.refused TO sg_record;
SET ROLE sg_record;
SELECT count(*) > 100 FROM schemaguard.ddl_log;
SELECT count(*) FROM schemaguard.refused;
UPDATE schemaguard.ddl_log SET statement = 'nothing';
DELETE FROM schemaguard.ddl_entry;
INSERT INTO schemaguard.ddl_entry (id) VALUES (1);
UPDATE schemaguard.ddl_entry SET statement = '';
TRUNCATE schemaguard.ddl_entry;
ALTER TABLE schemaguard.ddl_entry DISABLE TRIGGER ALL;
RESET ROLE;

--
-- Size: a text is kept once
--
SELECT sum(length(statement)) AS before FROM schemaguard.ddl_entry \gset
SELECT 'CREATE SCHEMA fifty ' || string_agg(format('CREATE TABLE t%s (id int PRIMARY KEY, note text)', n), ' ') AS fifty FROM generate_series(1, 50) n \gset
:fifty;
SELECT sum(length(statement)) - :before BETWEEN 2000 AND 2 * length(:'fifty') AS once FROM schemaguard.ddl_entry;
SELECT count(*) FROM schemaguard.ddl_log WHERE object LIKE 'fifty.t%' AND object_type = 'table';
SELECT sum(length(statement)) AS before FROM schemaguard.ddl_entry \gset
SELECT 'DO $$ BEGIN ' || string_agg(format('CREATE TABLE many_%s (id int);', n), ' ') || ' END $$' AS many FROM generate_series(1, 200) n \gset
:many;
SELECT sum(length(statement)) - :before < 2 * length(:'many') AS once FROM schemaguard.ddl_entry;
SELECT count(*), count(DISTINCT statement) FROM schemaguard.ddl_log WHERE object LIKE 'public.many_%';
SELECT sum(length(statement)) AS before FROM schemaguard.ddl_entry \gset
SELECT string_agg(format('CREATE TABLE script_%s (id int)', n), '\; ') AS script FROM generate_series(1, 200) n \gset
:script;
SELECT sum(length(statement)) - :before < 2 * length(:'script') AS once FROM schemaguard.ddl_entry;
SELECT count(*), count(DISTINCT statement) FROM schemaguard.ddl_log WHERE object LIKE 'public.script_%';

--
-- Event triggers of others, before and after ours in the order of names
--
CREATE TABLE theirs (tag text, n int);
CREATE FUNCTION their_end() RETURNS event_trigger LANGUAGE plpgsql AS $$
BEGIN INSERT INTO theirs SELECT tg_tag, count(*) FROM pg_event_trigger_ddl_commands(); END $$;
CREATE FUNCTION their_drop() RETURNS event_trigger LANGUAGE plpgsql AS $$
BEGIN INSERT INTO theirs SELECT tg_tag || ' ' || object_identity, 1 FROM pg_event_trigger_dropped_objects() WHERE original; END $$;
CREATE EVENT TRIGGER aaa_end ON ddl_command_end EXECUTE FUNCTION their_end();
CREATE EVENT TRIGGER zzz_end ON ddl_command_end EXECUTE FUNCTION their_end();
CREATE EVENT TRIGGER aaa_drop ON sql_drop EXECUTE FUNCTION their_drop();
CREATE EVENT TRIGGER zzz_drop ON sql_drop EXECUTE FUNCTION their_drop();
CREATE TABLE ev1 (id int);
DROP TABLE ev1;
CREATE TABLE ev2 AS SELECT 1 AS id;
DROP TABLE ev2;
SELECT * FROM theirs ORDER BY ctid;
SELECT command_tag, object, verdict FROM schemaguard.ddl_log WHERE object LIKE 'public.ev_' ORDER BY id;
-- one that refuses leaves no row of ours, one that runs DDL itself leaves both
CREATE FUNCTION refuses() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'not today'; END $$;
CREATE EVENT TRIGGER zzz_refuses ON ddl_command_end WHEN TAG IN ('CREATE VIEW') EXECUTE FUNCTION refuses();
CREATE VIEW ev3 AS SELECT 1 AS x;
DROP EVENT TRIGGER zzz_refuses;
CREATE FUNCTION runs_ddl() RETURNS event_trigger LANGUAGE plpgsql AS $$
BEGIN IF NOT EXISTS (SELECT FROM pg_class WHERE relname = 'ev5') THEN CREATE TABLE ev5 (id int); END IF; END $$;
CREATE EVENT TRIGGER aaa_runs ON ddl_command_end WHEN TAG IN ('CREATE TABLE') EXECUTE FUNCTION runs_ddl();
CREATE TABLE ev4 (id int);
DROP EVENT TRIGGER aaa_runs;
SELECT command_tag, object, statement FROM schemaguard.ddl_log WHERE object ~ 'public.ev[345]' ORDER BY object;
DROP EVENT TRIGGER aaa_end;
DROP EVENT TRIGGER zzz_end;
DROP EVENT TRIGGER aaa_drop;
DROP EVENT TRIGGER zzz_drop;

DROP OWNED BY sg_record;
DROP ROLE sg_record;
