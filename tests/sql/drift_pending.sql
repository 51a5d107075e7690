-- A deployment: the next schema is declared as pending, the database moves there step by step, and
-- then it is the one in force.
SET client_min_messages = warning;
\set SHOW_CONTEXT never
CREATE EXTENSION schemaguard;
CREATE TABLE users (id bigint PRIMARY KEY, email text, old text);
SELECT schemaguard.declare(schemaguard.snapshot()::text, 'json') > 0 AS declared;
SELECT schemaguard.declare($$
CREATE TABLE users (id bigint PRIMARY KEY, email text NOT NULL, name text NOT NULL);
CREATE INDEX users_email ON users (email);
$$, pending => true) > 0 AS declared;
SET schemaguard.on_drift = refuse;
CREATE VIEW way AS SELECT coalesce(string_agg(concat_ws(' ', object, change, attribute), '; ' ORDER BY object, attribute), 'none') AS drift FROM schemaguard.drift();
SET schemaguard.on_drift = off;
CREATE VIEW way AS SELECT coalesce(string_agg(concat_ws(' ', object, change, attribute), '; ' ORDER BY object, attribute) FILTER (WHERE object <> 'public.way'), 'none') AS drift FROM schemaguard.drift();
SET schemaguard.on_drift = refuse;
SELECT item, state, detail LIKE '%pending' AS pending FROM schemaguard.status() WHERE item = 'declared schema';

-- Nothing has happened yet, and nothing is off.
SELECT * FROM way;
-- fix() leads to what is pending.
SELECT sql, note FROM schemaguard.fix() WHERE note NOT LIKE '%public.way%';
-- On the way: what is in neither is off, and only that.
ALTER TABLE users ADD name text;
SELECT * FROM way;
ALTER TABLE users ALTER email SET NOT NULL;
CREATE INDEX users_email ON users (email);
SELECT * FROM way;
ALTER TABLE users ADD third text;
ALTER TABLE users ALTER name TYPE varchar(20);
-- back to where it was
DROP INDEX users_email;
CREATE INDEX users_email ON users (email);
ALTER TABLE users DROP old;
SELECT * FROM way;
SELECT count(*) FROM schemaguard.declared_reached;
-- The last step; with nothing in the way of it, it is in force.
DROP VIEW way;
ALTER TABLE users ALTER name SET NOT NULL;
BEGIN READ ONLY;
SELECT count(*) FROM schemaguard.drift();
COMMIT;
SELECT count(*) FROM schemaguard.declared_reached;
SELECT count(*) FROM schemaguard.drift();
SELECT version, at > now() - interval '1 minute' AS now FROM schemaguard.declared_reached;
SELECT item, state, detail LIKE '%pending' AS pending FROM schemaguard.status() WHERE item = 'declared schema';
ALTER TABLE users ADD old text;
ALTER TABLE users ALTER name DROP NOT NULL;
SET schemaguard.on_drift = off;
ALTER TABLE users ADD old text;
SELECT object, change FROM schemaguard.drift();

-- One that another takes the place of never counts, and a first one needs no other.
SELECT schemaguard.declare('CREATE TABLE never (a integer)', pending => true) > 0 AS declared;
SELECT schemaguard.declare('CREATE TABLE users (id bigint PRIMARY KEY, email text NOT NULL, name text NOT NULL, old text); CREATE INDEX users_email ON users (email);') > 0 AS declared;
SELECT count(*) FROM schemaguard.drift();
SELECT schemaguard.declare('CREATE TABLE first (a integer)', name => 'other', pending => true) > 0 AS declared;
SELECT object, change FROM schemaguard.drift('other');
