-- Every way in which DDL destroys rows or values is refused; its harmless twin passes.
\set SHOW_CONTEXT never
CREATE EXTENSION schemaguard;
SET client_min_messages = warning;

--
-- Tables
--
CREATE TABLE t1 (id int PRIMARY KEY, note text);
INSERT INTO t1 VALUES (1, 'one'), (2, NULL);
DROP TABLE t1;
\echo :SQLSTATE
SELECT * FROM t1 ORDER BY id;

-- several at once: all victims are named, the empty one is not
CREATE TABLE t2 (id int PRIMARY KEY REFERENCES t1, x int);
CREATE TABLE t3 (id int);
INSERT INTO t2 VALUES (1, 10);
DROP TABLE t1, t3, t2;
SELECT (SELECT count(*) FROM t1) AS t1, (SELECT count(*) FROM t2) AS t2, to_regclass('t3') AS t3;

-- CASCADE takes a view and a foreign key along, no rows of others
CREATE VIEW v1 AS SELECT id, note FROM t1;
DROP TABLE t1 CASCADE;
SELECT (SELECT count(*) FROM v1) AS v1,
       (SELECT count(*) FROM pg_constraint WHERE conrelid = 't2'::regclass AND contype = 'f') AS foreign_keys;
-- an empty one goes with its view and the foreign key to it, whose table keeps its rows
CREATE TABLE e1 (id int PRIMARY KEY);
CREATE VIEW ev1 AS SELECT * FROM e1;
CREATE TABLE e2 (id int, ref int REFERENCES e1);
INSERT INTO e2 VALUES (1, NULL);
DROP TABLE e1 CASCADE;
SELECT to_regclass('e1') AS e1, to_regclass('ev1') AS ev1, (SELECT count(*) FROM e2) AS e2;

-- empty; emptied and committed; temporary; made in the same transaction
DROP TABLE t3;
CREATE TABLE gone (id int);
INSERT INTO gone VALUES (1);
DELETE FROM gone;
DROP TABLE gone;
CREATE TEMP TABLE tmp AS SELECT generate_series(1, 10) AS n;
DROP TABLE tmp;
BEGIN;
CREATE TABLE fresh AS SELECT 1 AS n;
DROP TABLE fresh;
COMMIT;
BEGIN;
SAVEPOINT a;
CREATE TABLE fresh AS SELECT 1 AS n;
RELEASE a;
DROP TABLE fresh;
COMMIT;
SELECT to_regclass('t3') AS t3, to_regclass('gone') AS gone, to_regclass('tmp') AS tmp, to_regclass('fresh') AS fresh;

-- rows of this very transaction in an older table do count
CREATE TABLE older (id int);
BEGIN;
INSERT INTO older VALUES (1);
DROP TABLE older;
ROLLBACK;
DROP TABLE older;

-- renamed, moved, then dropped: it is the table that counts, not its name
CREATE TABLE before_rename (id int);
INSERT INTO before_rename VALUES (1);
CREATE SCHEMA elsewhere;
BEGIN;
ALTER TABLE before_rename RENAME TO after_rename;
ALTER TABLE after_rename SET SCHEMA elsewhere;
DROP TABLE elsewhere.after_rename;
ROLLBACK;
ALTER TABLE before_rename RENAME TO after_rename;
DROP TABLE after_rename;
SELECT count(*) FROM after_rename;

-- unlogged tables hold data like others
CREATE UNLOGGED TABLE unlogged (id int);
INSERT INTO unlogged VALUES (1);
DROP TABLE unlogged;
SELECT count(*) FROM unlogged;

-- names that need quotes
CREATE SCHEMA "We ird";
CREATE TABLE "We ird"."ta.b""le" ("co l" int);
INSERT INTO "We ird"."ta.b""le" VALUES (1);
DROP TABLE "We ird"."ta.b""le";
ALTER TABLE "We ird"."ta.b""le" DROP COLUMN "co l";
SELECT object_type, object FROM schemaguard.ddl_log WHERE verdict = 'refused' AND object LIKE '%We ird%' ORDER BY id;

-- more rows than are counted
CREATE TABLE exactly AS SELECT generate_series(1, 10000) AS n;
CREATE TABLE more_than AS SELECT generate_series(1, 10001) AS n;
DROP TABLE exactly, more_than;

-- what can be made again: indexes, views, materialized views, sequences
CREATE INDEX t1_note ON t1 (note);
CREATE MATERIALIZED VIEW mv AS SELECT * FROM t1;
CREATE SEQUENCE seq;
SELECT nextval('seq');
DROP INDEX t1_note;
DROP MATERIALIZED VIEW mv;
DROP SEQUENCE seq;
DROP VIEW v1;

-- rewrites drop an old heap inside: nothing of it is anybody's business
CREATE TABLE rewritten (id int PRIMARY KEY, v text);
INSERT INTO rewritten VALUES (1, 'a');
CREATE MATERIALIZED VIEW again AS SELECT * FROM rewritten;
CREATE UNIQUE INDEX ON again (id);
VACUUM FULL rewritten;
CLUSTER rewritten USING rewritten_pkey;
ALTER TABLE rewritten ALTER id TYPE bigint USING id;
\echo :SQLSTATE
DROP MATERIALIZED VIEW again;
ALTER TABLE rewritten ALTER id TYPE bigint;
CREATE MATERIALIZED VIEW again AS SELECT * FROM rewritten;
CREATE UNIQUE INDEX ON again (id);
REFRESH MATERIALIZED VIEW again;
REFRESH MATERIALIZED VIEW CONCURRENTLY again;
REINDEX TABLE rewritten;
REINDEX TABLE CONCURRENTLY rewritten;
SELECT count(*) FROM again;

-- ON COMMIT DROP and DISCARD
BEGIN;
CREATE TEMP TABLE oncommit ON COMMIT DROP AS SELECT 1 AS n;
COMMIT;
CREATE TEMP TABLE tmp2 AS SELECT 1 AS n;
DISCARD ALL;
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SELECT to_regclass('tmp2') AS tmp2;

--
-- Columns
--
CREATE TABLE c1 (id int, v text, n text, d int DEFAULT 7);
INSERT INTO c1 (id, v) VALUES (1, 'x'), (2, NULL), (3, 'y');
ALTER TABLE c1 DROP COLUMN v;
\echo :SQLSTATE
ALTER TABLE c1 DROP COLUMN IF EXISTS v CASCADE;
ALTER TABLE c1 DROP COLUMN id, DROP COLUMN d;
SELECT * FROM c1 ORDER BY id;
ALTER TABLE c1 DROP COLUMN n;
ALTER TABLE c1 DROP COLUMN d;
-- in a table without rows
CREATE TABLE c2 (id int, v text);
ALTER TABLE c2 DROP COLUMN v;
-- a generated column is computed from others
CREATE TABLE c3 (id int, twice int GENERATED ALWAYS AS (id * 2) STORED);
INSERT INTO c3 VALUES (1);
ALTER TABLE c3 DROP COLUMN twice;
ALTER TABLE c3 DROP COLUMN id;
SELECT * FROM c3;
-- once it is no longer generated, its values are nowhere else
CREATE TABLE c4 (id int, twice int GENERATED ALWAYS AS (id * 2) STORED);
INSERT INTO c4 VALUES (1);
ALTER TABLE c4 ALTER twice DROP EXPRESSION;
ALTER TABLE c4 DROP COLUMN twice;
SELECT * FROM c4;
-- a default without a rewrite: no stored tuple has the value, every row shows it
CREATE TABLE c5 (id int);
INSERT INTO c5 VALUES (1), (2);
ALTER TABLE c5 ADD COLUMN flag boolean NOT NULL DEFAULT true;
ALTER TABLE c5 DROP COLUMN flag;
SELECT * FROM c5 ORDER BY id;
-- added in the same transaction: nobody else has ever seen a value
BEGIN;
ALTER TABLE c5 ADD COLUMN extra int DEFAULT 5;
ALTER TABLE c5 DROP COLUMN extra;
COMMIT;
-- but not where the addition was rolled back and the number is another column's
ALTER TABLE c5 ADD COLUMN other int;
UPDATE c5 SET other = 1;
BEGIN;
SAVEPOINT a;
ALTER TABLE c5 ADD COLUMN again int;
ROLLBACK TO a;
ALTER TABLE c5 DROP COLUMN other;
ROLLBACK;
-- all NULL in every row that is left
UPDATE c5 SET other = NULL;
ALTER TABLE c5 DROP COLUMN other;
SELECT * FROM c5 ORDER BY id;
-- a column that a constraint, an index, a view and a default use
CREATE TABLE c6 (id int PRIMARY KEY, v int CHECK (v > 0));
INSERT INTO c6 VALUES (1, 1);
CREATE VIEW vc6 AS SELECT v FROM c6;
ALTER TABLE c6 DROP COLUMN v CASCADE;
SELECT v FROM vc6;

-- inheritance: the children's values are lost too, with ONLY they stay
CREATE TABLE parent (id int, v text);
CREATE TABLE child (extra int) INHERITS (parent);
INSERT INTO child VALUES (1, 'in the child', 1);
ALTER TABLE parent DROP COLUMN v;
SELECT * FROM parent;
ALTER TABLE ONLY parent DROP COLUMN v;
SELECT v FROM child;
CREATE TABLE child_own (v text) INHERITS (parent);
DROP TABLE parent;
DROP TABLE parent CASCADE;
SELECT count(*) FROM parent;

-- a child that has the column of its own keeps it
CREATE TABLE parent_2 (id int, v text);
CREATE TABLE child_2 (v text) INHERITS (parent_2);
INSERT INTO child_2 VALUES (1, 'own');
ALTER TABLE parent_2 DROP COLUMN v;
SELECT * FROM child_2;

-- partitions
CREATE TABLE part (k int, v text) PARTITION BY RANGE (k);
CREATE TABLE part_1 PARTITION OF part FOR VALUES FROM (0) TO (10) PARTITION BY RANGE (k);
CREATE TABLE part_1a PARTITION OF part_1 FOR VALUES FROM (0) TO (5);
CREATE TABLE part_1b PARTITION OF part_1 FOR VALUES FROM (5) TO (10);
CREATE TABLE part_2 PARTITION OF part FOR VALUES FROM (10) TO (20);
INSERT INTO part VALUES (1, 'a'), (2, NULL), (7, 'b');
DROP TABLE part;
DROP TABLE part_1;
DROP TABLE part_1a;
DROP TABLE part_2;
ALTER TABLE part DROP COLUMN v;
SELECT tableoid::regclass, * FROM part ORDER BY k;
BEGIN;
ALTER TABLE part_1 DETACH PARTITION part_1a;
DROP TABLE part_1a;
ROLLBACK;
ALTER TABLE part_1 DETACH PARTITION part_1a;
DROP TABLE part_1a;
SELECT count(*) FROM part_1a;
ALTER TABLE part_1 DETACH PARTITION part_1b CONCURRENTLY;
DROP TABLE part_1b;
DROP TABLE part;
SELECT to_regclass('part') AS part, (SELECT count(*) FROM part_1b) AS part_1b;

--
-- With other things
--
CREATE SCHEMA app;
CREATE TABLE app.users (id int);
CREATE TABLE app.empty (id int);
INSERT INTO app.users VALUES (1), (2);
DROP SCHEMA app CASCADE;
\echo :SQLSTATE
SELECT count(*) FROM app.users;
-- two schemas, one of them harmless
CREATE SCHEMA app2;
CREATE TABLE app2.empty (id int);
DROP SCHEMA app2, app CASCADE;
SELECT to_regclass('app2.empty');
DROP SCHEMA app2 CASCADE;

-- many victims: fifty are named, the rest is counted
CREATE SCHEMA crowded;
DO $$ BEGIN FOR n IN 1..53 LOOP EXECUTE format('CREATE TABLE crowded.t%s AS SELECT 1 AS id', n); END LOOP; END $$;
\set VERBOSITY terse
DROP SCHEMA crowded CASCADE;
\set VERBOSITY default
SELECT (SELECT count(*) FROM regexp_matches(detail, '^crowded.t\d+: 1 row \(through schema crowded\)$', 'gn')) AS named,
       (regexp_match(detail, '[^\n]*$'))[1] AS last FROM schemaguard.refused WHERE statement LIKE 'DROP SCHEMA crowded%';

-- types
CREATE TYPE mood AS ENUM ('sad', 'happy');
CREATE DOMAIN email AS text CHECK (VALUE LIKE '%@%');
CREATE DOMAIN work_email AS email;
CREATE TYPE pair AS (a int, b int);
CREATE TYPE span AS RANGE (subtype = int4);
CREATE COLLATION german (locale = 'C');
CREATE TABLE typed (id int, m mood, ms mood[], e email, we work_email, p pair, ps pair[], s span, sm span_multirange, g text COLLATE german);
DROP TYPE mood CASCADE;
CREATE TYPE mood AS ENUM ('sad', 'happy');
ALTER TABLE typed ADD m mood, ADD ms mood[];
INSERT INTO typed VALUES (1, 'a@b', 'c@d', '(1,2)', '{"(3,4)"}', '[1,2)', '{[1,2)}', 'g', 'sad', '{happy}');
INSERT INTO typed (id) VALUES (2);
DROP TYPE mood CASCADE;
\echo :SQLSTATE
DROP DOMAIN email CASCADE;
DROP DOMAIN work_email CASCADE;
DROP TYPE pair CASCADE;
DROP TYPE span CASCADE;
DROP COLLATION german CASCADE;
SELECT * FROM typed ORDER BY id;
UPDATE typed SET m = NULL, ms = NULL;
DROP TYPE mood CASCADE;
UPDATE typed SET sm = NULL, s = NULL;
DROP TYPE span CASCADE;
UPDATE typed SET g = NULL;
DROP COLLATION german CASCADE;
SELECT * FROM typed ORDER BY id;

-- typed tables: their columns go with the type's fields
CREATE TYPE of_type AS (a int, b text);
CREATE TABLE typed_table OF of_type;
INSERT INTO typed_table VALUES (1, 'x');
ALTER TYPE of_type DROP ATTRIBUTE b CASCADE;
SELECT * FROM typed_table;
UPDATE typed_table SET b = NULL;
ALTER TYPE of_type DROP ATTRIBUTE b CASCADE;
SELECT * FROM typed_table;
DROP TYPE of_type CASCADE;

-- access methods and operator classes: tables stand on them
CREATE ACCESS METHOD heap_2 TYPE TABLE HANDLER heap_tableam_handler;
CREATE TABLE on_method (id int) USING heap_2;
INSERT INTO on_method VALUES (1);
DROP ACCESS METHOD heap_2 CASCADE;
SELECT * FROM on_method;
CREATE FUNCTION my_cmp(int, int) RETURNS int LANGUAGE sql AS 'SELECT btint4cmp($1, $2)';
CREATE OPERATOR CLASS my_ops FOR TYPE int USING btree AS OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 1 my_cmp(int, int);
CREATE TABLE by_my_ops (k int) PARTITION BY RANGE (k my_ops);
CREATE TABLE by_my_ops_1 PARTITION OF by_my_ops FOR VALUES FROM (0) TO (10);
INSERT INTO by_my_ops VALUES (1);
DROP FUNCTION my_cmp(int, int) CASCADE;
SELECT * FROM by_my_ops;

-- functions: what goes with them
CREATE FUNCTION next_id() RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION double_it(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 * 2';
CREATE TABLE with_functions (id int DEFAULT next_id(), v int, gen int GENERATED ALWAYS AS (double_it(v)) STORED,
                             CHECK (double_it(v) > 0));
INSERT INTO with_functions (v) VALUES (1);
-- only a default and a check, then a generated column
DROP FUNCTION next_id() CASCADE;
DROP FUNCTION double_it(int) CASCADE;
SELECT * FROM with_functions;
-- a type's own input function takes the type and its columns along
CREATE TYPE sgt_type;
CREATE FUNCTION sgt_in(cstring) RETURNS sgt_type LANGUAGE internal IMMUTABLE STRICT AS 'textin';
CREATE FUNCTION sgt_out(sgt_type) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'textout';
CREATE TYPE sgt_type (INPUT = sgt_in, OUTPUT = sgt_out, LIKE = text);
CREATE TABLE of_shell (id int, v sgt_type);
INSERT INTO of_shell VALUES (1, 'x');
DROP FUNCTION sgt_in(cstring) CASCADE;
SELECT * FROM of_shell;
UPDATE of_shell SET v = NULL;
DROP FUNCTION sgt_in(cstring) CASCADE;
SELECT * FROM of_shell;

-- extensions: columns of their types, their member tables
CREATE EXTENSION citext;
CREATE TABLE with_citext (id int, c citext, cs citext[]);
INSERT INTO with_citext VALUES (1, 'Case', '{"In", "Sensitive"}');
DROP EXTENSION citext CASCADE;
SELECT * FROM with_citext;
CREATE SCHEMA ext;
CREATE EXTENSION hstore SCHEMA ext;
CREATE TABLE with_hstore (id int, h ext.hstore);
INSERT INTO with_hstore VALUES (1, 'a=>1');
DROP SCHEMA ext CASCADE;
SELECT * FROM with_hstore;
UPDATE with_hstore SET h = NULL;
DROP SCHEMA ext CASCADE;
SELECT * FROM with_hstore;
CREATE EXTENSION pg_trgm;
CREATE TABLE member (id int);
ALTER EXTENSION pg_trgm ADD TABLE member;
INSERT INTO member VALUES (1);
DROP EXTENSION pg_trgm;
SELECT count(*) FROM member;
ALTER EXTENSION pg_trgm DROP TABLE member;
DROP EXTENSION pg_trgm;

-- owners
CREATE ROLE sg_drop_owner;
GRANT CREATE ON SCHEMA public TO sg_drop_owner;
SET ROLE sg_drop_owner;
CREATE TABLE owned (id int);
CREATE TABLE owned_empty (id int);
INSERT INTO owned VALUES (1);
RESET ROLE;
DROP OWNED BY sg_drop_owner;
\echo :SQLSTATE
SELECT count(*) FROM owned;
SET ROLE sg_drop_owner;
DROP OWNED BY CURRENT_USER;
DROP TABLE t1;
RESET ROLE;
TRUNCATE owned;
SELECT count(*) FROM owned;
DELETE FROM owned;
DROP OWNED BY sg_drop_owner;
SELECT to_regclass('owned');

--
-- Fields of composite values
--
CREATE TYPE inner_type AS (keep int, field text);
CREATE TYPE outer_type AS (i inner_type, is_ inner_type[]);
CREATE DOMAIN inner_domain AS inner_type;
CREATE TABLE direct (id int, c inner_type);
INSERT INTO direct VALUES (1, '(1,x)'), (2, '(2,)'), (3, NULL);
ALTER TYPE inner_type DROP ATTRIBUTE field;
\echo :SQLSTATE
SELECT * FROM direct ORDER BY id;
DROP TABLE direct;
DELETE FROM direct;
INSERT INTO direct VALUES (2, '(2,)'), (3, NULL);
BEGIN;
ALTER TYPE inner_type DROP ATTRIBUTE field;
SELECT * FROM direct ORDER BY id;
ROLLBACK;
CREATE TABLE in_array (id int, c inner_type[]);
INSERT INTO in_array VALUES (1, ARRAY[NULL, (1, NULL), (1, 'x')]::inner_type[]), (2, ARRAY[(1, NULL)]::inner_type[]);
ALTER TYPE inner_type DROP ATTRIBUTE field CASCADE;
DELETE FROM in_array WHERE id = 1;
CREATE TABLE in_domain (id int, c inner_domain, cs inner_domain[]);
INSERT INTO in_domain VALUES (1, '(1,x)', NULL), (2, NULL, ARRAY[(1, 'y')::inner_type::inner_domain]);
ALTER TYPE inner_type DROP ATTRIBUTE field;
DELETE FROM in_domain;
CREATE TABLE nested (id int, o outer_type, os outer_type[]);
INSERT INTO nested VALUES (1, ROW(ROW(1, 'x'), NULL), NULL), (2, ROW(NULL, ARRAY[ROW(1, 'y')::inner_type]), NULL),
  (3, NULL, ARRAY[ROW(NULL, ARRAY[ROW(1, 'z')::inner_type])::outer_type]), (4, ROW(ROW(4, NULL), NULL), NULL);
ALTER TYPE inner_type DROP ATTRIBUTE field;
SELECT * FROM nested ORDER BY id;
DELETE FROM nested WHERE id < 4;
-- ranges and multiranges of composites
CREATE FUNCTION inner_diff(inner_type, inner_type) RETURNS float8 LANGUAGE sql IMMUTABLE AS 'SELECT ($1).keep - ($2).keep::float8';
CREATE TYPE inner_range AS RANGE (subtype = inner_type);
CREATE TABLE in_range (id int, r inner_range, m inner_multirange);
INSERT INTO in_range VALUES (1, inner_range((1, 'a')::inner_type, (2, NULL)::inner_type), NULL), (2, 'empty', '{}');
ALTER TYPE inner_type DROP ATTRIBUTE field;
UPDATE in_range SET r = NULL WHERE id = 1;
BEGIN;
ALTER TYPE inner_type DROP ATTRIBUTE field;
ROLLBACK;
UPDATE in_range SET m = inner_multirange(inner_range((1, 'a')::inner_type, (2, NULL)::inner_type)) WHERE id = 1;
ALTER TYPE inner_type DROP ATTRIBUTE field;
SELECT * FROM in_range ORDER BY id;
DELETE FROM in_range;
-- partitions and temporary tables hold them too; only the former matter
CREATE TABLE in_part (k int, c inner_type) PARTITION BY LIST (k);
CREATE TABLE in_part_1 PARTITION OF in_part FOR VALUES IN (1);
INSERT INTO in_part VALUES (1, '(1,x)');
ALTER TYPE inner_type DROP ATTRIBUTE field;
DELETE FROM in_part;
-- nowhere a value: the field may go
ALTER TYPE inner_type DROP ATTRIBUTE field;
SELECT * FROM direct ORDER BY id;

-- the row type of an empty table, used by another table with data
CREATE TABLE shape (a int, b text);
CREATE TABLE uses_shape (id int, s shape, ss shape[]);
INSERT INTO uses_shape VALUES (1, '(1,keep)', ARRAY[(2, 'me')::shape]);
ALTER TABLE shape DROP COLUMN b;
DROP TABLE shape;
DROP TABLE shape CASCADE;
SELECT * FROM uses_shape;
UPDATE uses_shape SET s = '(1,)', ss = NULL;
ALTER TABLE shape DROP COLUMN b;
SELECT * FROM uses_shape;

-- foreign tables: the rows are elsewhere and stay there
CREATE EXTENSION file_fdw;
CREATE SERVER files FOREIGN DATA WRAPPER file_fdw;
CREATE FOREIGN TABLE outside (a text, b text) SERVER files OPTIONS (program 'echo 1,2', format 'csv');
SELECT * FROM outside;
ALTER FOREIGN TABLE outside DROP COLUMN b;
DROP FOREIGN TABLE outside;
DROP EXTENSION file_fdw CASCADE;

--
-- However the statement is reached
--
CREATE TABLE kept (id int, v text);
INSERT INTO kept VALUES (1, 'still here');
DO $$ BEGIN DROP TABLE kept; END $$;
DO $$ BEGIN EXECUTE 'ALTER TABLE kept DROP COLUMN v'; END $$;
CREATE FUNCTION by_plpgsql() RETURNS void LANGUAGE plpgsql AS $$ BEGIN DROP TABLE kept; END $$;
SELECT by_plpgsql();
CREATE FUNCTION by_sql() RETURNS void LANGUAGE sql AS $$ DROP TABLE kept $$;
SELECT by_sql();
CREATE FUNCTION by_definer() RETURNS void LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN DROP TABLE kept; END $$;
SET ROLE sg_drop_owner;
SELECT by_definer();
DROP TABLE kept;
RESET ROLE;
CREATE PROCEDURE by_procedure() LANGUAGE plpgsql AS $$ BEGIN COMMIT; DROP TABLE kept; COMMIT; END $$;
CALL by_procedure();
PREPARE by_prepared AS SELECT by_plpgsql();
EXECUTE by_prepared;
-- one message of several statements is one transaction
CREATE TABLE not_made_1 (id int)\; DROP TABLE kept\; CREATE TABLE not_made_2 (id int);
SELECT to_regclass('not_made_1') AS first, to_regclass('not_made_2') AS second, count(*) FROM kept;
-- a savepoint
BEGIN;
SAVEPOINT a;
DROP TABLE kept;
ROLLBACK TO a;
SELECT count(*) FROM kept;
COMMIT;
-- an exception block that swallows the error
DO $$
BEGIN
  BEGIN
    DROP TABLE kept;
  EXCEPTION WHEN OTHERS THEN
    RAISE WARNING 'swallowed %', SQLSTATE;
  END;
  CREATE TABLE after_swallowing (id int);
END $$;
SELECT count(*), to_regclass('after_swallowing') FROM kept;
-- a trigger
CREATE TABLE fires (id int);
CREATE FUNCTION by_trigger() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN DROP TABLE kept; RETURN NEW; END $$;
CREATE TRIGGER fires BEFORE INSERT ON fires FOR EACH ROW EXECUTE FUNCTION by_trigger();
INSERT INTO fires VALUES (1);
-- inside of another DDL statement: CREATE TABLE AS, a default
CREATE TABLE by_ctas AS SELECT by_plpgsql()::text;
CREATE TABLE filled AS SELECT 1 AS id;
ALTER TABLE filled ADD COLUMN v text DEFAULT by_plpgsql()::text;
-- a statement of a megabyte: the refusal doesn't repeat it, the record has it
SELECT 'DROP TABLE kept /*' || repeat('x', 1000000) || '*/' AS long \gset
:long;
SELECT length(statement), left(statement, 20) AS begins FROM schemaguard.refused WHERE length(statement) > 1000;
-- a cursor's query
BEGIN;
DECLARE c CURSOR FOR SELECT by_plpgsql();
FETCH c;
ROLLBACK;
-- other settings of the session don't matter
SET session_replication_role = replica;
DROP TABLE kept;
RESET session_replication_role;
SET default_transaction_isolation = 'repeatable read';
DROP TABLE kept;
SET default_transaction_isolation = 'serializable';
DROP TABLE kept;
RESET default_transaction_isolation;
SET search_path = '';
DROP TABLE public.kept;
RESET search_path;
SELECT * FROM kept;

-- each refusal has left one row, and no other statement has
SELECT command_tag, rule, count(*) FROM schemaguard.refused GROUP BY 1, 2 ORDER BY 1, 2;
SELECT left(statement, 40) AS statement, context FROM schemaguard.refused WHERE statement LIKE '%kept%' ORDER BY id;
SELECT count(*) FROM schemaguard.ddl_log WHERE verdict NOT IN ('allowed', 'refused');

DROP OWNED BY sg_drop_owner;
DROP ROLE sg_drop_owner;
