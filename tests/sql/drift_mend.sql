-- fix(prove => true) tries the script out, mend() runs it; neither does anything else.
SET client_min_messages = warning;
CREATE EXTENSION schemaguard;
CREATE TABLE users (id bigint PRIMARY KEY, email text NOT NULL, born date);
CREATE VIEW emails AS SELECT email FROM users;
SELECT schemaguard.declare(schemaguard.snapshot()::text, 'json') > 0 AS declared;

-- Nothing to mend.
SELECT * FROM schemaguard.fix(prove => true);
SELECT * FROM schemaguard.mend((SELECT state FROM schemaguard.fix() LIMIT 1));

ALTER TABLE users ALTER email DROP NOT NULL, ALTER id TYPE integer, ADD note text;
INSERT INTO users VALUES (1, 'a@example.com', NULL, 'keep me');

-- What each step locks and writes anew; what is left out stays.
SELECT step, sql, data_loss, note, locks, rewrites FROM schemaguard.fix(prove => true);
SELECT step, sql, data_loss, note FROM schemaguard.fix(allow_loss => true, prove => true);
SELECT count(*) FROM pg_database WHERE datname LIKE 'schemaguard_scratch%';

-- The steps are bound to what was shown.
SELECT state FROM schemaguard.fix() LIMIT 1 \gset
ALTER TABLE users ALTER born SET DEFAULT now();
SELECT * FROM schemaguard.mend(:'state');
ALTER TABLE users ALTER born DROP DEFAULT;
SELECT * FROM schemaguard.mend('');
BEGIN READ ONLY;
SELECT * FROM schemaguard.mend(:'state');
ROLLBACK;

-- They run as the caller,
CREATE ROLE mend_caller;
SET ROLE mend_caller;
SELECT * FROM schemaguard.mend(:'state');
RESET ROLE;
DROP ROLE mend_caller;
-- and all or none: rows that no NOT NULL can have.
INSERT INTO users VALUES (2, NULL);
SELECT * FROM schemaguard.mend(:'state');
\d users
DELETE FROM users WHERE email IS NULL;

SELECT * FROM schemaguard.mend(:'state');
SELECT object, change FROM schemaguard.drift();
SELECT * FROM users;
SELECT command_tag, object, context FROM schemaguard.ddl_log ORDER BY id DESC LIMIT 2;

-- What can't be copied can't be proven, and is said so.
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint REFERENCES users);
ALTER TABLE orders DISABLE TRIGGER ALL;
SELECT schemaguard.declare(schemaguard.snapshot()::text, 'json') > 0 AS declared;
SET client_min_messages = notice;
DROP VIEW emails;
SELECT left(sql, 18) AS sql, note FROM schemaguard.fix(prove => true);
