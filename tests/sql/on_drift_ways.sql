-- schemaguard.on_drift: statements that name something else than what they move away.
SET client_min_messages = warning;
\set SHOW_CONTEXT never
CREATE EXTENSION schemaguard;
SELECT schemaguard.declare($$
CREATE SCHEMA app;
CREATE TABLE app.t (a integer);
CREATE TABLE p (k integer) PARTITION BY LIST (k);
CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1);
CREATE FUNCTION f(integer) RETURNS integer LANGUAGE sql AS 'SELECT 1';
CREATE DOMAIN d AS integer CONSTRAINT positive CHECK (VALUE > 0);
$$) > 0 AS declared;
CREATE SCHEMA app;
CREATE TABLE app.t (a integer);
CREATE TABLE p (k integer) PARTITION BY LIST (k);
CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1);
CREATE FUNCTION f(integer) RETURNS integer LANGUAGE sql AS 'SELECT 1';
CREATE DOMAIN d AS integer CONSTRAINT positive CHECK (VALUE > 0);
SET schemaguard.on_drift = refuse;
ALTER SCHEMA app RENAME TO other;
ALTER TABLE p DETACH PARTITION p1;
ALTER EXTENSION plpgsql ADD FUNCTION f(integer);
ALTER EXTENSION plpgsql ADD TABLE app.t;
ALTER DOMAIN d RENAME CONSTRAINT positive TO above;
-- a comment is no matter of being refused
COMMENT ON CONSTRAINT positive ON DOMAIN d IS 'more than none';
SELECT object, change, attribute FROM schemaguard.drift();
