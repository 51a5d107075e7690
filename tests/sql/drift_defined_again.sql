-- A check that a child defines besides inheriting it.
SET client_min_messages = warning;
CREATE EXTENSION schemaguard;
CREATE TABLE parent (id integer CONSTRAINT positive CHECK (id > 0));
CREATE TABLE child (x integer, CONSTRAINT positive CHECK (id > 0)) INHERITS (parent);
INSERT INTO child VALUES (1, 1);
SELECT schemaguard.declare(schemaguard.snapshot()::text, 'json') > 0 AS declared;
SET schemaguard.mode = off;

-- Without its parent's it is still there, and becomes a part of that again.
ALTER TABLE parent DROP CONSTRAINT positive;
SELECT object, change, attribute, fix FROM schemaguard.drift();
SELECT sql, note FROM schemaguard.fix(prove => true);
SELECT sql FROM schemaguard.fix() WHERE sql IS NOT NULL ORDER BY step \gexec
SELECT count(*) FROM schemaguard.drift();

-- A child that is made anew has it, too, and so has the copy for the proof.
DROP TABLE child;
SELECT sql, note FROM schemaguard.fix(prove => true);
SELECT sql FROM schemaguard.fix() WHERE sql IS NOT NULL ORDER BY step \gexec
SELECT count(*) FROM schemaguard.drift();

-- It stays where the child leaves.
ALTER TABLE child NO INHERIT parent;
ALTER TABLE parent DROP CONSTRAINT positive;
SELECT object, change, attribute, fix FROM schemaguard.drift();
SELECT sql FROM schemaguard.fix() WHERE sql IS NOT NULL ORDER BY step \gexec
SELECT object, attribute, declared, actual FROM schemaguard.drift();
