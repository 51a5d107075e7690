-- GRANT and REVOKE on whatever there is: the record names it, and no kind of name stops the server.
SET client_min_messages = warning;
CREATE ROLE grants_a;
CREATE EXTENSION schemaguard;
CREATE SCHEMA app;
CREATE TYPE app.mood AS ENUM ('sad', 'ok');
CREATE DOMAIN app.email AS text;
CREATE TABLE app.t (a integer, b text);
CREATE SEQUENCE app.s;
CREATE FUNCTION app.f(integer) RETURNS integer LANGUAGE sql AS 'SELECT 1';
CREATE PROCEDURE app.p(text) LANGUAGE sql AS 'SELECT 1';
CREATE AGGREGATE app.total(integer) (SFUNC = int4pl, STYPE = integer);
CREATE FOREIGN DATA WRAPPER wrapper;
CREATE SERVER remote FOREIGN DATA WRAPPER wrapper;
SELECT lo_create(4711) > 0 AS made;
SELECT max(id) AS before FROM schemaguard.ddl_log \gset
GRANT USAGE ON TYPE app.mood TO grants_a;
GRANT USAGE ON DOMAIN app.email TO grants_a;
REVOKE USAGE ON TYPE app.mood, app.email FROM grants_a;
GRANT SELECT (a), UPDATE ON app.t TO grants_a;
GRANT USAGE ON SEQUENCE app.s TO grants_a;
GRANT EXECUTE ON FUNCTION app.f(integer) TO grants_a;
GRANT EXECUTE ON PROCEDURE app.p TO grants_a;
GRANT EXECUTE ON ROUTINE app.total(integer) TO grants_a;
GRANT USAGE ON SCHEMA app TO grants_a;
GRANT SELECT ON ALL TABLES IN SCHEMA app TO grants_a;
GRANT USAGE ON LANGUAGE plpgsql TO grants_a;
GRANT USAGE ON FOREIGN DATA WRAPPER wrapper TO grants_a;
GRANT USAGE ON FOREIGN SERVER remote TO grants_a;
GRANT SELECT ON LARGE OBJECT 4711 TO grants_a;
GRANT SET ON PARAMETER log_statement TO grants_a;
GRANT CREATE ON TABLESPACE pg_default TO grants_a;
GRANT CONNECT ON DATABASE record_grants TO grants_a;
GRANT USAGE ON TYPE app.nothing TO grants_a;
SELECT command_tag, object_type, object FROM schemaguard.ddl_log WHERE id > :before ORDER BY id;

-- The same under on_drift, which reads what is named.
SELECT schemaguard.declare('CREATE SCHEMA app; CREATE TYPE app.mood AS ENUM (''sad'', ''ok'')', schemas => '{app}') > 0 AS declared;
SET schemaguard.on_drift = warn;
GRANT USAGE ON TYPE app.mood TO grants_a;
REVOKE USAGE ON DOMAIN app.email FROM grants_a;
COMMENT ON TYPE app.mood IS 'x';
ALTER TYPE app.mood OWNER TO grants_a;
RESET schemaguard.on_drift;

DROP SCHEMA app CASCADE;
DROP OWNED BY grants_a;
REVOKE ALL ON PARAMETER log_statement FROM grants_a;
DROP ROLE grants_a;
