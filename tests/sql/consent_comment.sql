-- Consent in a migration file: a comment right above the statement, for roles that may consent, and for that statement alone.
\set SHOW_CONTEXT never
CREATE EXTENSION schemaguard;
SET client_min_messages = warning;
CREATE ROLE sg_may;
CREATE ROLE sg_may_not;
GRANT CREATE ON SCHEMA public TO sg_may, sg_may_not;
GRANT EXECUTE ON FUNCTION schemaguard.accept_data_loss(text) TO sg_may;
CREATE FUNCTION fill(VARIADIC names text[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE n text;
BEGIN
  FOREACH n IN ARRAY names LOOP EXECUTE format('CREATE TABLE IF NOT EXISTS %I (id int, v text); INSERT INTO %1$I VALUES (1, %L)', n, 'x'); END LOOP;
END $$;
SET ROLE sg_may;
SELECT fill('a', 'b', 'c', 'd', 'e', 'f');

-- psql sends a comment in /* */ with its statement, and leaves one with -- out, unless something stands before it
/* schemaguard: accept data loss: ticket 1 */ DROP TABLE a;
/* schemaguard: accept data loss: ticket 2 */
ALTER TABLE b DROP COLUMN v;
/* schemaguard: accept data loss: ticket 3, it's "fine"; all of it */
TRUNCATE c, d;
SELECT 1 AS message \;
-- schemaguard: accept data loss: ticket 4
-- (see the wiki)
DROP TABLE b;
SELECT to_regclass('a') AS a, to_regclass('b') AS b, (SELECT count(*) FROM c) AS c, (SELECT count(*) FROM d) AS d;
-- nothing is lost: nothing to say
/* schemaguard: accept data loss: nothing there */ DROP TABLE c;
DROP TABLE d;

-- the statement under it, and no other
SELECT 1 AS message \;
-- schemaguard: accept data loss: only e
DROP TABLE e \; DROP TABLE f;
SELECT 1 AS message \;
-- schemaguard: accept data loss: above a SELECT
SELECT 2 AS message \; DROP TABLE f;
SELECT 1 AS message \;
-- schemaguard: accept data loss: above nothing
\;
DROP TABLE f;
SELECT 1 AS message \;
DROP TABLE f /* schemaguard: accept data loss: inside */;
DROP TABLE /* schemaguard: accept data loss: inside */ f;
DROP TABLE f; /* schemaguard: accept data loss: too late */
-- the same statement twice: each has its own
SELECT 1 AS message \;
-- schemaguard: accept data loss: the first one
TRUNCATE f, e \; INSERT INTO f VALUES (1) \; TRUNCATE f, e;
SELECT 1 AS message \;
TRUNCATE f, e \;
-- schemaguard: accept data loss: the second one
TRUNCATE f, e;
SELECT (SELECT count(*) FROM e) AS e, (SELECT count(*) FROM f) AS f;
-- behind a statement, it may be meant for that one
SELECT 1 AS message \; -- schemaguard: accept data loss: whose?
DROP TABLE f;
SELECT 1 AS message \; /* schemaguard: accept data loss: whose? */ DROP TABLE f;

-- not what runs inside of the statement
/* schemaguard: accept data loss: above DO */
DO $$ BEGIN DROP TABLE f; END $$;
DO $$ BEGIN
  -- schemaguard: accept data loss: inside a block
  DROP TABLE f;
  /* schemaguard: accept data loss: inside a block */
  EXECUTE '/* schemaguard: accept data loss: inside a string */ TRUNCATE f';
END $$;
DO $$ BEGIN EXECUTE '/* schemaguard: accept data loss: inside a string */ TRUNCATE f'; END $$;
CREATE FUNCTION f_trunc() RETURNS void LANGUAGE sql AS '
-- schemaguard: accept data loss: in a function
TRUNCATE f;';
/* schemaguard: accept data loss: above SELECT */ SELECT f_trunc();
CREATE PROCEDURE p_drop() LANGUAGE plpgsql AS $$ BEGIN DROP TABLE f; END $$;
/* schemaguard: accept data loss: above CALL */ CALL p_drop();

-- text is not a comment
SELECT '
-- schemaguard: accept data loss: in a string
' IS NOT NULL AS message \; DROP TABLE f;
SELECT $$;
-- schemaguard: accept data loss: in a string
$$ IS NOT NULL AS message \; DROP TABLE f;
SELECT E'\';
-- schemaguard: accept data loss: in a string
' IS NOT NULL AS message \; DROP TABLE f;
SELECT 1 AS ";
-- schemaguard: accept data loss: in a name
" \; DROP TABLE f;
/* /* schemaguard: accept data loss: nested */ */ DROP TABLE f;
/* -- schemaguard: accept data loss: nested
*/ DROP TABLE f;
SELECT '/* schemaguard: accept data loss: a value */' AS value \gset
INSERT INTO f (v) VALUES (:'value') \; DROP TABLE f;

-- not understood, and without a reason
/* schemaguard: accept dataloss: ticket 5 */ DROP TABLE f;
/* schemaguard accept data loss: ticket 5 */ DROP TABLE f;
/* schemaguard: accept data loss */ DROP TABLE f;
/* schemaguard: accept data loss:
*/ TRUNCATE f;
-- about the guard, not to it
/* schemaguard refuses this */ DROP TABLE f;

-- who may not consent
RESET ROLE;
SET ROLE sg_may_not;
SELECT fill('g', 'h');
/* schemaguard: accept data loss: I want to */ DROP TABLE g;
/* schemaguard: accept data loss: I want to */ TRUNCATE g, h;
-- look-alikes
CREATE FUNCTION public.accept_data_loss(text) RETURNS void LANGUAGE sql AS '';
SET search_path = public, schemaguard, pg_catalog;
/* schemaguard: accept data loss: I want to */ DROP TABLE g;
CREATE TEMP TABLE consent (LIKE g);
CREATE FUNCTION pg_temp.accept_data_loss(text) RETURNS void LANGUAGE sql AS '';
/* schemaguard: accept data loss: I want to */ DROP TABLE g;
RESET search_path;
RESET ROLE;
GRANT sg_may TO sg_may_not;
SET ROLE sg_may_not;
/* schemaguard: accept data loss: as a member of a role that may */ DROP TABLE g;
RESET ROLE;

-- two persons
SET schemaguard.two_person = on;
SET ROLE sg_may;
/* schemaguard: accept data loss: I want to */ DROP TABLE f;
RESET ROLE;
RESET schemaguard.two_person;
-- the guard itself goes only by accept_data_loss()
/* schemaguard: accept data loss: I want to */ DROP EXTENSION schemaguard;
-- in the modes that let it through it is consent, too
SET schemaguard.mode = warn;
/* schemaguard: accept data loss: in mode warn */ DROP TABLE f;

-- over nothing it is not worth a word, but is kept
RESET schemaguard.mode;
CREATE TABLE hollow (id int);
/* schemaguard: accept data loss: on a full database */ DROP TABLE hollow;
SELECT statement, verdict, reason FROM schemaguard.ddl_log WHERE reason LIKE '%lost nothing%';

-- what is kept
SELECT command_tag, object, verdict, reason, current_user_name FROM schemaguard.ddl_log WHERE verdict IN ('accepted', 'warned') ORDER BY id;
SELECT statement, detail FROM schemaguard.refused ORDER BY id;
SET schemaguard.mode = off;
DROP OWNED BY sg_may, sg_may_not;
DROP ROLE sg_may, sg_may_not;
