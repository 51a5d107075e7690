-- Attack: settings. Whatever an ordinary role can set, nothing of it gets a statement through.
\set SHOW_CONTEXT never
CREATE EXTENSION schemaguard;
CREATE ROLE sg_settings LOGIN;
GRANT CREATE ON SCHEMA public TO sg_settings;
CREATE TABLE precious AS SELECT 1 AS id, 'x' AS v;
ALTER TABLE precious OWNER TO sg_settings;
SELECT current_database() AS db \gset
\c - sg_settings
\set SHOW_CONTEXT never
SET client_min_messages = warning;
-- the first DDL statement loads the library
CREATE TEMP TABLE loads (id int);
-- each setting that we have, each way to set one
SELECT name, context FROM pg_settings WHERE name LIKE 'schemaguard.%' AND context <> 'superuser';
DO $$
DECLARE
  s text;
  way text;
  state text;
BEGIN
  FOREACH s IN ARRAY ARRAY['schemaguard.mode', 'schemaguard.probe_timeout', 'schemaguard.guard_large_objects', 'schemaguard.protected'] LOOP
    FOREACH way IN ARRAY ARRAY['SET %s = 0', 'SET LOCAL %s = 0', 'SELECT set_config(%L, ''0'', true)', 'ALTER ROLE sg_settings SET %s = 0',
        'ALTER ROLE ALL SET %s = 0', 'ALTER SYSTEM SET %s = 0', 'CREATE FUNCTION public.f() RETURNS int LANGUAGE sql SET %s = 0 AS ''SELECT 1''',
        'ALTER FUNCTION public.g() SET %s = 0', 'GRANT SET ON PARAMETER %s TO sg_settings'] LOOP
      BEGIN
        EXECUTE format(way, s);
        RAISE WARNING 'went through: %', format(way, s);
      EXCEPTION WHEN OTHERS THEN
        GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE;
        IF state NOT IN ('42501', '42883', '25001') THEN RAISE WARNING '%: %', format(way, s), state; END IF;
      END;
    END LOOP;
  END LOOP;
END $$;
-- upper case, quotes, a name beside ours
\set VERBOSITY sqlstate
SET "SchemaGuard.Mode" = off;
\set VERBOSITY default
SET schemaguard.mode2 = off;
SELECT set_config('schemaguard', 'off', false);
SHOW schemaguard.mode;
-- those of the server that an ordinary role may set
SET statement_timeout = '1ms';
SET lock_timeout = 1;
SET idle_in_transaction_session_timeout = 0;
RESET statement_timeout;
SET row_security = off;
SET search_path = '';
SET check_function_bodies = off;
SET transform_null_equals = on;
SET enable_seqscan = off;
SET default_transaction_read_only = off;
SET default_transaction_isolation = 'serializable';
SET transaction_isolation = 'serializable';
SET default_toast_compression = 'pglz';
SET escape_string_warning = off;
SET standard_conforming_strings = off;
SET backslash_quote = on;
SET quote_all_identifiers = on;
SET DateStyle = 'SQL, DMY';
SET TimeZone = 'Antarctica/Troll';
SET IntervalStyle = 'sql_standard';
SET lc_monetary = 'C';
SET extra_float_digits = 0;
SET bytea_output = 'escape';
SET xmloption = document;
SET plan_cache_mode = force_generic_plan;
SET max_parallel_workers = 0;
SET work_mem = '64kB';
SET temp_buffers = 100;
SET commit_delay = 0;
SET synchronous_commit = off;
SET application_name = 'schemaguard worker';
SET default_table_access_method = 'heap';
SET debug_print_parse = on;
SET debug_print_parse = off;
SET gin_fuzzy_search_limit = 1;
SET jit = off;
SET track_activities = off;
SET max_stack_depth = '100kB';
DROP TABLE public.precious;
\echo :SQLSTATE
ALTER TABLE public.precious DROP COLUMN v;
TRUNCATE public.precious;
-- a read-only transaction has nothing to refuse
SET default_transaction_read_only = on;
DROP TABLE public.precious;
\echo :SQLSTATE
-- a client that has fewer letters than we have
RESET ALL;
SET client_min_messages = warning;
SET client_encoding = 'LATIN1';
DROP TABLE public.precious;
\echo :SQLSTATE
SET client_encoding = 'SQL_ASCII';
DROP TABLE public.precious;
-- there a warning must stay a warning
SET client_encoding = 'WIN1252';
CREATE RULE quiet AS ON DELETE TO precious DO INSTEAD NOTHING;
\echo :SQLSTATE
DROP RULE quiet ON precious;
SET client_encoding = 'UTF8';
-- a deferred, a two-phase, an autonomous end of the transaction
RESET ALL;
SET client_min_messages = warning;
BEGIN;
SET CONSTRAINTS ALL DEFERRED;
DROP TABLE public.precious;
COMMIT;
BEGIN;
DROP TABLE public.precious;
PREPARE TRANSACTION 'x';
-- out of the way in time: the statement is cancelled, and nothing of it stays
SET statement_timeout = '1ms';
SELECT pg_sleep(0.1);
RESET statement_timeout;
-- from the client's side (our own settings: guard_placeholder)
\c "dbname=attack_settings user=sg_settings options='-c search_path=pg_temp -c default_transaction_isolation=serializable'"
\set SHOW_CONTEXT never
DROP TABLE public.precious;
SHOW schemaguard.mode;
SHOW schemaguard.probe_timeout;
\c "dbname=attack_settings user=postgres options=''"
\set SHOW_CONTEXT never
SELECT count(*) FROM precious;
LOAD 'schemaguard';
-- the harmless twin: a superuser grants one of them, and it works
GRANT SET ON PARAMETER schemaguard.mode TO sg_settings;
SET ROLE sg_settings;
SET schemaguard.mode = observe;
DROP TABLE precious;
RESET ROLE;
SELECT object, verdict, current_user_name FROM schemaguard.ddl_log WHERE object_type = 'setting' OR verdict = 'observed' ORDER BY id;
RESET schemaguard.mode;
DROP OWNED BY sg_settings;
DROP ROLE sg_settings;
