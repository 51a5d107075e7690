-- What drift(), fix() and snapshot() give, and to whom.
CREATE EXTENSION schemaguard;
CREATE TABLE users (id bigint PRIMARY KEY, email varchar(100) NOT NULL, at timestamptz DEFAULT '2024-01-01 00:00+00',
                    took interval DEFAULT '1 day 02:00', ratio float8 DEFAULT 0.1, raw bytea DEFAULT '\x00ff');
CREATE VIEW recent AS SELECT id, email FROM users WHERE at > '2024-06-01 00:00+00'::timestamptz;

-- Nothing declared is no empty drift.
SELECT * FROM schemaguard.drift();
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM schemaguard.fix('other');

-- A snapshot can be declared, and says the same as the text that made it.
SELECT schemaguard.declare(schemaguard.snapshot()::text, 'json') > 0 AS declared;
SELECT * FROM schemaguard.drift();

-- The session's settings neither show nor change.
SET search_path = public, pg_catalog;
SET DateStyle = 'German';
SET IntervalStyle = 'iso_8601';
SET TimeZone = 'Asia/Tokyo';
SET extra_float_digits = -10;
SET bytea_output = 'escape';
SET quote_all_identifiers = on;
SET standard_conforming_strings = off;
SELECT * FROM schemaguard.drift();
SELECT name, setting FROM pg_settings
 WHERE name IN ('search_path', 'DateStyle', 'IntervalStyle', 'TimeZone', 'extra_float_digits', 'bytea_output',
                'quote_all_identifiers', 'standard_conforming_strings', 'jit') AND source = 'session' ORDER BY 1;
RESET ALL;

-- Nor do look-alikes of catalogs in the caller's temporary schema.
CREATE TEMP TABLE pg_class (relname text);
CREATE TEMP TABLE pg_namespace (oid oid, nspname name);
SELECT * FROM schemaguard.drift();
DROP TABLE pg_temp.pg_class, pg_temp.pg_namespace;

-- Own changes of the same transaction are seen, in one statement's snapshot.
BEGIN;
ALTER TABLE users ADD nick text;
SELECT object_type, object, change FROM schemaguard.drift();
ROLLBACK;

-- An ordinary role sees it too, without seeing our tables.
CREATE ROLE drift_reader;
ALTER TABLE users ALTER email DROP NOT NULL, ADD extra text;
CREATE INDEX users_email_idx ON users (email);
SET ROLE drift_reader;
SELECT object_type, object, change, attribute, declared, actual, severity, data_loss, caused_by IS NOT NULL AS known, fix
  FROM schemaguard.drift();
SELECT count(*) FROM schemaguard.declared;
RESET ROLE;
DROP ROLE drift_reader;

-- The script leaves out what destroys data, and says so.
SELECT step, sql, data_loss, note FROM schemaguard.fix();
SELECT step, sql, data_loss FROM schemaguard.fix(allow_loss => true);

-- Models that are none.
SELECT schemaguard.declare('{"reader":1}', 'json');
SELECT schemaguard.declare('{"reader":1,"server":15,"schemas":[],"objects":[{"kind":"teapot","identity":["x"],"attributes":{}}]}', 'json');
SELECT schemaguard.declare('{"reader":1,"server":15,"schemas":["public"],"objects":[]}', 'json');
-- One that another version stored is not compared with what this one reads.
BEGIN;
UPDATE schemaguard.declared SET reader = 1 WHERE version = 1;
SELECT count(*) FROM schemaguard.drift();
ROLLBACK;

-- In a read-only transaction.
BEGIN READ ONLY;
SELECT count(*) FROM schemaguard.drift();
SELECT pg_current_xact_id_if_assigned() IS NULL AS took_no_id;
COMMIT;
