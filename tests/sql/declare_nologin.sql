-- Declaring as a role that may not log in: from 17 on that works, 15 can't start a worker for it.
\set SHOW_CONTEXT never
CREATE EXTENSION schemaguard;
CREATE ROLE sg_nologin;
GRANT EXECUTE ON FUNCTION schemaguard.declare TO sg_nologin;
SET ROLE sg_nologin;
SELECT schemaguard.declare('CREATE TABLE t (id int)');
\echo :SQLSTATE
RESET ROLE;
SELECT declared_by, schemas FROM schemaguard.declared;
SELECT count(*) FROM pg_database WHERE datname LIKE 'schemaguard_scratch%';
DROP OWNED BY sg_nologin;
DROP ROLE sg_nologin;
