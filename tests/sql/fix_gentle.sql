-- fix(gentle => true): forms that keep nobody waiting.
SET client_min_messages = warning;
CREATE EXTENSION schemaguard;
CREATE TABLE users (id bigint PRIMARY KEY, email text NOT NULL UNIQUE, age integer CHECK (age > 0), "Odd name" text NOT NULL);
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint REFERENCES users ON DELETE CASCADE, code text,
                     CONSTRAINT "a code" UNIQUE (code, id) DEFERRABLE INITIALLY DEFERRED);
CREATE INDEX orders_code ON orders (lower(code)) WHERE code IS NOT NULL;
CREATE TABLE events (at date NOT NULL, who text) PARTITION BY RANGE (at);
CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
CREATE INDEX events_who ON events (who);
CREATE DOMAIN short AS text CONSTRAINT length CHECK (length(VALUE) < 10);
SELECT schemaguard.declare(schemaguard.snapshot()::text, 'json') > 0 AS declared;
ALTER TABLE users DROP CONSTRAINT users_email_key, DROP CONSTRAINT users_age_check, ALTER email DROP NOT NULL, ALTER "Odd name" DROP NOT NULL;
ALTER TABLE orders DROP CONSTRAINT orders_user_id_fkey, DROP CONSTRAINT "a code";
ALTER DOMAIN short DROP CONSTRAINT length;
DROP INDEX orders_code, events_who;
CREATE INDEX more ON users (age);
INSERT INTO users VALUES (1, 'a', 1, 'x');
INSERT INTO orders VALUES (1, 1, 'a');

SELECT sql, locks FROM schemaguard.fix(gentle => true, prove => true) WHERE sql IS NOT NULL ORDER BY step;
SELECT note FROM schemaguard.fix(gentle => true, prove => true) ORDER BY step DESC LIMIT 1;
SELECT sql FROM schemaguard.fix(gentle => true) ORDER BY step \gexec
SELECT * FROM schemaguard.drift();
