-- GUARD 11, 12, 19, 21, 23, 24, 25: however a column's values come to be computed anew.
\set VERBOSITY default
CREATE EXTENSION schemaguard;
CREATE ROLE values_owner;
GRANT CREATE ON SCHEMA public TO values_owner;

-- Several columns, one refusal; each row counts, nulls that stay null don't.
CREATE TABLE price (id integer PRIMARY KEY, net numeric(10,4), gross numeric(10,4), note text);
INSERT INTO price SELECT n, n + 0.1234, n, CASE WHEN n < 3 THEN 'x' END FROM generate_series(1, 5) n;
ALTER TABLE price ALTER net TYPE numeric(10,2), ALTER gross TYPE numeric(10,2), ALTER note TYPE varchar(5);
ALTER TABLE price ALTER gross TYPE numeric(10,2), ALTER note TYPE varchar(5);
\d price
-- Values are shown where the site allows it, and to whom the table's values may be shown.
SET schemaguard.show_values = off;
ALTER TABLE price ALTER net TYPE integer;
RESET schemaguard.show_values;
ALTER TABLE price OWNER TO values_owner;
SET ROLE values_owner;
SET schemaguard.show_values = on;
-- An owner that row-level security hides rows from: they count all the same, and aren't shown.
ALTER TABLE price ENABLE ROW LEVEL SECURITY;
ALTER TABLE price FORCE ROW LEVEL SECURITY;
SELECT count(*) FROM price;
ALTER TABLE price ALTER net TYPE integer;
-- One who doesn't own the table gets the server's own answer.
RESET ROLE;
CREATE ROLE values_stranger;
SET ROLE values_stranger;
ALTER TABLE price ALTER net TYPE integer;
RESET ROLE;

-- Consent, its record, and the modes.
BEGIN;
SELECT schemaguard.accept_data_loss('cents are enough');
ALTER TABLE price ALTER net TYPE numeric(10,2);
COMMIT;
SELECT command_tag, object, parts, verdict, rule, reason, detail FROM schemaguard.ddl_log WHERE verdict = 'accepted';
SET schemaguard.mode = warn;
ALTER TABLE price ALTER net TYPE numeric(10,1);
SET schemaguard.mode = off;
ALTER TABLE price ALTER net TYPE integer;
RESET schemaguard.mode;

-- In a function, in a DO block: the same.
CREATE TABLE inner_table (v numeric);
INSERT INTO inner_table VALUES (1.5);
DO $$ BEGIN ALTER TABLE inner_table ALTER v TYPE integer; END $$;
CREATE FUNCTION narrow() RETURNS void LANGUAGE sql AS 'ALTER TABLE inner_table ALTER v TYPE integer';
SELECT narrow();

-- What is made in the transaction, temporary or generated loses nothing.
BEGIN;
CREATE TABLE fresh (v numeric);
INSERT INTO fresh VALUES (1.5);
ALTER TABLE fresh ALTER v TYPE integer;
ALTER TABLE inner_table ADD COLUMN w numeric DEFAULT 1.5;
ALTER TABLE inner_table ALTER w TYPE integer;
ROLLBACK;
CREATE TEMP TABLE passing (v numeric);
INSERT INTO passing VALUES (1.5);
ALTER TABLE passing ALTER v TYPE integer;
CREATE TABLE computed (v numeric, w numeric GENERATED ALWAYS AS (v * 2) STORED);
INSERT INTO computed VALUES (1.25);
ALTER TABLE computed ALTER w TYPE integer;
-- A column added with a default and no rewrite shows it in every row.
CREATE TABLE late (id integer);
INSERT INTO late VALUES (1), (2);
ALTER TABLE late ADD COLUMN v numeric DEFAULT 1.5;
ALTER TABLE late ALTER v TYPE integer;
ALTER TABLE late ALTER v DROP DEFAULT, ALTER v TYPE numeric(10,1);

-- Children and partitions hold rows, too.
CREATE TABLE parent (id integer, v numeric);
CREATE TABLE child (w numeric, x text) INHERITS (parent);
INSERT INTO parent VALUES (1, 1);
INSERT INTO child VALUES (2, 2.5, 1);
ALTER TABLE parent ALTER v TYPE integer;
ALTER TABLE parent ALTER v TYPE integer USING v * 1;
ALTER TABLE child ALTER w TYPE integer;
UPDATE child SET v = 2;
-- The server's own answer: a child isn't called so.
ALTER TABLE parent ALTER v TYPE integer USING parent.v::integer;
ALTER TABLE parent ALTER v TYPE integer USING v * 1;
CREATE TABLE measure (day date, v numeric) PARTITION BY RANGE (day);
CREATE TABLE measure_1 PARTITION OF measure FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
CREATE TABLE measure_2 (v numeric, day date);
ALTER TABLE measure ATTACH PARTITION measure_2 FOR VALUES FROM ('2021-01-01') TO ('2022-01-01');
INSERT INTO measure VALUES ('2020-05-05', 1), ('2021-05-05', 2.5);
ALTER TABLE measure ALTER v TYPE integer;
UPDATE measure SET v = 2 WHERE v = 2.5;
ALTER TABLE measure ALTER v TYPE integer;

-- ALTER TYPE … ALTER ATTRIBUTE reaches the tables made of the type.
CREATE TYPE place AS (name text, height numeric);
CREATE TABLE mountain OF place;
INSERT INTO mountain VALUES ('Zugspitze', 2962.06);
ALTER TYPE place ALTER ATTRIBUTE height TYPE integer;
ALTER TYPE place ALTER ATTRIBUTE height TYPE integer CASCADE;
UPDATE mountain SET height = 2962;
ALTER TYPE place ALTER ATTRIBUTE height TYPE integer CASCADE;
CREATE TYPE pair AS (a numeric, k integer);
CREATE TABLE pairs OF pair PARTITION BY LIST (k);
CREATE TABLE pairs_1 PARTITION OF pairs DEFAULT;
INSERT INTO pairs VALUES (1, 1);
ALTER TYPE pair ALTER ATTRIBUTE a TYPE integer CASCADE;
-- Used as a column's type the server refuses it itself.
CREATE TYPE point3 AS (x numeric);
CREATE TABLE uses (p point3);
INSERT INTO uses VALUES (row(1.5));
ALTER TYPE point3 ALTER ATTRIBUTE x TYPE integer CASCADE;

-- The session's settings are those that ALTER TABLE computes with.
CREATE TABLE setting (f float8, t timestamptz);
INSERT INTO setting VALUES (0.30000000000000004, '2020-07-01 12:00+00');
BEGIN;
SET LOCAL extra_float_digits = 0;
ALTER TABLE setting ALTER f TYPE text;
ROLLBACK;
BEGIN;
ALTER TABLE setting ALTER f TYPE text;
ROLLBACK;

-- The expression fails where the server's would: the server's error, its cursor and all.
CREATE TABLE words (v text);
INSERT INTO words VALUES ('1'), ('one');
ALTER TABLE words ALTER v TYPE integer USING v::integer;
ALTER TABLE words ALTER v TYPE integer USING nothing::integer;
-- A way back that fails is no way back.
CREATE TABLE far (v integer);
INSERT INTO far VALUES (1), (2), (3);
ALTER TABLE far ALTER v TYPE bigint USING CASE WHEN v = 2 THEN 5000000000 ELSE v END;

-- A look that takes too long proves nothing; one that has found something does.
CREATE TABLE many (v numeric);
INSERT INTO many SELECT n FROM generate_series(1, 100) n;
SET schemaguard.probe_timeout = 1;
ALTER TABLE many ALTER v TYPE integer USING v::integer + 0 * length(repeat('x', 30000000 + v::integer));
UPDATE many SET v = v + 0.5;
VACUUM FULL many;
SET schemaguard.show_values = off;
ALTER TABLE many ALTER v TYPE integer USING v::integer + 0 * length(repeat('x', 30000000 + v::integer));
RESET schemaguard.probe_timeout;
RESET schemaguard.show_values;
-- A type that is known to hold everything costs no look.
CREATE TABLE tall AS SELECT n FROM generate_series(1, 50000) n;
SET schemaguard.probe_timeout = 1;
ALTER TABLE tall ALTER n TYPE bigint;
ALTER TABLE tall ALTER n TYPE numeric;
ALTER TABLE tall ALTER n TYPE text;
RESET schemaguard.probe_timeout;
-- Lying functions: another value each time they are called, whatever they are marked as.
CREATE SEQUENCE calls;
CREATE FUNCTION liar(numeric) RETURNS numeric LANGUAGE sql VOLATILE AS
$$ SELECT CASE WHEN nextval('calls') < 101 THEN $1 END $$;
ALTER TABLE many ALTER v TYPE numeric USING liar(v);
CREATE FUNCTION immutable_liar(numeric) RETURNS numeric LANGUAGE plpgsql IMMUTABLE AS
$$ BEGIN RETURN liar($1); END $$;
ALTER TABLE many ALTER v TYPE numeric USING immutable_liar(v);
-- One that the planner takes apart is seen through.
CREATE FUNCTION same(numeric) RETURNS numeric LANGUAGE sql IMMUTABLE AS 'SELECT $1 + 0';
ALTER TABLE many ALTER v TYPE numeric USING same(v);
-- A cast of the user's own is no way back, and doesn't run as whoever alters the table.
CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE TABLE moods (m mood);
INSERT INTO moods VALUES ('ok');
CREATE FUNCTION any_mood(integer) RETURNS mood LANGUAGE plpgsql IMMUTABLE AS
$$ BEGIN RAISE WARNING 'running as %', current_user; RETURN 'ok'; END $$;
CREATE CAST (integer AS mood) WITH FUNCTION any_mood(integer);
ALTER TABLE moods ALTER m TYPE integer USING 1;
-- A part that drops and one that changes: one refusal names both.
CREATE TABLE both_ways (a integer, b text);
INSERT INTO both_ways VALUES (1, 'x');
ALTER TABLE both_ways DROP COLUMN a, ALTER b TYPE integer USING 5;
-- Given their zone, timestamps are what they were.
CREATE TABLE moments (t timestamp);
INSERT INTO moments VALUES ('2020-07-01 12:00');
SET timezone = 'Europe/Berlin';
ALTER TABLE moments ALTER t TYPE timestamptz USING t AT TIME ZONE 'UTC';
ALTER TABLE moments ALTER t TYPE timestamp USING t AT TIME ZONE 'UTC';
SELECT * FROM moments;
RESET timezone;
CREATE TABLE hosts (a inet);
INSERT INTO hosts VALUES ('192.168.1.1');
ALTER TABLE hosts ALTER a TYPE text;
-- A cancelled look leaves nothing behind: no lock, no half transaction.
SET statement_timeout = '50ms';
SET schemaguard.probe_timeout = 0;
ALTER TABLE many ALTER v TYPE integer USING v::integer + 0 * length(repeat('x', 30000000 + v::integer));
RESET statement_timeout;
RESET schemaguard.probe_timeout;
SELECT count(*) FROM pg_locks WHERE relation = 'many'::regclass;

-- The event triggers are off: what can't be looked at is refused, where there are values.
ALTER EVENT TRIGGER schemaguard_ddl_command_start DISABLE;
ALTER EVENT TRIGGER schemaguard_sql_drop DISABLE;
ALTER EVENT TRIGGER schemaguard_ddl_command_end DISABLE;
ALTER TABLE inner_table ALTER v TYPE integer;
ALTER TABLE inner_table ALTER v SET DEFAULT 5, ALTER v SET STATISTICS 100;
CREATE TABLE void (v numeric);
INSERT INTO void VALUES (NULL);
ALTER TABLE void ALTER v TYPE integer;
ALTER EVENT TRIGGER schemaguard_ddl_command_start ENABLE ALWAYS;
ALTER EVENT TRIGGER schemaguard_sql_drop ENABLE ALWAYS;
ALTER EVENT TRIGGER schemaguard_ddl_command_end ENABLE ALWAYS;
ALTER TABLE inner_table ALTER v TYPE integer;

SELECT statement, rule, detail FROM schemaguard.refused ORDER BY id;
BEGIN;
SELECT schemaguard.accept_data_loss('the end of the test');
DROP TABLE price;
COMMIT;
DROP OWNED BY values_owner, values_stranger;
DROP ROLE values_owner, values_stranger;
