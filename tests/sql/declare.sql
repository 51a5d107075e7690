-- Declaring a schema: what is taken, what is refused, and where the error is.
\set SHOW_CONTEXT never
CREATE EXTENSION schemaguard;
SELECT current_database() AS db \gset
CREATE VIEW left_behind AS SELECT count(*) FROM pg_database WHERE datname LIKE 'schemaguard_scratch%';
-- what a version holds
CREATE FUNCTION declared(which bigint DEFAULT NULL) RETURNS TABLE (kind text, object text) LANGUAGE sql AS $$
  SELECT o.kind, array_to_string(o.identity, '.') FROM schemaguard.declared_object o
   WHERE o.version = coalesce(which, (SELECT max(version) FROM schemaguard.declared)) ORDER BY 1, 2
$$;
\t on
\a

--
-- Good texts
--
SELECT schemaguard.declare('CREATE TABLE users (id bigint PRIMARY KEY, email text NOT NULL UNIQUE);');
SELECT version, name, format, source, schemas, declared_by, declared_at BETWEEN now() - interval '1 minute' AND clock_timestamp() FROM schemaguard.declared;
SELECT identity, belongs_to, args, attributes FROM schemaguard.declared_object WHERE 'users_email_key' = ANY (identity);
-- nothing of it is in this database
SELECT to_regclass('users');
-- an empty one: no table is wanted
SELECT schemaguard.declare('');
SELECT schemaguard.declare(E'  -- nothing\n/* at all */ ;;');
-- versions count on; names have their own newest
SELECT schemaguard.declare('CREATE TABLE a (id int)', name => 'other');
SELECT schemaguard.declare('CREATE TABLE a (id int); CREATE TABLE b (id int)', name => 'other');
SELECT version, name FROM schemaguard.declared ORDER BY version;
-- everything that a text may hold
SELECT schemaguard.declare($text$
  CREATE SCHEMA app;
  CREATE TYPE app.mood AS ENUM ('sad', 'happy');
  CREATE DOMAIN app.email AS text CHECK (VALUE LIKE '%@%');
  CREATE TYPE app.pair AS (a int, b int);
  CREATE SEQUENCE app.counter;
  CREATE TABLE app.users (id serial PRIMARY KEY, m app.mood, e app.email, p app.pair);
  CREATE INDEX ON app.users (e);
  CREATE VIEW app.names AS SELECT e FROM app.users;
  CREATE MATERIALIZED VIEW app.moods AS SELECT m FROM app.users WITH NO DATA;
  CREATE FUNCTION app.f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
  CREATE TRIGGER t BEFORE UPDATE ON app.users FOR EACH ROW EXECUTE FUNCTION app.f();
  CREATE TABLE app.log (at date) PARTITION BY RANGE (at);
  CREATE TABLE app.log_1 PARTITION OF app.log FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
  ALTER TABLE app.users ENABLE ROW LEVEL SECURITY;
  CREATE POLICY own ON app.users USING (true);
  COMMENT ON TABLE app.users IS 'people';
  GRANT SELECT ON app.users TO PUBLIC;
  DO $$ BEGIN EXECUTE 'CREATE TABLE app.dynamic (id int)'; END $$;
  ALTER TABLE app.dynamic RENAME TO renamed;
  CREATE TABLE app.temporary_only (id int); DROP TABLE app.temporary_only;
  SET search_path = app; CREATE TABLE by_path (id int);
$text$, name => 'all');
SELECT * FROM declared();
SELECT schemas FROM schemaguard.declared WHERE name = 'all';
-- just some schemas of it
SELECT schemaguard.declare('CREATE SCHEMA a; CREATE SCHEMA b; CREATE TABLE a.t (id int); CREATE TABLE b.t (id int); CREATE TABLE public.t (id int)', name => 'some', schemas => ARRAY['b']);
SELECT * FROM declared();
SELECT schemas FROM schemaguard.declared WHERE name = 'some';
SELECT schemaguard.declare('CREATE TABLE t (id int)', name => 'some', schemas => ARRAY['nowhere']);
\echo :SQLSTATE
-- statements that can't run in a transaction block, and those that make one
SELECT schemaguard.declare('CREATE TABLE t (id int); CREATE INDEX CONCURRENTLY i ON t (id); VACUUM t; REINDEX INDEX CONCURRENTLY i;', name => 'conc');
SELECT * FROM declared();
SELECT schemaguard.declare('BEGIN; CREATE TABLE t (id int); SAVEPOINT s; CREATE TABLE u (id int); ROLLBACK TO s; COMMIT; START TRANSACTION; CREATE TABLE v (id int); ROLLBACK;', name => 'block');
SELECT * FROM declared();
SELECT schemaguard.declare('BEGIN; CREATE TABLE t (id int);', name => 'block');
\echo :SQLSTATE
-- the caller's search_path
CREATE SCHEMA other;
SET search_path = other, public;
SELECT schemaguard.declare('CREATE SCHEMA other; CREATE TABLE t (id int)', name => 'path');
SELECT * FROM declared();
RESET search_path;
DROP SCHEMA other;
-- it is the caller who builds
CREATE ROLE sg_declare LOGIN;
GRANT EXECUTE ON FUNCTION schemaguard.declare TO sg_declare;

--
-- Where the error is
--
SELECT schemaguard.declare($$CREATE TABLE a (id int);

  CREATE TABL b (id int);$$);
\echo :SQLSTATE
SELECT schemaguard.declare($$-- ünïcödé € 漢字
CREATE TABLE "tä€ble" (id int, "cölumn" nowhere);$$);
SELECT schemaguard.declare('CREATE TABLE a (id int); CREATE TABLE a (id int); CREATE TABLE c (id int);');
SELECT schemaguard.declare($$CREATE TABLE a (id int);
CREATE VIEW v AS
  SELECT id,
         missing
    FROM a;$$);
SELECT schemaguard.declare($$CREATE TABLE a (id int);
DO $x$
BEGIN
  CREATE TABLE b (id int);
  CREATE TABLE b (id int);
END $x$;$$);
SELECT schemaguard.declare($$CREATE TABLE a (id int);
CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $x$
  SELECT nowhere FROM a
$x$;$$);
SELECT schemaguard.declare('SELECT 1/0;');
SELECT schemaguard.declare('CREATE TABLE a (id int');
SELECT schemaguard.declare('CREATE TABLE a (id int) "unterminated');
SELECT schemaguard.declare('/* no end');
SELECT schemaguard.declare('CREATE TABLE a (id int REFERENCES b);');
SELECT schemaguard.declare(repeat(E'\n', 500) || '   SELEKT 1');
-- an error, and nothing is stored
SELECT max(version) AS v FROM schemaguard.declared \gset
SELECT schemaguard.declare('SELECT nonsense');
SELECT max(version) = :v FROM schemaguard.declared;
-- arguments
SELECT schemaguard.declare('CREATE TABLE a (id int)', 'yaml');
SELECT schemaguard.declare('CREATE TABLE a (id int)', name => ' ');
SELECT schemaguard.declare(NULL);
SELECT schemaguard.declare('CREATE TABLE a (id int)', NULL);
SELECT schemaguard.declare('CREATE TABLE a (id int)', name => NULL);
SELECT schemaguard.declare('CREATE TABLE a (id int)', schemas => '{}');

--
-- What is no schema
--
SELECT schemaguard.declare('CREATE TABLE a (id int); INSERT INTO a VALUES (1); UPDATE a SET id = 2; DELETE FROM a; TRUNCATE a;', name => 'data');
SELECT schemaguard.declare('CREATE TABLE a (id int); WITH x AS (SELECT 1) INSERT INTO a SELECT * FROM x;', name => 'data');
SELECT schemaguard.declare(E'CREATE TABLE a (id int);\nINSERT INTO elsewhere VALUES (1);');
\echo :SQLSTATE
SELECT schemaguard.declare('DROP TABLE not_declared');
SELECT schemaguard.declare('DROP TABLE IF EXISTS not_declared; CREATE TABLE d (id int)', name => 'data');
SELECT schemaguard.declare('CREATE ROLE sg_made');
SELECT schemaguard.declare(E'\n CREATE USER sg_made');
SELECT schemaguard.declare('ALTER ROLE sg_declare SUPERUSER');
SELECT schemaguard.declare('DROP ROLE sg_declare');
SELECT schemaguard.declare('GRANT pg_monitor TO sg_declare');
SELECT schemaguard.declare('ALTER SYSTEM SET work_mem = 1');
SELECT schemaguard.declare('CREATE TABLESPACE x LOCATION ''/tmp''');
SELECT schemaguard.declare('DROP DATABASE postgres');
SELECT schemaguard.declare('NOTIFY x');
SELECT schemaguard.declare('DROP OWNED BY sg_declare');
SELECT schemaguard.declare('COPY (SELECT 1) TO ''/tmp/x''');
SELECT schemaguard.declare('CREATE TABLE a (id int); COPY a TO ''/tmp/x''');
SELECT schemaguard.declare('COMMENT ON ROLE sg_declare IS ''x''');
SELECT schemaguard.declare('CREATE SUBSCRIPTION s CONNECTION ''x'' PUBLICATION p');
-- not by a DO block or a function either: roles belong to the whole server
SELECT schemaguard.declare('DO $$ BEGIN CREATE ROLE sg_made; END $$');
SELECT schemaguard.declare('CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$ BEGIN EXECUTE ''CREATE ROLE sg_made''; END $$; SELECT f()');
SELECT count(*) FROM pg_roles WHERE rolname = 'sg_made';
SELECT schemaguard.declare('DO $$ BEGIN ALTER ROLE sg_declare SUPERUSER; END $$');
SELECT rolsuper FROM pg_roles WHERE rolname = 'sg_declare';
-- left out with a notice: it speaks of this database, not of its schema
SELECT schemaguard.declare('ALTER DATABASE x SET work_mem = 1; COMMENT ON DATABASE x IS ''y''; CREATE TABLE a (id int); LOCK TABLE a;', name => 'data');

--
-- psql's own
--
SELECT schemaguard.declare($text$\restrict abc
\set ON_ERROR_STOP on
CREATE TABLE a (id int, v text);
\echo it's "quoted
COPY public.a (id, v) FROM stdin;
1	it's; $$ /* '
2	\\N "quoted"
\.
copy a from stdin;
3	x
\.

CREATE TABLE b (v text DEFAULT '
\not a command
');
\unrestrict abc
$text$, name => 'psql');
SELECT * FROM declared();
SELECT schemaguard.declare(E'CREATE TABLE a (id int);\n\\i other.sql\n', name => 'psql');
\echo :SQLSTATE
SELECT schemaguard.declare(E'\\if true\nCREATE TABLE a (id int);\n\\endif\n', name => 'psql');
SELECT schemaguard.declare(E'SELECT ''CREATE TABLE a (id int)''\n\\gexec\n', name => 'psql');
SELECT schemaguard.declare(E'CREATE TABLE a (id int);\n\\q\nnonsense\n', name => 'psql');
SELECT schemaguard.declare(E'CREATE TABLE a (id int);\nCOPY a FROM stdin;\n1\n', name => 'psql');
SELECT schemaguard.declare(E'CREATE TABLE a (id int);\r\nCOPY a FROM stdin;\r\n1\r\n\\.\r\nCREATE TABLE c (id int);\r\n', name => 'psql');
SELECT * FROM declared();

--
-- Extensions
--
CREATE EXTENSION citext;
CREATE SCHEMA ext;
CREATE EXTENSION hstore SCHEMA ext;
-- in the text; not in the text, but here
SELECT schemaguard.declare('CREATE EXTENSION citext; CREATE TABLE a (c citext);', name => 'ext');
SELECT schemaguard.declare('CREATE EXTENSION IF NOT EXISTS citext WITH SCHEMA public; CREATE TABLE a (c citext, h ext.hstore);', name => 'ext');
SELECT schemaguard.declare('CREATE TABLE a (c citext, h ext.hstore);', name => 'ext');
SELECT * FROM declared();
SELECT schemas FROM schemaguard.declared ORDER BY version DESC LIMIT 1;
-- in the text, and not here
SELECT schemaguard.declare('CREATE EXTENSION pg_trgm; CREATE TABLE a (v text); CREATE INDEX ON a USING gin (v gin_trgm_ops);', name => 'ext');
SELECT schemaguard.declare('CREATE SCHEMA ext; CREATE EXTENSION hstore SCHEMA ext; CREATE TABLE ext.a (h ext.hstore);', name => 'ext');
SELECT * FROM declared();
-- neither
SELECT schemaguard.declare('CREATE TABLE a (v ltree);', name => 'ext');
\set VERBOSITY terse
SELECT schemaguard.declare('CREATE EXTENSION no_such_extension;', name => 'ext');
\set VERBOSITY default
-- ours
SELECT schemaguard.declare('CREATE EXTENSION IF NOT EXISTS schemaguard; CREATE TABLE a (id int);', name => 'ext');
SELECT * FROM left_behind;

--
-- Ordinary roles
--
SET ROLE sg_declare;
SELECT schemaguard.declare('CREATE TABLE a (id int, c citext); CREATE SCHEMA mine; CREATE TABLE mine.b (id int);', name => 'who');
SELECT schemaguard.declare('CREATE EXTENSION IF NOT EXISTS citext; CREATE TABLE a (c citext); COMMENT ON EXTENSION citext IS ''text'';', name => 'who');
-- with no more rights than it has
SELECT schemaguard.declare('CREATE FUNCTION f() RETURNS int LANGUAGE c AS ''x'';', name => 'who');
SELECT schemaguard.declare('SET SESSION AUTHORIZATION postgres;', name => 'who');
SELECT schemaguard.declare('SELECT pg_read_file(''PG_VERSION'');', name => 'who');
SELECT schemaguard.declare('CREATE EVENT TRIGGER e ON ddl_command_end EXECUTE FUNCTION nothing();', name => 'who');
SELECT count(*) FROM schemaguard.declared;
RESET ROLE;
SELECT DISTINCT declared_by FROM schemaguard.declared WHERE name = 'who';
SELECT * FROM left_behind;

--
-- Transactions
--
SELECT max(version) AS v FROM schemaguard.declared \gset
BEGIN;
SELECT schemaguard.declare('CREATE TABLE gone (id int)', name => 'tx') = :v + 1;
ROLLBACK;
SELECT count(*) FROM schemaguard.declared WHERE name = 'tx';
BEGIN;
SAVEPOINT s;
SELECT schemaguard.declare('CREATE TABLE gone (', name => 'tx');
ROLLBACK TO s;
SELECT schemaguard.declare('CREATE TABLE kept (id int)', name => 'tx') > :v;
SELECT count(*) FROM schemaguard.declared WHERE name = 'tx';
COMMIT;
SELECT count(*) FROM schemaguard.declared WHERE name = 'tx';
BEGIN READ ONLY;
SELECT schemaguard.declare('CREATE TABLE a (id int)', name => 'tx');
ROLLBACK;
DO $$
BEGIN
  PERFORM schemaguard.declare('nonsense');
EXCEPTION WHEN SQLSTATE 'SG004' THEN RAISE NOTICE 'caught: %', SQLERRM;
END $$;
-- the user's own event triggers see nothing of it
CREATE FUNCTION shout() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE 'seen: %', tg_tag; END $$;
CREATE EVENT TRIGGER shout ON ddl_command_end EXECUTE FUNCTION shout();
SELECT schemaguard.declare('CREATE TABLE a (id int)', name => 'tx') > :v;
DROP EVENT TRIGGER shout;
-- nor does the record
SELECT count(*) FROM schemaguard.ddl_log WHERE database <> :'db' OR object = 'public.a';
-- a timeout ends it
SET statement_timeout = '1s';
SELECT schemaguard.declare('SELECT pg_sleep(60)', name => 'tx');
\echo :SQLSTATE
RESET statement_timeout;
SELECT * FROM left_behind;
-- 200 tables, and one text of 5 MB
SELECT schemaguard.declare(string_agg(format('CREATE TABLE t%s (id int PRIMARY KEY, v text UNIQUE);', n), E'\n'), name => 'many') > :v FROM generate_series(1, 200) n;
SELECT kind, count(*) FROM declared() GROUP BY 1 ORDER BY 1;
SELECT schemaguard.declare('CREATE TABLE a (id int); COMMENT ON TABLE a IS ' || quote_literal(repeat('x', 5000000)), name => 'big') > :v;

--
-- The other format
--
SELECT schemaguard.declare('{}', 'json');
SELECT schemaguard.declare('not json', 'json');
CREATE SCHEMA live;
CREATE TABLE live.t (id int PRIMARY KEY, v text DEFAULT 'x');
SELECT schemaguard.declare(schemaguard.snapshot(ARRAY['live'])::text, 'json', 'snap') > :v;
SELECT * FROM declared();
SELECT * FROM schemaguard.drift('snap');
SELECT schemaguard.declare(schemaguard.snapshot()::text, 'json', 'snap') > :v;
SELECT * FROM schemaguard.drift('snap');
ALTER TABLE live.t DROP COLUMN v;
SELECT object_type, object, change FROM schemaguard.drift('snap');
SELECT schemaguard.declare(schemaguard.snapshot()::text, 'json', 'snap', schemas => ARRAY['live']) > :v;
SELECT schemas FROM schemaguard.declared ORDER BY version DESC LIMIT 1;
SELECT schemaguard.declare(schemaguard.snapshot()::text, 'json', 'snap', schemas => ARRAY['nowhere']);

SELECT * FROM left_behind;
DROP OWNED BY sg_declare;
DROP ROLE sg_declare;
