-- GUARD.md 7: large objects. lo_unlink() is data manipulation: guarded where asked for. DDL that takes them along always is.
\set SHOW_CONTEXT never
CREATE EXTENSION schemaguard;
SET client_min_messages = warning;
CREATE ROLE sg_lo_owner;
SELECT lo_from_bytea(4711, 'twelve bytes'), lo_create(4712), lo_from_bytea(4713, 'x');
ALTER LARGE OBJECT 4711 OWNER TO sg_lo_owner;
ALTER LARGE OBJECT 4712 OWNER TO sg_lo_owner;
-- DROP OWNED takes it along
DROP OWNED BY sg_lo_owner;
\echo :SQLSTATE
DO $$ BEGIN EXECUTE 'DROP OWNED BY sg_lo_owner'; END $$;
SET session_replication_role = replica;
DROP OWNED BY sg_lo_owner;
RESET session_replication_role;
ALTER EVENT TRIGGER schemaguard_ddl_command_start DISABLE;
ALTER EVENT TRIGGER schemaguard_sql_drop DISABLE;
ALTER EVENT TRIGGER schemaguard_ddl_command_end DISABLE;
DROP OWNED BY sg_lo_owner;
ALTER EVENT TRIGGER schemaguard_ddl_command_start ENABLE ALWAYS;
ALTER EVENT TRIGGER schemaguard_sql_drop ENABLE ALWAYS;
ALTER EVENT TRIGGER schemaguard_ddl_command_end ENABLE ALWAYS;
SELECT lo_get(4711);
-- harmless: it holds nothing, or was made in this transaction; a new owner makes it no newer
BEGIN;
ALTER LARGE OBJECT 4711 OWNER TO CURRENT_USER;
DROP OWNED BY sg_lo_owner;
SELECT lo_from_bytea(4714, 'new');
ALTER LARGE OBJECT 4713 OWNER TO sg_lo_owner;
DROP OWNED BY sg_lo_owner;
ROLLBACK;
BEGIN;
ALTER LARGE OBJECT 4711 OWNER TO CURRENT_USER;
SELECT lo_from_bytea(4714, 'new');
REASSIGN OWNED BY sg_lo_owner TO CURRENT_USER;
DROP OWNED BY sg_lo_owner;
COMMIT;

-- by hand: as it has always been
SELECT lo_unlink(4713);
-- unless it is to be guarded
SELECT lo_from_bytea(4713, 'x');
SET schemaguard.guard_large_objects = on;
SELECT lo_unlink(4713);
\echo :SQLSTATE
DO $$ BEGIN PERFORM lo_unlink(4713); END $$;
-- called by the client itself, without a statement
\lo_unlink 4713
-- also by the trigger of contrib's lo, that applications use
CREATE EXTENSION lo;
CREATE TABLE image (id int, raster lo);
CREATE TRIGGER t BEFORE UPDATE OR DELETE ON image FOR EACH ROW EXECUTE FUNCTION lo_manage(raster);
INSERT INTO image VALUES (1, 4713);
DELETE FROM image;
SELECT lo_get(4713), lo_unlink(4712), lo_unlink(lo_from_bytea(4715, 'new'));
BEGIN;
SELECT schemaguard.accept_data_loss('the image is not needed');
DELETE FROM image;
COMMIT;
RESET schemaguard.guard_large_objects;
-- the setting is not an ordinary role's
SET ROLE sg_lo_owner;
SET schemaguard.guard_large_objects = off;
RESET ROLE;
-- what no hook tells of: large objects are overwritten like rows
SELECT lo_put(4711, 0, 'overwritten!');
SELECT lo_get(4711);
SELECT command_tag, object_type, object, verdict, rule, detail FROM schemaguard.ddl_log WHERE rule = 'drop_large_object' ORDER BY id;
SELECT lo_unlink(4711);
DROP ROLE sg_lo_owner;
