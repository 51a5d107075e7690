-- Consent: who may give it, how far it goes, what is kept of it.
\set SHOW_CONTEXT never
CREATE EXTENSION schemaguard;
SET client_min_messages = warning;
CREATE ROLE sg_consent;
CREATE ROLE sg_no_consent;
GRANT CREATE ON SCHEMA public TO sg_consent, sg_no_consent;
GRANT EXECUTE ON FUNCTION schemaguard.accept_data_loss(text) TO sg_consent;

SET ROLE sg_no_consent;
CREATE TABLE mine (id int);
INSERT INTO mine VALUES (1);
-- not granted
BEGIN;
SELECT schemaguard.accept_data_loss('I want to');
\echo :SQLSTATE
ROLLBACK;
DROP TABLE mine;
-- and to be told the reason by a comment or a setting is no consent
-- schemaguard: accept data loss: please
DROP TABLE mine /* accept_data_loss('please') */;
SELECT count(*) FROM mine;
RESET ROLE;

-- granted
SET ROLE sg_consent;
CREATE TABLE a AS SELECT 1 AS id;
CREATE TABLE b AS SELECT 1 AS id, 'v' AS v;
CREATE TABLE c AS SELECT 1 AS id;
CREATE TABLE d AS SELECT 1 AS id;
-- no reason, no consent
BEGIN;
SELECT schemaguard.accept_data_loss('');
\echo :SQLSTATE
ROLLBACK;
SELECT schemaguard.accept_data_loss(E' \t\n ');
\echo :SQLSTATE
SELECT schemaguard.accept_data_loss(NULL);
\echo :SQLSTATE
SELECT schemaguard.accept_data_loss();
-- a refused consent takes none away that was given before, and gives none
BEGIN;
SAVEPOINT s;
SELECT schemaguard.accept_data_loss('');
ROLLBACK TO s;
DROP TABLE a;
ROLLBACK;

-- it covers each statement until the transaction ends
BEGIN;
SELECT schemaguard.accept_data_loss('ticket 42: not used any more');
DROP TABLE a;
ALTER TABLE b DROP COLUMN v;
TRUNCATE c;
COMMIT;
SELECT to_regclass('a') AS a, (SELECT count(*) FROM c) AS c, b.* FROM b;
DROP TABLE b;
\echo :SQLSTATE
-- in a savepoint that stays
BEGIN;
SAVEPOINT s;
SELECT schemaguard.accept_data_loss('inside');
RELEASE s;
DROP TABLE b;
COMMIT;
-- in a savepoint that goes
BEGIN;
SAVEPOINT s;
SELECT schemaguard.accept_data_loss('to be forgotten');
ROLLBACK TO s;
DROP TABLE d;
ROLLBACK;
BEGIN;
SAVEPOINT s;
SAVEPOINT t;
SELECT schemaguard.accept_data_loss('to be forgotten');
RELEASE t;
ROLLBACK TO s;
DROP TABLE d;
ROLLBACK;
-- given before the savepoint, it stays
BEGIN;
SELECT schemaguard.accept_data_loss('before');
SAVEPOINT s;
DROP TABLE d;
ROLLBACK TO s;
DROP TABLE d;
ROLLBACK;
SELECT count(*) FROM d;
-- an inner one that is rolled back gives way to the outer
BEGIN;
SELECT schemaguard.accept_data_loss('outer');
SAVEPOINT s;
SELECT schemaguard.accept_data_loss('inner');
ROLLBACK TO s;
TRUNCATE d;
COMMIT;
-- in an exception block that fails
INSERT INTO d VALUES (1);
DO $$
BEGIN
  BEGIN
    PERFORM schemaguard.accept_data_loss('in a block that fails');
    RAISE division_by_zero;
  EXCEPTION WHEN division_by_zero THEN NULL;
  END;
  DROP TABLE d;
END $$;
-- COMMIT AND CHAIN begins another transaction
BEGIN;
INSERT INTO c VALUES (1);
SELECT schemaguard.accept_data_loss('first of a chain');
TRUNCATE c;
INSERT INTO c VALUES (1);
COMMIT AND CHAIN;
DROP TABLE d;
ROLLBACK;
-- so does COMMIT in a procedure
CREATE PROCEDURE in_two() LANGUAGE plpgsql AS $$
BEGIN
  PERFORM schemaguard.accept_data_loss('first of two');
  TRUNCATE c;
  COMMIT;
  DROP TABLE d;
END $$;
CALL in_two();
-- a SELECT of its own is a transaction of its own: nothing for the next statement, and a word about that
SELECT schemaguard.accept_data_loss('in vain');
DROP TABLE d;
-- one message is one transaction
INSERT INTO c VALUES (2);
SELECT schemaguard.accept_data_loss('one message')\; TRUNCATE c;
-- a transaction that was rolled back: nothing to warn of
BEGIN;
SELECT schemaguard.accept_data_loss('rolled back');
ROLLBACK;
-- covered nothing, because nothing would have been lost
BEGIN;
SELECT schemaguard.accept_data_loss('not needed');
CREATE TABLE e (id int);
DROP TABLE e;
COMMIT;
-- covered only what was rolled back
BEGIN;
SELECT schemaguard.accept_data_loss('used, and undone');
SAVEPOINT s;
DROP TABLE d;
ROLLBACK TO s;
COMMIT;
-- within a function, for the caller, who is not allowed to give it himself
RESET ROLE;
CREATE FUNCTION consent_for_all() RETURNS void LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN PERFORM schemaguard.accept_data_loss('by a function that the DBA wrote'); END $$;
SET ROLE sg_no_consent;
BEGIN;
SELECT consent_for_all();
DROP TABLE mine;
COMMIT;
SELECT to_regclass('mine');
RESET ROLE;
-- the reason stands in status()
BEGIN;
SELECT schemaguard.accept_data_loss('to be seen');
SELECT detail FROM schemaguard.status() WHERE item = 'this session';
ROLLBACK;
SELECT detail FROM schemaguard.status() WHERE item = 'this session';
-- a reason with everything in it
BEGIN;
SELECT schemaguard.accept_data_loss(E'  it''s "ünusual" \\ 100 %s\nsecond line  ');
DROP TABLE d;
COMMIT;

-- what is kept
SELECT command_tag, object, verdict, reason, current_user_name FROM schemaguard.ddl_log
 WHERE verdict = 'accepted' OR object_type = 'consent' ORDER BY id;
SELECT statement, current_user_name FROM schemaguard.refused ORDER BY id;

DROP OWNED BY sg_consent, sg_no_consent;
DROP ROLE sg_consent, sg_no_consent;
