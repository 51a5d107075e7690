-- What belongs to the whole server fires no event trigger: a session that has
-- the library loaded records it all the same.
\set VERBOSITY terse
CREATE EXTENSION schemaguard;
CREATE TABLE loads_the_library ();
CREATE ROLE sg_global LOGIN PASSWORD 'hunter2';
ALTER ROLE sg_global PASSWORD 'hunter3';
ALTER ROLE sg_global SET work_mem = '8MB';
ALTER ROLE sg_global RENAME TO sg_global_2;
CREATE DATABASE sg_global_db TEMPLATE template0;
ALTER DATABASE sg_global_db CONNECTION LIMIT 5;
ALTER DATABASE sg_global_db SET work_mem = '8MB';
DROP DATABASE sg_global_db;
CREATE ROLE sg_global_3;
-- one statement, two objects
DROP ROLE sg_global_2, sg_global_3;
-- rolled back, nothing of it
BEGIN;
CREATE ROLE sg_global_4;
ROLLBACK;
-- out of several statements, and out of a function
SELECT 1 \; CREATE ROLE sg_global_5 PASSWORD 'x' \; SELECT 2;
DO $$ BEGIN EXECUTE 'DROP ROLE sg_global_5'; END $$;
SELECT command_tag, action, object_type, object, statement, context IS NOT NULL AS nested
  FROM schemaguard.ddl_log
 WHERE object LIKE 'sg_global%' ORDER BY id;
SELECT count(DISTINCT statement_id) AS statements, count(*) AS objects
  FROM schemaguard.ddl_log WHERE statement = 'DROP ROLE sg_global_2, sg_global_3';
-- an event trigger fires none for itself: nothing of those that came with the
-- extension, nothing of what was rolled back
CREATE FUNCTION nothing() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
CREATE EVENT TRIGGER "sg Global" ON sql_drop EXECUTE FUNCTION nothing();
ALTER EVENT TRIGGER "sg Global" RENAME TO sg_global_6;
ALTER EVENT TRIGGER sg_global_6 DISABLE;
DROP EVENT TRIGGER sg_global_6;
BEGIN;
CREATE EVENT TRIGGER sg_global_7 ON sql_drop EXECUTE FUNCTION nothing();
ROLLBACK;
BEGIN;
SAVEPOINT s;
CREATE EVENT TRIGGER sg_global_7 ON sql_drop EXECUTE FUNCTION nothing();
ROLLBACK TO s;
CREATE EVENT TRIGGER sg_global_8 ON sql_drop EXECUTE FUNCTION nothing();
COMMIT;
DO $$ BEGIN EXECUTE 'CREATE EVENT TRIGGER sg_global_9 ON sql_drop EXECUTE FUNCTION nothing()'; END $$;
SELECT command_tag, action, object, formerly, statement, context IS NOT NULL AS nested
  FROM schemaguard.ddl_log
 WHERE object_type = 'event trigger' ORDER BY id;
