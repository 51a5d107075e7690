-- Attack: SECURITY DEFINER functions, event trigger functions by hand, our objects; by a role that owns its schema.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE EXTENSION schemaguard;
CREATE ROLE sg_attacker_d LOGIN;
CREATE ROLE sg_dba LOGIN;
GRANT EXECUTE ON FUNCTION schemaguard.accept_data_loss(text) TO sg_dba;
CREATE SCHEMA mine AUTHORIZATION sg_attacker_d;
CREATE SCHEMA dba AUTHORIZATION sg_dba;
CREATE TABLE mine.precious AS SELECT 1 AS id, 'x' AS v;
ALTER TABLE mine.precious OWNER TO sg_attacker_d;

--
-- Consent counts the role that gives it, at the place where it does
--
SET ROLE sg_attacker_d;
-- a function of one's own gives no more rights than one has
CREATE FUNCTION mine.give() RETURNS void LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN PERFORM schemaguard.accept_data_loss('mine'); END $$;
BEGIN;
SELECT mine.give();
\echo :SQLSTATE
ROLLBACK;
-- run by somebody who may give consent: inside, he is the attacker
GRANT USAGE ON SCHEMA mine TO sg_dba;
SET ROLE sg_dba;
BEGIN;
SELECT mine.give();
ROLLBACK;
-- one without SECURITY DEFINER is run as the caller: whoever runs strangers' code does what it says
SET ROLE sg_attacker_d;
CREATE FUNCTION mine.trojan() RETURNS void LANGUAGE plpgsql AS $$ BEGIN PERFORM schemaguard.accept_data_loss('trojan'); EXECUTE 'TRUNCATE mine.precious'; END $$;
GRANT TRUNCATE ON mine.precious TO sg_dba;
SELECT mine.trojan();
SET ROLE sg_dba;
BEGIN;
SELECT mine.trojan();
ROLLBACK;
-- a DBA's function that gives consent and does one thing: consent lasts as long as the transaction, so it is
-- to be granted like accept_data_loss() itself
CREATE FUNCTION dba.purge() RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN PERFORM schemaguard.accept_data_loss('purge'); EXECUTE 'TRUNCATE mine.precious'; END $$;
REVOKE EXECUTE ON FUNCTION dba.purge() FROM PUBLIC;
SET ROLE sg_attacker_d;
SELECT dba.purge();
-- what a function is, not what it is called
CREATE FUNCTION mine.accept_data_loss(reason text) RETURNS void LANGUAGE c AS '$libdir/schemaguard', 'accept_data_loss_wrapper';
CREATE FUNCTION mine.accept_data_loss(reason text) RETURNS void LANGUAGE internal AS 'accept_data_loss_wrapper';
ALTER FUNCTION schemaguard.accept_data_loss(text) SECURITY DEFINER;
ALTER FUNCTION schemaguard.accept_data_loss(text) SET search_path = mine;
CREATE OR REPLACE FUNCTION schemaguard.accept_data_loss(reason text) RETURNS void LANGUAGE sql SECURITY DEFINER AS 'SELECT';
-- default arguments, operators, casts, triggers, policies, views as a way to call it
CREATE VIEW mine.v AS SELECT schemaguard.accept_data_loss('view');
SELECT * FROM mine.v;
CREATE OPERATOR mine.! (RIGHTARG = text, FUNCTION = schemaguard.accept_data_loss);
CREATE TABLE mine.d (x int, y text DEFAULT schemaguard.accept_data_loss('default')::text);
INSERT INTO mine.d (x) VALUES (1);
RESET ROLE;

--
-- The guard's own objects
--
SET ROLE sg_attacker_d;
ALTER EVENT TRIGGER schemaguard_ddl_command_start DISABLE;
ALTER EVENT TRIGGER schemaguard_ddl_command_start RENAME TO x;
ALTER EVENT TRIGGER schemaguard_sql_drop OWNER TO sg_attacker_d;
CREATE EVENT TRIGGER aaa_first ON ddl_command_start EXECUTE FUNCTION schemaguard.on_ddl_command_start();
COMMENT ON EVENT TRIGGER schemaguard_sql_drop IS 'x';
REVOKE ALL ON FUNCTION schemaguard.accept_data_loss(text) FROM sg_dba;
REVOKE ALL ON SCHEMA schemaguard FROM PUBLIC;
GRANT ALL ON SCHEMA schemaguard TO sg_attacker_d;
-- Which function is the first one is the server's affair.
\set VERBOSITY sqlstate
SET client_min_messages = error;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA schemaguard TO sg_attacker_d;
RESET client_min_messages;
\set VERBOSITY default
SELECT has_function_privilege('sg_attacker_d', 'schemaguard.accept_data_loss(text)', 'EXECUTE') AS consent,
       has_schema_privilege('sg_attacker_d', 'schemaguard', 'CREATE') AS creates,
       has_function_privilege('sg_dba', 'schemaguard.accept_data_loss(text)', 'EXECUTE') AS dba,
       has_schema_privilege('public', 'schemaguard', 'USAGE') AS public;
ALTER DEFAULT PRIVILEGES IN SCHEMA schemaguard GRANT ALL ON TABLES TO PUBLIC;
ALTER VIEW schemaguard.refused SET (security_barrier = true);
CREATE OR REPLACE VIEW schemaguard.refused AS SELECT 1;
ALTER TABLE schemaguard.ddl_entry DISABLE TRIGGER ALL;
ALTER TABLE schemaguard.ddl_entry ENABLE ROW LEVEL SECURITY;
CREATE POLICY p ON schemaguard.ddl_entry USING (false);
CREATE RULE r AS ON INSERT TO schemaguard.ddl_entry DO INSTEAD NOTHING;
CREATE INDEX ON schemaguard.ddl_entry ((1/0));
CREATE TABLE mine.child () INHERITS (schemaguard.ddl_entry);
CREATE TABLE mine.points (id bigint REFERENCES schemaguard.ddl_entry);
COPY schemaguard.ddl_entry TO STDOUT;
SELECT count(*) FROM schemaguard.ddl_entry;
UPDATE schemaguard.ddl_entry SET verdict = 'allowed';
TRUNCATE schemaguard.ddl_entry;
LOCK TABLE schemaguard.ddl_entry;
DROP FUNCTION schemaguard.on_sql_drop() CASCADE;
ALTER FUNCTION schemaguard.on_sql_drop() RENAME TO x;
SECURITY LABEL ON TABLE schemaguard.ddl_entry IS 'x';
ALTER EXTENSION schemaguard SET SCHEMA mine;
ALTER EXTENSION schemaguard ADD TABLE mine.precious;
ALTER SCHEMA schemaguard RENAME TO x;
ALTER SCHEMA schemaguard OWNER TO sg_attacker_d;
-- those of the event trigger functions that are its own by name
CREATE FUNCTION mine.on_sql_drop() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
CREATE EVENT TRIGGER mine ON sql_drop EXECUTE FUNCTION mine.on_sql_drop();
-- a domain, a type, an operator class around our tables' types can't be put there either
DROP TABLE mine.precious;
\echo :SQLSTATE
-- in the name of the extension's upgrade
SET search_path = mine;
ALTER EXTENSION schemaguard UPDATE TO 'next';
CREATE EXTENSION schemaguard VERSION 'next';
RESET search_path;
RESET ROLE;
-- all of it was refused by the server or by us, and the record is whole
SELECT count(*) AS triggers FROM pg_event_trigger WHERE evtname ~ '^schemaguard_(ddl|sql)' AND evtenabled = 'A';
SELECT count(*) FROM mine.precious;
SELECT DISTINCT verdict FROM schemaguard.ddl_log ORDER BY 1;

--
-- The harmless twin: the DBA in his own name
--
SET ROLE sg_dba;
BEGIN;
SELECT schemaguard.accept_data_loss('purged by the DBA');
TRUNCATE mine.precious;
COMMIT;
RESET ROLE;
SELECT verdict, reason, current_user_name FROM schemaguard.ddl_log WHERE verdict = 'accepted';
SET schemaguard.mode = off;
DROP OWNED BY sg_attacker_d, sg_dba CASCADE;
DROP ROLE sg_attacker_d, sg_dba;
