-- Attack: a role plants code in its schema; a superuser has a fix proven, which rebuilds that schema elsewhere.
\set SHOW_CONTEXT never
SET client_min_messages = error;
CREATE EXTENSION schemaguard;
CREATE ROLE sg_mallory;
GRANT CREATE ON SCHEMA public TO sg_mallory;
SELECT schemaguard.declare('CREATE TABLE wanted (a integer);') > 0 AS declared;

-- a materialized view would be filled, as the superuser; it is copied without its rows
SET ROLE sg_mallory;
CREATE FUNCTION trojan() RETURNS integer LANGUAGE plpgsql AS $$BEGIN RAISE 'run as %', current_user; END$$;
CREATE FUNCTION hidden() RETURNS integer IMMUTABLE LANGUAGE plpgsql AS $$BEGIN RETURN trojan(); END$$;
CREATE FUNCTION inlined() RETURNS integer IMMUTABLE LANGUAGE sql AS 'SELECT 1';
CREATE MATERIALIZED VIEW filled AS SELECT trojan() AS a, pg_catalog.lo_import('/nowhere') AS b WITH NO DATA;
CREATE UNIQUE INDEX ON filled (a);
RESET ROLE;
SELECT note FROM schemaguard.fix(prove => true, allow_loss => true) WHERE sql IS NULL;

-- a condition and a default that are only made ready run nothing, and are no obstacle
SET ROLE sg_mallory;
CREATE TABLE honest (a integer DEFAULT trojan() CHECK (trojan() > a));
RESET ROLE;
SELECT note FROM schemaguard.fix(prove => true) WHERE sql IS NULL;

-- an expression of constants is computed while the index is made
SET ROLE sg_mallory;
CREATE OR REPLACE FUNCTION trojan() RETURNS integer LANGUAGE sql AS 'SELECT 1';
CREATE INDEX honest_i ON honest ((hidden() + 1));
CREATE OR REPLACE FUNCTION trojan() RETURNS integer LANGUAGE plpgsql AS $$BEGIN RAISE 'run as %', current_user; END$$;
RESET ROLE;
SELECT note FROM schemaguard.fix(prove => true) WHERE note LIKE 'NOT%';
SET ROLE sg_mallory;
DROP INDEX honest_i;
CREATE INDEX honest_i ON honest ((inlined() + 1));
RESET ROLE;
SELECT note FROM schemaguard.fix(prove => true) WHERE note LIKE 'NOT%';

DROP OWNED BY sg_mallory;
DROP ROLE sg_mallory;
