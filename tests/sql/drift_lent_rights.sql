-- A view reads with its owner's rights: what is filled from it is filled before it gets an owner who may not read.
\set QUIET on
SET client_min_messages = error;
CREATE EXTENSION schemaguard;
SET schemaguard.mode = off;
CREATE ROLE drift_lent_rights;
CREATE SCHEMA app;
CREATE TABLE app.t (id integer, v text);
CREATE VIEW app.lent AS SELECT id, v FROM app.t;
CREATE VIEW app.over AS SELECT id FROM app.lent;
CREATE MATERIALIZED VIEW app.m AS SELECT id FROM app.lent WHERE v > '';
CREATE MATERIALIZED VIEW app.n AS SELECT id FROM app.over;
ALTER VIEW app.lent OWNER TO drift_lent_rights;
REVOKE UPDATE ON app.lent FROM drift_lent_rights;
SELECT schemaguard.declare(schemaguard.snapshot('{app}')::text, 'json', compare => '{comments,column_order,owners,grants}') > 0 AS declared;
\pset format unaligned
\pset tuples_only on

\echo -- all are missing
BEGIN;
DROP VIEW app.lent CASCADE;
SELECT fix FROM schemaguard.drift();
SELECT fix FROM schemaguard.drift() \gexec
SELECT * FROM schemaguard.drift();
ROLLBACK;

\echo -- they stand in the way
BEGIN;
DROP VIEW app.lent CASCADE;
ALTER TABLE app.t ALTER v TYPE varchar(9);
CREATE VIEW app.lent AS SELECT id, v FROM app.t;
CREATE VIEW app.over AS SELECT id FROM app.lent;
CREATE MATERIALIZED VIEW app.m AS SELECT id FROM app.lent WHERE v > '';
CREATE MATERIALIZED VIEW app.n AS SELECT id FROM app.over;
ALTER VIEW app.lent OWNER TO drift_lent_rights;
SELECT object, attribute FROM schemaguard.drift();
SELECT fix FROM schemaguard.drift() \gexec
SELECT * FROM schemaguard.drift();
ROLLBACK;

DROP SCHEMA app CASCADE;
DROP ROLE drift_lent_rights;
