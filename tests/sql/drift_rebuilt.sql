-- Tables that were made anew by hand, and what they replace is still there under another name.
SET client_min_messages = warning;
CREATE EXTENSION schemaguard;
CREATE TABLE users (id serial PRIMARY KEY, email text NOT NULL UNIQUE, nr integer);
CREATE INDEX users_nr_idx ON users (nr);
CREATE TABLE orders (id integer PRIMARY KEY, user_id integer REFERENCES users);
CREATE TABLE log (id integer, at date, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
CREATE TABLE log_1 PARTITION OF log FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
CREATE INDEX ON log (at);
INSERT INTO users (email, nr) VALUES ('a', 1), ('b', 2);
INSERT INTO orders VALUES (1, 1);
INSERT INTO log VALUES (1, '2026-02-01');
SELECT schemaguard.declare(schemaguard.snapshot()::text, 'json') > 0 AS declared;
SET schemaguard.mode = off;

CREATE TABLE users_new (LIKE users INCLUDING ALL);
INSERT INTO users_new SELECT * FROM users;
ALTER TABLE orders DROP CONSTRAINT orders_user_id_fkey;
ALTER TABLE users RENAME TO users_old;
ALTER TABLE users_new RENAME TO users;
ALTER TABLE orders ADD CONSTRAINT orders_user_id_fkey FOREIGN KEY (user_id) REFERENCES users;
-- A partition made anew; the old one still has its indexes, by their names.
ALTER TABLE log DETACH PARTITION log_1;
ALTER TABLE log_1 RENAME TO log_1_old;
CREATE TABLE log_1 PARTITION OF log FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
INSERT INTO log SELECT * FROM log_1_old;

SELECT object, change, attribute, declared, actual FROM schemaguard.drift();
SELECT sql, data_loss, note FROM schemaguard.fix(prove => true) ORDER BY step;
SELECT sql FROM schemaguard.fix() WHERE sql IS NOT NULL ORDER BY step \gexec
SELECT object, change, attribute FROM schemaguard.drift();

-- The same partition is missing altogether.
DROP TABLE log_1;
ALTER TABLE log_1_old RENAME TO log_0;
ALTER TABLE log_0 ADD own integer;
CREATE TABLE log_2 (id integer);
DROP TABLE log_0;
CREATE INDEX log_1_pkey ON users_old (nr);
SELECT sql, data_loss, note FROM schemaguard.fix(prove => true) ORDER BY step;
SELECT sql FROM schemaguard.fix() WHERE sql IS NOT NULL ORDER BY step \gexec
SELECT object, change, attribute FROM schemaguard.drift();
SELECT * FROM users ORDER BY id;

-- A view stays with the old table, and a column of the new one has another type.
DROP TABLE users_old, log_2;
CREATE VIEW emails AS SELECT id, email FROM users;
SELECT schemaguard.declare(schemaguard.snapshot()::text, 'json') > 0 AS declared;
ALTER TABLE orders DROP CONSTRAINT orders_user_id_fkey;
ALTER TABLE users RENAME TO users_old;
CREATE TABLE users (id bigint NOT NULL DEFAULT nextval('users_id_seq'), email text NOT NULL, nr integer);
INSERT INTO users SELECT * FROM users_old;
SELECT sql, note FROM schemaguard.fix(prove => true) WHERE sql IS NULL ORDER BY step;
SELECT note FROM schemaguard.fix(allow_loss => true, prove => true) ORDER BY step DESC LIMIT 1;
SELECT fix FROM schemaguard.drift() WHERE fix !~ '^--' \gexec
SELECT object, change, attribute FROM schemaguard.drift();
SELECT * FROM emails ORDER BY id;
