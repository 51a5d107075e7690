-- What is covered and what is not, as this session and this database have it.
\set SHOW_CONTEXT never
CREATE EXTENSION schemaguard;
SET client_min_messages = warning;
SELECT current_database() AS db, current_setting('server_version_num')::int >= 170000 AS login \gset
CREATE VIEW s AS SELECT item, state, regexp_replace(detail, 'complete since \d.*', 'complete since …') AS detail FROM schemaguard.status();

-- after CREATE EXTENSION alone; what TRUNCATE needs depends on the version
SELECT * FROM s WHERE item <> 'TRUNCATE';
SELECT state = CASE WHEN :'login' THEN 'covered' ELSE 'not covered' END AS ok FROM s WHERE item = 'TRUNCATE';

-- the statement that it gives does what it says
SELECT 'ALTER DATABASE status SET session_preload_libraries = ''schemaguard'';' =
       coalesce(substring((SELECT detail FROM s WHERE item = 'TRUNCATE') FROM 'ALTER DATABASE.*'),
                'ALTER DATABASE status SET session_preload_libraries = ''schemaguard'';') AS ok;
ALTER DATABASE :"db" SET session_preload_libraries = 'schemaguard';
SELECT state, detail FROM s WHERE item = 'TRUNCATE';
\c
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SELECT state, detail FROM s WHERE item = 'TRUNCATE';
-- another library that is there already is kept
ALTER DATABASE :"db" SET session_preload_libraries = 'auto_explain';
\c
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SELECT :'login' OR detail LIKE '%SET session_preload_libraries = ''auto_explain, schemaguard'';' AS ok FROM s WHERE item = 'TRUNCATE';
ALTER DATABASE :"db" RESET session_preload_libraries;
\c
\set SHOW_CONTEXT never
SET client_min_messages = warning;

-- modes
SET schemaguard.mode = warn;
SELECT * FROM s WHERE item = 'guard';
SET schemaguard.mode = observe;
SELECT * FROM s WHERE item = 'guard';
SET schemaguard.mode = off;
SELECT * FROM s WHERE item = 'guard';
RESET schemaguard.mode;
SET schemaguard.probe_timeout = '2min';
SELECT * FROM s WHERE item = 'probe timeout';
SET schemaguard.probe_timeout = 0;
SELECT * FROM s WHERE item = 'probe timeout';
RESET schemaguard.probe_timeout;

-- what is switched off is named
ALTER EVENT TRIGGER schemaguard_sql_drop DISABLE;
ALTER EVENT TRIGGER schemaguard_ddl_command_end ENABLE;
SELECT * FROM s WHERE item IN ('record', 'DDL');
ALTER EVENT TRIGGER schemaguard_sql_drop ENABLE ALWAYS;
ALTER EVENT TRIGGER schemaguard_ddl_command_end ENABLE REPLICA;
SELECT * FROM s WHERE item IN ('record', 'DDL');
ALTER EVENT TRIGGER schemaguard_ddl_command_end ENABLE ALWAYS;
SELECT state FROM s WHERE item IN ('record', 'DDL');
ALTER EXTENSION schemaguard DROP EVENT TRIGGER schemaguard_sql_drop;
DROP EVENT TRIGGER schemaguard_sql_drop;
SELECT * FROM s WHERE item IN ('record', 'DDL');
CREATE EVENT TRIGGER schemaguard_sql_drop ON sql_drop EXECUTE FUNCTION schemaguard.on_sql_drop();
ALTER EVENT TRIGGER schemaguard_sql_drop ENABLE ALWAYS;
ALTER EXTENSION schemaguard ADD EVENT TRIGGER schemaguard_sql_drop;
SELECT state FROM s WHERE item IN ('record', 'DDL');

-- the mark on the database
ALTER DATABASE :"db" SET schemaguard.protected = off;
SELECT * FROM s WHERE item = 'DROP DATABASE';
ALTER DATABASE :"db" RESET schemaguard.protected;
SELECT * FROM s WHERE item = 'DROP DATABASE';
ALTER DATABASE :"db" SET schemaguard.protected = 'yes';
SELECT * FROM s WHERE item = 'DROP DATABASE';
ALTER DATABASE :"db" SET schemaguard.protected = on;
SELECT state FROM s WHERE item = 'DROP DATABASE';

-- how much has been recorded
CREATE TABLE t AS SELECT 1 AS id;
DROP TABLE t;
SELECT regexp_replace(detail, '^\d+', 'N') AS detail FROM s WHERE item = 'record';

-- declared schemas
SELECT schemaguard.declare('CREATE TABLE t (id int)');
SELECT schemaguard.declare('CREATE TABLE t (id int)', name => 'other');
SELECT schemaguard.declare('CREATE TABLE t (id int, v text)');
SELECT state, regexp_replace(detail, 'declared .*', 'declared …') AS detail FROM s WHERE item = 'declared schema' ORDER BY state;

-- what a declaration isn't about
CREATE SCHEMA "Else";
CREATE SCHEMA where_else;
SELECT state, regexp_replace(detail, 'declared [^;]*', 'declared …') AS detail FROM s WHERE item = 'declared schema' ORDER BY state;
DROP SCHEMA "Else", where_else;

-- consent in force
BEGIN;
SELECT schemaguard.accept_data_loss('shown');
SELECT detail FROM s WHERE item = 'this session';
ROLLBACK;

-- any role may ask, in a read-only transaction, too
CREATE ROLE sg_status;
SET ROLE sg_status;
BEGIN READ ONLY;
SELECT item, state FROM schemaguard.status() WHERE item IN ('guard', 'record', 'DDL', 'declared schema') ORDER BY 1, 2;
COMMIT;
RESET ROLE;
DROP ROLE sg_status;
