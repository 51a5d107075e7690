-- Schemas that have changed names: what is in them goes back, indexes and sequences with their tables.
SET client_min_messages = warning;
CREATE EXTENSION schemaguard;
CREATE SCHEMA a;
CREATE TABLE a.t (id serial PRIMARY KEY, x text, y integer GENERATED ALWAYS AS IDENTITY);
CREATE INDEX t_x ON a.t (x);
CREATE SEQUENCE a.loose;
CREATE FUNCTION a.f(a.t) RETURNS integer LANGUAGE sql AS 'SELECT 1';
CREATE VIEW a.v AS SELECT id, x FROM a.t;
CREATE SCHEMA b;
CREATE TABLE b.u (id serial, x text);
CREATE INDEX u_x ON b.u (x);
INSERT INTO a.t (x) VALUES ('of t');
INSERT INTO b.u (x) VALUES ('of u');
SELECT schemaguard.declare(schemaguard.snapshot()::text, 'json', schemas => '{a,b}') > 0 AS declared;

-- They exchanged their names.
ALTER SCHEMA a RENAME TO c;
ALTER SCHEMA b RENAME TO a;
ALTER SCHEMA c RENAME TO b;
SELECT d.object, d.attribute, d.actual, l.statement, d.fix
  FROM schemaguard.drift() d JOIN schemaguard.ddl_log l ON l.id = d.caused_by;
SELECT note FROM schemaguard.fix(prove => true) ORDER BY step DESC LIMIT 1;
SELECT sql FROM schemaguard.fix() WHERE sql IS NOT NULL ORDER BY step \gexec
SELECT * FROM schemaguard.drift();

-- The one has another name, and there is another one in its place; an index has another name, too.
ALTER SCHEMA a RENAME TO c;
CREATE SCHEMA a;
ALTER INDEX c.t_x RENAME TO t_y;
SELECT d.object, d.attribute, d.actual, l.statement, d.fix
  FROM schemaguard.drift() d JOIN schemaguard.ddl_log l ON l.id = d.caused_by;
SELECT note FROM schemaguard.fix(prove => true) ORDER BY step DESC LIMIT 1;
SELECT sql FROM schemaguard.fix() WHERE sql IS NOT NULL ORDER BY step \gexec
SELECT * FROM schemaguard.drift();
SELECT x FROM a.v UNION ALL SELECT x FROM b.u;
