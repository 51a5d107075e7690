-- What needs a step that is left out is left out, too: it would fail.
SET client_min_messages = warning;
CREATE EXTENSION schemaguard;
CREATE TABLE parent (id integer, nr integer, name text);
CREATE TABLE child (x integer) INHERITS (parent);
CREATE TABLE other_child () INHERITS (parent);
CREATE TABLE parted (id integer, nr integer) PARTITION BY LIST (id);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES IN (1);
CREATE TABLE parted_2 PARTITION OF parted FOR VALUES IN (2);
INSERT INTO parent VALUES (1, 1, 'a');
INSERT INTO child VALUES (2, 2, 'b', 2);
INSERT INTO parted VALUES (1, 1), (2, 2);
SELECT schemaguard.declare(schemaguard.snapshot()::text, 'json') > 0 AS declared;
SET schemaguard.mode = off;

ALTER TABLE child NO INHERIT parent;
ALTER TABLE other_child NO INHERIT parent;
ALTER TABLE parted DETACH PARTITION parted_1;
ALTER TABLE parted DETACH PARTITION parted_2;
-- A column of the parent has another type, which the one child has by now, too.
ALTER TABLE parent ALTER nr TYPE bigint;
ALTER TABLE other_child ALTER nr TYPE bigint;
-- The one partition has a column of its own.
ALTER TABLE parted_1 ADD extra integer DEFAULT 3;
SELECT sql, data_loss, note FROM schemaguard.fix(prove => true) ORDER BY step;
SELECT sql FROM schemaguard.fix() WHERE sql IS NOT NULL ORDER BY step \gexec
SELECT object, change, attribute FROM schemaguard.drift() WHERE severity <> 'info';

-- A new column of the parent that the children don't have.
ALTER TABLE other_child NO INHERIT parent;
ALTER TABLE parent ALTER nr TYPE integer, ADD extra integer;
ALTER TABLE other_child ALTER nr TYPE integer;
SELECT sql, data_loss, note FROM schemaguard.fix(prove => true) ORDER BY step;
SELECT sql FROM schemaguard.fix(allow_loss => true) WHERE sql IS NOT NULL ORDER BY step \gexec
SELECT object, change, attribute FROM schemaguard.drift() WHERE severity <> 'info';
SELECT tableoid::regclass, * FROM parent ORDER BY id;
SELECT tableoid::regclass, * FROM parted ORDER BY id;

-- A partition that is missing of a table that isn't made anew.
ALTER TABLE parted DETACH PARTITION parted_2;
CREATE TABLE whole (id integer, nr integer);
INSERT INTO whole SELECT * FROM parted;
DROP TABLE parted;
ALTER TABLE whole RENAME TO parted;
SELECT sql, data_loss, note FROM schemaguard.fix(prove => true) ORDER BY step;

-- A partition whose place another one has.
CREATE TABLE spans (id integer, nr integer) PARTITION BY LIST (id);
CREATE TABLE spans_1 PARTITION OF spans FOR VALUES IN (1);
CREATE TABLE spans_2 PARTITION OF spans FOR VALUES IN (2);
SELECT schemaguard.declare(schemaguard.snapshot()::text, 'json') > 0 AS declared;
CREATE TABLE spans_1_new (LIKE spans);
CREATE TABLE spans_2_new (LIKE spans);
ALTER TABLE spans DETACH PARTITION spans_1;
ALTER TABLE spans ATTACH PARTITION spans_1_new FOR VALUES IN (1);
DROP TABLE spans_2;
ALTER TABLE spans ATTACH PARTITION spans_2_new FOR VALUES IN (2);
SELECT sql, data_loss, note FROM schemaguard.fix(prove => true) ORDER BY step;
SELECT note FROM schemaguard.fix(allow_loss => true, prove => true) ORDER BY step DESC LIMIT 1;
