-- GUARD.md 14: what is replaced or dropped without a row being lost leaves its old definition in the record.
\set SHOW_CONTEXT never
CREATE EXTENSION schemaguard;
SET client_min_messages = warning;
CREATE TABLE t (id int, v text);
CREATE VIEW v AS SELECT a.id FROM t a, t b;
CREATE FUNCTION f(n int) RETURNS int LANGUAGE sql AS 'SELECT n + 1';
CREATE PROCEDURE p() LANGUAGE sql AS 'SELECT 1';
CREATE RULE r AS ON DELETE TO t DO ALSO SELECT 1;
CREATE TRIGGER tr BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger();
CREATE OR REPLACE VIEW v AS SELECT a.id, b.v FROM t a, t b;
CREATE OR REPLACE FUNCTION f(n int) RETURNS int LANGUAGE sql AS 'SELECT n + 2';
CREATE OR REPLACE PROCEDURE p() LANGUAGE sql AS 'SELECT 2';
CREATE OR REPLACE RULE r AS ON DELETE TO t DO ALSO SELECT 2;
CREATE OR REPLACE TRIGGER tr BEFORE UPDATE ON t FOR EACH ROW WHEN (OLD.id > 1) EXECUTE FUNCTION suppress_redundant_updates_trigger();
DROP FUNCTION f(int);
DROP PROCEDURE p();
DROP VIEW v;
-- comments: the first one replaces nothing
COMMENT ON TABLE t IS 'first';
COMMENT ON TABLE t IS E'second, it''s a \\ longer\none';
COMMENT ON TABLE t IS NULL;
COMMENT ON COLUMN t.v IS 'a column';
COMMENT ON COLUMN t.v IS 'a column, again';
COMMENT ON FUNCTION schemaguard.status() IS 'ours';
ALTER TABLE t ADD CONSTRAINT c CHECK (id > 0);
COMMENT ON CONSTRAINT c ON t IS 'a constraint';
COMMENT ON CONSTRAINT c ON t IS '';
COMMENT ON RULE r ON t IS 'a rule';
COMMENT ON RULE r ON t IS NULL;
COMMENT ON SCHEMA public IS NULL;
-- the server's own errors are its own
COMMENT ON TABLE nowhere IS 'x';
COMMENT ON VIEW t IS 'x';
COMMENT ON COLUMN t.nowhere IS 'x';
SELECT command_tag, object, former_definition FROM schemaguard.ddl_log WHERE former_definition IS NOT NULL ORDER BY id;
