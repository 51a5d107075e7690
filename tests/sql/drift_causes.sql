-- The statement that drift() names, where the record has it in a way of its own.
\set VERBOSITY terse
CREATE EXTENSION schemaguard;
SET client_min_messages = warning;
SELECT $$
CREATE TABLE t (a integer NOT NULL DEFAULT 3, b text);
CREATE INDEX i ON t (a);
CREATE STATISTICS s ON a, b FROM t;
CREATE FUNCTION nothing() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
CREATE EVENT TRIGGER e ON sql_drop WHEN TAG IN ('DROP VIEW') EXECUTE FUNCTION nothing();
$$ AS declared \gset
:declared
SELECT count(*) FROM schemaguard.declare(:'declared', compare => '{comments}');
SELECT $$SELECT d.object_type, d.object, change, attribute, statement FROM schemaguard.drift() d LEFT JOIN schemaguard.ddl_log l ON l.id = d.caused_by ORDER BY 1, 2, 4;$$ AS causes \gset

-- event triggers; what is said of them is in no row
DROP EVENT TRIGGER e;
CREATE EVENT TRIGGER e ON sql_drop WHEN TAG IN ('DROP TABLE') EXECUTE FUNCTION nothing();
COMMENT ON EVENT TRIGGER e IS 'Watches';
CREATE EVENT TRIGGER more ON sql_drop EXECUTE FUNCTION nothing();
:causes
DROP EVENT TRIGGER e;
DROP EVENT TRIGGER more;
CREATE EVENT TRIGGER e ON sql_drop WHEN TAG IN ('DROP VIEW') EXECUTE FUNCTION nothing();

-- what went with a table that was made again
DROP TABLE t;
CREATE TABLE t (a integer NOT NULL DEFAULT 3, b text);
:causes
CREATE INDEX i ON t (a);
CREATE STATISTICS s ON a, b FROM t;
DROP INDEX i;
DROP STATISTICS s;
:causes
-- its table's other name is not what it went with
ALTER TABLE t RENAME TO u;
:causes
ALTER TABLE u RENAME TO t;
CREATE INDEX i ON t (a);
CREATE STATISTICS s ON a, b FROM t;

-- what a copy doesn't have that took its table's name
CREATE TABLE copy AS SELECT * FROM t;
DROP TABLE t;
ALTER TABLE copy RENAME TO t;
:causes
