-- On what terms a declaration is compared: comments, column order, owners, grants, and what it
-- doesn't manage.
SET client_min_messages = warning;
CREATE ROLE terms_a;
CREATE ROLE terms_b SUPERUSER;
CREATE EXTENSION schemaguard;
\set text 'CREATE TABLE t (a integer, b text); COMMENT ON TABLE t IS ''ours''; CREATE VIEW v AS SELECT a FROM t'
SELECT schemaguard.declare(:'text') AS version;
SELECT compare, unmanaged FROM schemaguard.declared;

CREATE TABLE t (b text, a integer);
COMMENT ON TABLE t IS 'theirs';
COMMENT ON COLUMN t.a IS 'too much';
CREATE VIEW v AS SELECT a FROM t;
ALTER TABLE t OWNER TO terms_a;
GRANT SELECT ON t TO terms_b;
ALTER DEFAULT PRIVILEGES FOR ROLE terms_a GRANT SELECT ON TABLES TO terms_b;
CREATE TABLE tmp_1 (id serial PRIMARY KEY CHECK (id > 0));
CREATE INDEX ON tmp_1 (id);
CREATE TABLE "Tmp_1" ();
CREATE VIEW found AS SELECT object_type, object, change, attribute, declared, actual FROM schemaguard.drift();

-- by default comments and the order of columns
SELECT schemaguard.declare(:'text', unmanaged => '{public.tmp_*,"public.\"Tmp_1\"",public.found}') AS version;
SELECT * FROM found;
-- nothing but the structure
SELECT schemaguard.declare(:'text', compare => '{}', unmanaged => '{public.tmp_*,"public.\"Tmp_1\"",public.found}') AS version;
SELECT * FROM found;
-- owners and grants: what the text gives to nobody has no owner to compare
SELECT schemaguard.declare(:'text', compare => '{owners,grants}', unmanaged => '{public.tmp_%,"public.\"Tmp_1\"",public.found}') AS version;
SELECT * FROM found;
SELECT fix FROM schemaguard.drift();
-- a text that names owners
SELECT schemaguard.declare(:'text' || '; ALTER TABLE t OWNER TO terms_b; ALTER VIEW v OWNER TO CURRENT_USER', compare => '{owners}',
                           unmanaged => '{public.*mp_1,public.tmp_1_id_seq,public.found}') AS version;
SELECT * FROM found;
-- a whole schema
SELECT schemaguard.declare('CREATE SCHEMA kept', schemas => '{kept,public}', unmanaged => '{public}') AS version;
SELECT * FROM found;

-- what means nothing is refused
SELECT schemaguard.declare(:'text', compare => '{comments,owner}');
SELECT schemaguard.declare(:'text', unmanaged => '{a.b.c}');
SELECT schemaguard.declare(:'text', unmanaged => '{*}');
SELECT schemaguard.declare(:'text', compare => '{NULL}');

-- What has to be made anew keeps comments, grants and owner that nobody declared.
SELECT schemaguard.declare('CREATE TABLE t (a integer); CREATE MATERIALIZED VIEW m AS SELECT a FROM t', compare => '{}',
                           unmanaged => '{public.tmp_*,"public.\"Tmp_1\"",public.found,public.v}') AS version;
CREATE MATERIALIZED VIEW m AS SELECT a + 1 AS a FROM t;
COMMENT ON MATERIALIZED VIEW m IS 'kept';
GRANT SELECT ON m TO terms_a;
ALTER MATERIALIZED VIEW m OWNER TO terms_b;
-- (versions write the definition differently)
SELECT replace(fix, 't.a', 'a') FROM schemaguard.drift() WHERE object = 'public.m' \gexec
SELECT obj_description('m'::regclass), pg_get_userbyid(relowner), has_table_privilege('terms_a', 'm', 'SELECT') FROM pg_class WHERE oid = 'm'::regclass;

-- Kinds of the whole database are compared where one of them is declared.
CREATE FOREIGN DATA WRAPPER wrapper;
CREATE SERVER one FOREIGN DATA WRAPPER wrapper;
SET client_min_messages = error;
CREATE PUBLICATION pub;
\set left '{public.%mp_1,public.tmp_*,public.found,public.v,public.m,public.t}'
SELECT schemaguard.declare('', unmanaged => :'left') AS version;
SELECT * FROM found;
SELECT schemaguard.declare('CREATE FOREIGN DATA WRAPPER wrapper; CREATE SERVER two FOREIGN DATA WRAPPER wrapper', unmanaged => :'left') AS version;
SELECT * FROM found;
-- An extension that the text doesn't make is the live database's own affair, and so is a version
-- that it doesn't name.
CREATE EXTENSION tablefunc;
CREATE EXTENSION fuzzystrmatch VERSION '1.1';
SELECT schemaguard.declare('', unmanaged => :'left') AS version;
SELECT * FROM found;
SELECT schemaguard.declare('CREATE EXTENSION fuzzystrmatch; CREATE EXTENSION citext', unmanaged => :'left') AS version;
SELECT * FROM found;
CREATE EXTENSION hstore VERSION '1.4';
SELECT schemaguard.declare('CREATE EXTENSION hstore VERSION ''1.5''; CREATE EXTENSION fuzzystrmatch; CREATE EXTENSION tablefunc', unmanaged => :'left') AS version;
SELECT * FROM found;
SELECT fix FROM schemaguard.drift() \gexec
SELECT * FROM found;

DROP TABLE t, tmp_1, "Tmp_1" CASCADE;
DROP OWNED BY terms_a CASCADE;
DROP OWNED BY terms_b CASCADE;
DROP ROLE terms_a, terms_b;
