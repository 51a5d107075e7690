-- The server prints some expressions differently once they have been read
-- again: a restored or declared dump is no drift.
\set VERBOSITY terse
CREATE EXTENSION schemaguard;
CREATE TABLE orders (
    state varchar(10) CHECK (state IN ('new', 'paid')),
    a int, b int, c int,
    CHECK ((a > 1 AND b > 2) AND c > 3)
);
CREATE VIEW joined AS SELECT o.a FROM orders o LEFT JOIN orders p ON TRUE WHERE (o.a > 1 AND o.b > 2) AND o.c > 3;
-- what pg_dump would write
SELECT pg_get_viewdef('joined') AS view \gset
SELECT pg_get_constraintdef(oid) AS state_check FROM pg_constraint WHERE conname = 'orders_state_check' \gset
SELECT pg_get_constraintdef(oid) AS order_check FROM pg_constraint WHERE conname = 'orders_check' \gset
SELECT schemaguard.declare(format($d$
    CREATE TABLE orders (state varchar(10), a int, b int, c int,
        CONSTRAINT orders_check %s, CONSTRAINT orders_state_check %s);
    CREATE VIEW joined AS %s
$d$, :'order_check', :'state_check', :'view')) > 0 AS declared;
SELECT object, attribute, declared, actual FROM schemaguard.drift();
-- another value is one
ALTER TABLE orders DROP CONSTRAINT orders_state_check, ADD CONSTRAINT orders_state_check CHECK (state IN ('new', 'Paid'));
SELECT object, attribute FROM schemaguard.drift();
-- a default that is NULL is none, but for a domain that has another one
CREATE DOMAIN named AS text DEFAULT 'somebody';
CREATE TABLE people (a named DEFAULT NULL, b named DEFAULT NULL);
SELECT schemaguard.declare($d$
    CREATE DOMAIN named AS text DEFAULT 'somebody';
    CREATE TABLE people (a text, b named DEFAULT NULL);
$d$, name => 'domains') > 0 AS declared;
SELECT object, attribute, declared, actual FROM schemaguard.drift('domains') WHERE object LIKE '%people%';
ALTER TABLE people ALTER a TYPE text;
SELECT attname, pg_get_expr(adbin, adrelid) FROM pg_attrdef JOIN pg_attribute ON attrelid = adrelid AND attnum = adnum
 WHERE adrelid = 'people'::regclass ORDER BY attnum;
SELECT object, attribute, declared, actual FROM schemaguard.drift('domains') WHERE object LIKE '%people%';
ALTER TABLE people ALTER b DROP DEFAULT;
SELECT object, attribute, declared, actual FROM schemaguard.drift('domains') WHERE object LIKE '%people%';
-- an index keeps the names that its columns had, which nobody sees
CREATE TABLE included (id int, was int, word text, CONSTRAINT included_pkey PRIMARY KEY (id) INCLUDE (was));
CREATE INDEX included_word ON included (word) INCLUDE (was);
ALTER TABLE included RENAME was TO "is now";
SELECT schemaguard.declare($d$
    CREATE TABLE included (id int, "is now" int, word text, CONSTRAINT included_pkey PRIMARY KEY (id) INCLUDE ("is now"));
    CREATE INDEX included_word ON included (word) INCLUDE ("is now");
$d$, name => 'included') > 0 AS declared;
SELECT object, attribute, declared, actual FROM schemaguard.drift('included') WHERE object LIKE '%included%';
