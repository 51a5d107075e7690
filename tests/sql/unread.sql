-- unread(): what no reader knows shows, whatever it is.
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE EXTENSION schemaguard;
CREATE SCHEMA app;
CREATE TABLE app.t (id integer PRIMARY KEY, a text NOT NULL CHECK (a <> ''));
CREATE DOMAIN app.d AS text NOT NULL CHECK (VALUE <> '');
CREATE TABLE app.child () INHERITS (app.t);
CREATE TEMP TABLE temporary (id serial PRIMARY KEY);
SELECT * FROM schemaguard.unread();

-- A constraint of a kind that there is not, as a later server may bring.
SET allow_system_table_mods = on;
UPDATE pg_constraint SET contype = 'z' WHERE conname = 't_a_check' AND conrelid = 'app.t'::regclass;
SELECT * FROM schemaguard.unread();
UPDATE pg_constraint SET contype = 'c' WHERE conname = 't_a_check' AND conrelid = 'app.t'::regclass;

-- A relation of such a kind.
UPDATE pg_class SET relkind = 'z' WHERE oid = 'app.child'::regclass;
SELECT * FROM schemaguard.unread() WHERE object_type = 'relation';
UPDATE pg_class SET relkind = 'r' WHERE oid = 'app.child'::regclass;
SELECT * FROM schemaguard.unread();
