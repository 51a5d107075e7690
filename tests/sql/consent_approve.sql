-- Approval: somebody else lets a refused statement run once, for what was at stake, and for nobody else.
\set SHOW_CONTEXT never
CREATE EXTENSION schemaguard;
SET client_min_messages = notice;
CREATE ROLE sg_dev;
CREATE ROLE sg_other;
CREATE ROLE sg_dba;
CREATE ROLE sg_lead;
GRANT CREATE ON SCHEMA public TO sg_dev, sg_other;
GRANT EXECUTE ON FUNCTION schemaguard.approve, schemaguard.revoke_approval TO sg_dba, sg_lead;
GRANT SELECT ON schemaguard.refused, schemaguard.approvals TO sg_dba;
GRANT sg_dev TO sg_other;
-- the digest of the last refusal
CREATE FUNCTION last_digest() RETURNS text LANGUAGE sql SECURITY DEFINER AS 'SELECT digest FROM schemaguard.refused ORDER BY id DESC LIMIT 1';
SET SESSION AUTHORIZATION sg_dev;
CREATE TABLE a AS SELECT n AS id FROM generate_series(1, 3) n;
CREATE TABLE b AS SELECT 1 AS id;

-- who may approve, and what
DROP TABLE a;
SELECT last_digest() AS digest \gset
SET SESSION AUTHORIZATION sg_other;
SELECT schemaguard.approve(:'digest', 'I want it');
\echo :SQLSTATE
SET SESSION AUTHORIZATION sg_dba;
SELECT schemaguard.approve('0123456789abcdef', 'forged');
\echo :SQLSTATE
SELECT schemaguard.approve('', 'forged');
SELECT schemaguard.approve(NULL, 'forged');
SELECT schemaguard.approve(:'digest' || ' OR true', 'forged');
SELECT schemaguard.approve(:'digest', '  ');
\echo :SQLSTATE
SELECT schemaguard.approve(:'digest', NULL);
SELECT schemaguard.approve(:'digest', 'too long', '8 days');
\echo :SQLSTATE
SELECT schemaguard.approve(:'digest', 'no time', '0');
SELECT schemaguard.approve(:'digest', 'negative', '-1 hour');
SELECT schemaguard.approve(:'digest', 'for ever', NULL);
SELECT schemaguard.approve(:'digest', 'never', '100000 years');
SELECT digest, statement, session_user_name, current_user_name, detail FROM schemaguard.refused;

-- approved: white space, comments and case don't matter, and it is used up by the commit only
SELECT schemaguard.approve(upper(:'digest'), 'moved, ticket 12');
SET SESSION AUTHORIZATION sg_dev;
BEGIN;
drop /* now */ table
  A; -- approved
ROLLBACK;
BEGIN;
SAVEPOINT s;
DROP TABLE a;
ROLLBACK TO s;
DROP TABLE a;
ROLLBACK;
-- nor by a failure of its own
DROP TABLE a, nowhere;
-- less than was approved
DELETE FROM a WHERE id = 3;
DROP TABLE a;
SELECT to_regclass('a');
-- and then never again
CREATE TABLE a AS SELECT 1 AS id;
DROP TABLE a;

-- the rest of what it is bound to
SELECT last_digest() AS digest \gset
SET SESSION AUTHORIZATION sg_dba;
SELECT schemaguard.approve(:'digest', 'for DROP TABLE a by sg_dev');
-- another statement
SET SESSION AUTHORIZATION sg_dev;
DROP TABLE public.a;
DROP TABLE a, b;
TRUNCATE a;
DROP TABLE a CASCADE;
-- another role that logged in, another role that acts
SET SESSION AUTHORIZATION sg_other;
SET ROLE sg_dev;
DROP TABLE a;
RESET SESSION AUTHORIZATION;
DROP TABLE a;
SET ROLE sg_dev;
DROP TABLE a;
RESET ROLE;
-- another table of the same name
CREATE SCHEMA own AUTHORIZATION sg_dev;
SET SESSION AUTHORIZATION sg_dev;
CREATE TABLE own.a AS SELECT 1 AS id;
SET search_path = own, public;
DROP TABLE a;
RESET search_path;
-- nor one that took its name, nor a column that did
ALTER TABLE a RENAME TO a_kept;
CREATE TABLE a AS SELECT 1 AS id;
DROP TABLE a;
DELETE FROM a;
DROP TABLE a;
ALTER TABLE a_kept RENAME TO a;
CREATE TABLE cols AS SELECT 1 AS x, 2 AS y;
ALTER TABLE cols DROP COLUMN x;
SELECT last_digest() AS digest \gset
SET SESSION AUTHORIZATION sg_dba;
SELECT schemaguard.approve(:'digest', 'not needed');
SET SESSION AUTHORIZATION sg_dev;
BEGIN;
ALTER TABLE cols RENAME x TO z;
ALTER TABLE cols RENAME y TO x;
ALTER TABLE cols DROP COLUMN x;
ROLLBACK;
ALTER TABLE cols DROP COLUMN x;
-- more rows
INSERT INTO a VALUES (2);
DROP TABLE a;
-- more victims
DELETE FROM a WHERE id = 2;
CREATE TABLE child (more text) INHERITS (a);
INSERT INTO child VALUES (1, 'x');
DROP TABLE a CASCADE;
ALTER TABLE child NO INHERIT a;
-- it still holds for what it was given for
DROP TABLE a;

-- a statement that takes several, of which one is new
CREATE TABLE parent (id int);
CREATE TABLE c1 () INHERITS (parent);
CREATE TABLE c2 () INHERITS (parent);
INSERT INTO c1 VALUES (1), (2);
INSERT INTO c2 VALUES (1);
DROP TABLE parent CASCADE;
SELECT last_digest() AS digest \gset
SET SESSION AUTHORIZATION sg_dba;
SELECT schemaguard.approve(:'digest', 'the family');
SET SESSION AUTHORIZATION sg_dev;
CREATE TABLE c3 () INHERITS (parent);
INSERT INTO c3 VALUES (1);
INSERT INTO c1 VALUES (3);
DROP TABLE parent CASCADE;
DROP TABLE c3;
TRUNCATE c3;
DELETE FROM c3;
DELETE FROM c1 WHERE id = 3;
DELETE FROM c2;
DROP TABLE parent CASCADE;

-- the number of a digest changes with what is at stake: nobody approves more than he was shown
CREATE TABLE grows AS SELECT 1 AS id;
DROP TABLE grows;
SELECT last_digest() AS few \gset
INSERT INTO grows SELECT generate_series(2, 20);
DROP TABLE grows;
SELECT last_digest() AS many \gset
SELECT :'few' <> :'many' AS differ;
SET SESSION AUTHORIZATION sg_dba;
SELECT schemaguard.approve(:'few', 'just one row');
SET SESSION AUTHORIZATION sg_dev;
DROP TABLE grows;
-- who approves "more than 10,000" approves any number
INSERT INTO grows SELECT generate_series(21, 10001);
DROP TABLE grows;
SELECT last_digest() AS digest \gset
SET SESSION AUTHORIZATION sg_dba;
SELECT schemaguard.approve(:'digest', 'all of it');
SET SESSION AUTHORIZATION sg_dev;
INSERT INTO grows SELECT generate_series(10002, 30000);
DROP TABLE grows;

-- who swaps tables under a digest does not get the other one unseen
CREATE TABLE tmp AS SELECT 1 AS id;
CREATE TABLE precious AS SELECT 1 AS id;
DROP TABLE tmp;
ALTER TABLE tmp RENAME TO tmp_2;
ALTER TABLE precious RENAME TO tmp;
DROP TABLE tmp;
SELECT last_digest() AS digest \gset
SET SESSION AUTHORIZATION sg_dba;
SELECT schemaguard.approve(:'digest', 'only tmp');
SELECT schemaguard.revoke_approval(:'digest');
SET SESSION AUTHORIZATION sg_dev;

-- whatever the names are
CREATE TABLE "we.ird ""t"" -- ' "" ünd
so" AS SELECT 1 AS id;
DROP TABLE "we.ird ""t"" -- ' "" ünd
so";
SELECT last_digest() AS digest \gset
SET SESSION AUTHORIZATION sg_dba;
SELECT schemaguard.approve(:'digest', 'a name');
SET SESSION AUTHORIZATION sg_dev;
DROP TABLE  "we.ird ""t"" -- ' "" ünd
so" ;

-- TRUNCATE: one approval for all its tables, one use
CREATE TABLE t1 AS SELECT 1 AS id;
CREATE TABLE t2 AS SELECT 1 AS id;
CREATE TABLE t3 (id int);
TRUNCATE t1, t2, t3;
SELECT last_digest() AS digest \gset
SET SESSION AUTHORIZATION sg_dba;
SELECT schemaguard.approve(:'digest', 'empty them');
SET SESSION AUTHORIZATION sg_dev;
INSERT INTO t3 VALUES (1);
TRUNCATE t1, t2, t3;
DELETE FROM t3;
BEGIN;
TRUNCATE t1, t2, t3;
INSERT INTO t1 VALUES (1);
TRUNCATE t1, t2, t3;
ROLLBACK;
DO $$ BEGIN
  FOR i IN 1..2 LOOP
    TRUNCATE t1, t2, t3;
    INSERT INTO t1 VALUES (1);
  END LOOP;
END $$;
TRUNCATE t1, t2, t3;
SELECT (SELECT count(*) FROM t1) AS t1, (SELECT count(*) FROM t2) AS t2;

-- inside of a function and a block, too
CREATE TABLE inner_1 AS SELECT 1 AS id;
CREATE PROCEDURE drop_inner() LANGUAGE plpgsql AS $$ BEGIN DROP TABLE inner_1; END $$;
CALL drop_inner();
SELECT last_digest() AS digest \gset
SET SESSION AUTHORIZATION sg_dba;
SELECT schemaguard.approve(:'digest', 'by the procedure');
SET SESSION AUTHORIZATION sg_dev;
CALL drop_inner();

-- taken back, and expired
DROP TABLE b;
SELECT last_digest() AS digest \gset
SET SESSION AUTHORIZATION sg_dba;
SELECT schemaguard.revoke_approval(:'digest');
\echo :SQLSTATE
SELECT schemaguard.approve(:'digest', 'too early');
SELECT schemaguard.revoke_approval(:'digest');
SET SESSION AUTHORIZATION sg_dev;
DROP TABLE b;
SET SESSION AUTHORIZATION sg_dba;
SELECT schemaguard.approve(:'digest', 'for a moment', '1 microsecond');
SELECT schemaguard.revoke_approval(:'digest');
SET SESSION AUTHORIZATION sg_dev;
DROP TABLE b;
SET SESSION AUTHORIZATION sg_dba;
BEGIN;
SELECT schemaguard.approve(:'digest', 'rolled back');
ROLLBACK;
BEGIN READ ONLY;
SELECT schemaguard.approve(:'digest', 'read only');
ROLLBACK;
SET SESSION AUTHORIZATION sg_dev;
DROP TABLE b;

-- two persons
RESET SESSION AUTHORIZATION;
SET schemaguard.two_person = on;
GRANT EXECUTE ON FUNCTION schemaguard.accept_data_loss, schemaguard.approve TO sg_dev;
SET SESSION AUTHORIZATION sg_dev;
SELECT schemaguard.accept_data_loss('my own');
\echo :SQLSTATE
DROP TABLE b;
SELECT last_digest() AS digest \gset
SELECT schemaguard.approve(:'digest', 'my own');
\echo :SQLSTATE
-- not by acting as somebody else, nor as the role that was refused
RESET SESSION AUTHORIZATION;
GRANT sg_lead TO sg_dev;
CREATE FUNCTION approve_for_all(digest text) RETURNS void LANGUAGE sql SECURITY DEFINER AS $$ SELECT schemaguard.approve(digest, 'by a function') $$;
SET SESSION AUTHORIZATION sg_dev;
SET ROLE sg_lead;
SELECT schemaguard.approve(:'digest', 'my own');
RESET ROLE;
SELECT approve_for_all(:'digest');
RESET SESSION AUTHORIZATION;
REVOKE sg_lead FROM sg_dev;
GRANT sg_dev TO sg_lead;
SET SESSION AUTHORIZATION sg_lead;
SET ROLE sg_dev;
SELECT schemaguard.approve(:'digest', 'as the one who asked');
RESET ROLE;
SELECT schemaguard.approve(:'digest', 'as myself');
SET SESSION AUTHORIZATION sg_dev;
DROP TABLE b;
-- what was given to oneself before the rule holds no longer
CREATE TABLE b AS SELECT 1 AS id;
RESET SESSION AUTHORIZATION;
SET schemaguard.two_person = off;
SET SESSION AUTHORIZATION sg_dev;
DROP TABLE b;
SELECT schemaguard.approve(last_digest(), 'my own');
RESET SESSION AUTHORIZATION;
SET schemaguard.two_person = on;
SET SESSION AUTHORIZATION sg_dev;
DROP TABLE b;
SET schemaguard.two_person = off;
RESET SESSION AUTHORIZATION;
SET schemaguard.two_person = off;
SET SESSION AUTHORIZATION sg_dev;
DROP TABLE b;

-- the tables behind it: nobody but a superuser writes them, whatever rights he has
CREATE TABLE b AS SELECT 1 AS id;
DROP TABLE b;
INSERT INTO schemaguard.consent SELECT 99, 'approval', 'forged', 'sg_dba', 'sg_dba', now();
SELECT count(*) FROM schemaguard.consent;
SELECT count(*) FROM schemaguard.approvals;
RESET SESSION AUTHORIZATION;
GRANT pg_write_all_data, pg_read_all_data TO sg_dev;
SET SESSION AUTHORIZATION sg_dev;
INSERT INTO schemaguard.consent SELECT 99, 'approval', 'forged', 'sg_dba', 'sg_dba', now();
\echo :SQLSTATE
INSERT INTO schemaguard.consent SELECT 99, kind, 'forged', given_by, given_as, given_at, 'infinity', digest, request, database, session_user_name, current_user_name, statement, detail, at_stake FROM schemaguard.consent WHERE id = 1;
UPDATE schemaguard.consent SET valid_until = 'infinity';
DELETE FROM schemaguard.consent_end;
INSERT INTO schemaguard.consent_end VALUES (1, 'void', now(), '1', 'x', 'x');
UPDATE schemaguard.ddl_entry SET verdict = 'refused';
DELETE FROM schemaguard.ddl_entry;
TRUNCATE schemaguard.consent_end;
ALTER TABLE schemaguard.consent DISABLE TRIGGER keep_out;
SET session_replication_role = replica;
RESET SESSION AUTHORIZATION;
REVOKE pg_write_all_data, pg_read_all_data FROM sg_dev;
SET SESSION AUTHORIZATION sg_dev;
-- look-alikes
CREATE TABLE public.consent (id int);
CREATE TEMP TABLE consent_end (consent bigint PRIMARY KEY, state text);
CREATE FUNCTION public.sha256(bytea) RETURNS bytea LANGUAGE sql AS 'SELECT ''''::bytea';
CREATE FUNCTION public.texteq(text, text) RETURNS boolean LANGUAGE sql AS 'SELECT true';
SET search_path = pg_temp, public, schemaguard, pg_catalog;
DROP TABLE b;
RESET search_path;
RESET SESSION AUTHORIZATION;

-- what is kept
SELECT id, state, reason, statement, session_user_name, current_user_name, approved_by, approved_as, ended_by FROM schemaguard.approvals ORDER BY id;
SELECT command_tag, object_type, object, verdict, reason, detail FROM schemaguard.ddl_log WHERE object_type = 'consent' OR verdict = 'accepted' ORDER BY id;
SELECT statement, detail, reason FROM schemaguard.refused WHERE reason IS NOT NULL ORDER BY id;
SET schemaguard.mode = off;
DROP OWNED BY sg_dev, sg_other, sg_dba, sg_lead;
DROP ROLE sg_dev, sg_other, sg_dba, sg_lead;
