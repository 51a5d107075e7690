-- schemaguard.require_where: DELETE and UPDATE have to choose their rows.
\set SHOW_CONTEXT never
CREATE EXTENSION schemaguard;
SET client_min_messages = warning;
CREATE ROLE sg_where LOGIN;
GRANT CREATE ON SCHEMA public TO sg_where;
GRANT EXECUTE ON FUNCTION schemaguard.accept_data_loss(text) TO sg_where;
SELECT current_database() AS db \gset
SHOW schemaguard.require_where;
SELECT state, detail FROM schemaguard.status() WHERE item = 'DML';
GRANT SELECT ON schemaguard.refused TO sg_where;
SET schemaguard.require_where = on;
SELECT state, detail FROM schemaguard.status() WHERE item = 'DML';
ALTER DATABASE :"db" SET schemaguard.require_where = on;
ALTER DATABASE :"db" SET session_preload_libraries = schemaguard;
\c - sg_where
\set SHOW_CONTEXT never
CREATE TABLE t (id int PRIMARY KEY, v text, n int NOT NULL DEFAULT 0);
INSERT INTO t SELECT i, 'v' || i FROM generate_series(1, 6) i;
CREATE TABLE s (id int PRIMARY KEY, x int);
INSERT INTO s VALUES (1, 1), (2, 2);
SELECT state, detail FROM schemaguard.status() WHERE item = 'DML';

-- none at all
DELETE FROM t;
\echo :SQLSTATE
UPDATE t SET v = 'all';
\echo :SQLSTATE
SELECT rule, message, detail, statement FROM schemaguard.refused ORDER BY id;
-- an ordinary role cannot switch it off
SET schemaguard.require_where = off;
SELECT set_config('schemaguard.require_where', 'off', true);
ALTER ROLE sg_where SET schemaguard.require_where = off;

\set VERBOSITY terse
-- true for each row, by the server's own folding
DELETE FROM t WHERE true;
DELETE FROM t WHERE 1 = 1;
DELETE FROM t WHERE id = 4 OR true;
DELETE FROM t WHERE NOT false;
DELETE FROM t WHERE NOT (id = 4 AND false);
DELETE FROM t WHERE 'a' < 'b' AND length('abc') = 3;
DELETE FROM t WHERE coalesce(NULL, true);
UPDATE t SET v = 'all' WHERE CASE WHEN true THEN true ELSE id = 1 END;
UPDATE t SET v = 'all' WHERE 2 > 1 AND (true OR v = 'x');
-- true by the table's own rules
DELETE FROM t WHERE id = id;
DELETE FROM t WHERE n IS NOT NULL AND id IS NOT NULL;
DELETE FROM t WHERE ctid IS NOT NULL;
DELETE FROM t WHERE v = 'v4' OR id = id;
DELETE FROM t WHERE v = 'v4' OR (id IS NOT NULL AND n = n);
-- the same for each row
DELETE FROM t WHERE now() > '2001-01-01';
DELETE FROM t WHERE current_user = 'sg_where';
DELETE FROM t WHERE EXISTS (SELECT FROM s);
DELETE FROM t WHERE (SELECT count(*) FROM s) > 1;
-- joined to something, but by nothing
DELETE FROM t USING s;
DELETE FROM t USING s WHERE s.x = 1;
DELETE FROM t USING t AS o WHERE o.id = 1;
UPDATE t SET v = s.x FROM s;
UPDATE t SET v = 'all' FROM s WHERE s.id = s.x;

-- their harmless twins
BEGIN;
DELETE FROM t WHERE id = 4;
DELETE FROM t WHERE v = v AND id > 5;
DELETE FROM t WHERE v IS NOT NULL AND id = 5;
DELETE FROM t WHERE false;
DELETE FROM t WHERE NULL;
DELETE FROM t WHERE 1 = 2;
DELETE FROM t WHERE EXISTS (SELECT FROM s WHERE s.id = t.id);
DELETE FROM t WHERE v = 'v4' OR id = 4;
DELETE FROM t WHERE ctid = '(99,1)';
DELETE FROM t WHERE random() < 0;
DELETE FROM t USING s WHERE s.id = t.id;
UPDATE t SET v = 'one' WHERE id = 3;
UPDATE t SET v = s.x FROM s WHERE s.id = t.id;
INSERT INTO t VALUES (3, 'again') ON CONFLICT (id) DO UPDATE SET v = excluded.v;
DECLARE c CURSOR FOR SELECT * FROM t WHERE id = 3 FOR UPDATE;
FETCH c;
DELETE FROM t WHERE CURRENT OF c;
SELECT * FROM t;
ROLLBACK;
-- looked at only
EXPLAIN (COSTS OFF) DELETE FROM t;
EXPLAIN (ANALYZE, COSTS OFF) DELETE FROM t;
EXPLAIN (ANALYZE, COSTS OFF) DELETE FROM t WHERE true;

-- in WITH
WITH d AS (DELETE FROM t RETURNING id) SELECT count(*) FROM d;
WITH u AS (UPDATE t SET v = 'all') SELECT 1;
WITH d AS (DELETE FROM s RETURNING id) DELETE FROM t WHERE id IN (SELECT id FROM d);
WITH d AS (SELECT 1) DELETE FROM t;
INSERT INTO t (id) SELECT 100;
BEGIN;
WITH d AS (DELETE FROM t WHERE id = 100 RETURNING id) SELECT count(*) FROM d;
ROLLBACK;
DELETE FROM t WHERE id = 100;

-- functions, in each language; making them is no deed
CREATE FUNCTION by_sql() RETURNS void LANGUAGE sql AS 'DELETE FROM t';
CREATE FUNCTION by_atomic() RETURNS void LANGUAGE sql BEGIN ATOMIC DELETE FROM t; END;
CREATE FUNCTION by_plpgsql() RETURNS void LANGUAGE plpgsql AS 'BEGIN DELETE FROM t; END';
CREATE FUNCTION by_execute(what text) RETURNS void LANGUAGE plpgsql AS 'BEGIN EXECUTE what; END';
CREATE FUNCTION not_reached() RETURNS void LANGUAGE plpgsql AS 'BEGIN IF false THEN DELETE FROM t; END IF; DELETE FROM t WHERE id = 77; END';
SELECT by_sql();
SELECT by_atomic();
SELECT by_plpgsql();
SELECT by_execute('UPDATE t SET v = NULL');
SELECT not_reached();
DO $$ BEGIN DELETE FROM t; END $$;
DO $$ BEGIN DELETE FROM t WHERE id = 77; END $$;
DO $$
BEGIN
  DELETE FROM t;
EXCEPTION WHEN OTHERS THEN
  RAISE WARNING 'swallowed %', SQLSTATE;
END $$;
SELECT statement, context FROM schemaguard.refused ORDER BY id DESC LIMIT 2;

-- a view's and a rule's own conditions are not the client's
CREATE VIEW low AS SELECT * FROM t WHERE id < 3;
DELETE FROM low;
UPDATE low SET v = 'all' WHERE true;
CREATE TABLE log (id int);
CREATE VIEW old_style AS SELECT id, v FROM t;
CREATE RULE del AS ON DELETE TO old_style DO INSTEAD DELETE FROM t WHERE id = OLD.id;
CREATE RULE upd AS ON UPDATE TO old_style DO INSTEAD UPDATE t SET v = NEW.v WHERE id = OLD.id;
DELETE FROM old_style;
UPDATE old_style SET v = 'all';
CREATE VIEW triggered AS SELECT id, v FROM t;
CREATE FUNCTION instead() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN OLD; END';
CREATE TRIGGER del INSTEAD OF DELETE ON triggered FOR EACH ROW EXECUTE FUNCTION instead();
DELETE FROM triggered;
CREATE TABLE kept (id int, gone boolean DEFAULT false);
INSERT INTO kept VALUES (1), (2);
CREATE RULE keep AS ON DELETE TO kept WHERE NOT OLD.gone DO INSTEAD UPDATE kept SET gone = true WHERE id = OLD.id;
DELETE FROM kept;
SELECT * FROM kept ORDER BY id;
EXPLAIN (ANALYZE, COSTS OFF) DELETE FROM old_style;
BEGIN;
DELETE FROM low WHERE id = 1;
DELETE FROM old_style WHERE id = 2;
UPDATE old_style SET v = 'one' WHERE id = 3;
DELETE FROM triggered WHERE id = 4;
DELETE FROM kept WHERE id = 1;
SELECT t.*, kept.gone FROM t LEFT JOIN kept USING (id) ORDER BY id;
ROLLBACK;

-- MERGE: what ON and AND leave
MERGE INTO t USING s ON true WHEN MATCHED THEN DELETE;
MERGE INTO t USING s ON s.x = 1 WHEN MATCHED THEN DELETE;
MERGE INTO t USING s ON s.x = 1 WHEN MATCHED AND s.id > 0 THEN UPDATE SET v = 'all';
MERGE INTO t USING s ON true WHEN MATCHED AND true THEN DELETE;
SELECT message, detail FROM schemaguard.refused ORDER BY id DESC LIMIT 1;
BEGIN;
MERGE INTO t USING s ON s.id = t.id WHEN MATCHED THEN DELETE;
MERGE INTO t USING s ON true WHEN MATCHED AND t.id = 4 AND s.id = 1 THEN DELETE;
MERGE INTO t USING s ON false WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT VALUES (s.id + 10, 'new');
SELECT id FROM t ORDER BY id;
ROLLBACK;

-- partitions, inheritance, row-level security
CREATE TABLE part (k int) PARTITION BY RANGE (k);
CREATE TABLE part_1 PARTITION OF part FOR VALUES FROM (0) TO (10);
CREATE TABLE part_2 PARTITION OF part FOR VALUES FROM (10) TO (20);
INSERT INTO part VALUES (1), (11);
DELETE FROM part;
DELETE FROM part_1;
CREATE TABLE child () INHERITS (t);
DELETE FROM ONLY t;
ALTER TABLE s ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY mine ON s USING (id = 1);
DELETE FROM s;
BEGIN;
-- leaves no condition in the plan: the partition's bound implies it
DELETE FROM part WHERE k < 10;
DELETE FROM s WHERE id = 1;
SELECT * FROM part;
ROLLBACK;

-- what is nobody's loss
CREATE TEMP TABLE tmp AS SELECT 1 AS id;
UPDATE tmp SET id = 2;
DELETE FROM tmp;
BEGIN;
CREATE TABLE fresh AS SELECT 1 AS id;
UPDATE fresh SET id = 2;
DELETE FROM fresh;
COMMIT;
-- it is about the form: an empty table is no exception
DELETE FROM fresh;
-- TRUNCATE has its own rule
TRUNCATE fresh;

-- foreign keys' own statements
CREATE TABLE boss (id int PRIMARY KEY);
CREATE TABLE worker (id int, boss int REFERENCES boss ON DELETE CASCADE ON UPDATE CASCADE, deputy int REFERENCES boss ON DELETE SET NULL);
INSERT INTO boss VALUES (1), (2);
INSERT INTO worker VALUES (1, 1, 1), (2, 2, 1);
UPDATE boss SET id = 3 WHERE id = 2;
DELETE FROM boss WHERE id = 1;
SELECT * FROM worker;
CREATE MATERIALIZED VIEW mv AS SELECT id FROM t;
CREATE UNIQUE INDEX ON mv (id);
DELETE FROM t WHERE id = 6;
REFRESH MATERIALIZED VIEW CONCURRENTLY mv;

-- consent
BEGIN;
SELECT schemaguard.accept_data_loss('the table is a cache');
DELETE FROM t;
UPDATE s SET x = 0;
COMMIT;
SELECT (SELECT count(*) FROM t) AS t, (SELECT sum(x) FROM s) AS s;
INSERT INTO t SELECT i, 'v' || i FROM generate_series(1, 6) i;
BEGIN;
SELECT schemaguard.accept_data_loss('in vain');
DELETE FROM t WHERE id = 1;
COMMIT;

-- plans made while it was off
\c - postgres
\set SHOW_CONTEXT never
\set VERBOSITY terse
SET schemaguard.require_where = off;
SET plan_cache_mode = force_generic_plan;
SELECT command_tag, object, verdict, rule, reason, statement FROM schemaguard.ddl_log WHERE verdict = 'accepted' ORDER BY id;
PREPARE every AS DELETE FROM t;
PREPARE one (int) AS DELETE FROM t WHERE id = $1;
PREPARE gate (bool) AS DELETE FROM t WHERE $1;
PREPARE rule AS DELETE FROM old_style;
BEGIN;
EXECUTE every;
EXECUTE one(1);
EXECUTE gate(false);
EXECUTE rule;
SELECT by_sql(), by_plpgsql(), by_atomic();
ROLLBACK;
SET schemaguard.require_where = on;
EXECUTE every;
EXECUTE gate(true);
EXECUTE rule;
SELECT by_sql();
SELECT by_atomic();
SELECT by_plpgsql();
EXECUTE one(77);
SET schemaguard.require_where = off;
BEGIN;
EXECUTE every;
ROLLBACK;
SET plan_cache_mode = force_custom_plan;
SET schemaguard.require_where = on;
EXECUTE every;
EXECUTE gate(true);
BEGIN;
SET LOCAL schemaguard.require_where = off;
EXECUTE every;
ROLLBACK;
EXECUTE every;

-- rows that go are no cause of drift
CREATE SCHEMA plan;
CREATE TABLE plan.t AS SELECT 1 AS id;
SELECT schemaguard.declare('CREATE SCHEMA plan; CREATE TABLE plan.t (id int)', schemas => '{plan}') > 0 AS declared;
BEGIN;
SELECT schemaguard.accept_data_loss('emptied');
DELETE FROM plan.t;
COMMIT;
ALTER TABLE plan.t RENAME TO u;
SELECT d.object, d.change, l.statement FROM schemaguard.drift() d LEFT JOIN schemaguard.ddl_log l ON l.id = d.caused_by;

-- the other modes
SET schemaguard.mode = warn;
BEGIN;
DELETE FROM t;
COMMIT;
\echo :SQLSTATE
SET schemaguard.mode = observe;
UPDATE s SET x = 1;
SET schemaguard.mode = off;
UPDATE s SET x = 2;
RESET schemaguard.mode;
SELECT count(*) FROM t;
SELECT command_tag, object, verdict, rule FROM schemaguard.ddl_log WHERE verdict IN ('warned', 'observed', 'unguarded') ORDER BY id;

-- a superuser may switch it off, for a role, too
ALTER ROLE sg_where IN DATABASE :"db" SET schemaguard.require_where = off;
\c - sg_where
DELETE FROM s;
\c - postgres
SELECT count(*) FROM s;
SET client_min_messages = warning;
DROP OWNED BY sg_where;
BEGIN;
SELECT schemaguard.accept_data_loss('end of the test');
DROP OWNED BY sg_where CASCADE;
COMMIT;
DROP ROLE sg_where;

-- MERGE … WHEN NOT MATCHED BY SOURCE
SELECT current_setting('server_version_num')::int >= 170000 AS by_source \gset
\if :by_source
SET schemaguard.require_where = on;
CREATE TABLE goal (id int);
CREATE TABLE source (id int);
INSERT INTO goal VALUES (1), (2);
INSERT INTO source VALUES (1);
MERGE INTO goal USING source ON false WHEN NOT MATCHED BY SOURCE THEN DELETE;
MERGE INTO goal USING source ON source.id = 7 WHEN NOT MATCHED BY SOURCE THEN DELETE;
WITH m AS (MERGE INTO goal USING source ON true WHEN MATCHED THEN DELETE RETURNING 1) SELECT count(*) FROM m;
MERGE INTO goal USING source ON goal.id = source.id WHEN NOT MATCHED BY SOURCE THEN DELETE;
MERGE INTO goal USING source ON true WHEN MATCHED AND goal.id = 1 THEN DO NOTHING WHEN MATCHED THEN DELETE;
SELECT * FROM goal;
\endif
