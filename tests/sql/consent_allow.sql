-- Standing rules: what a role may lose as a matter of routine, by pattern, rule and proven age, and nothing else.
\set SHOW_CONTEXT never
CREATE EXTENSION schemaguard;
SET client_min_messages = warning;
SET TimeZone = 'UTC';
SET IntervalStyle = postgres;
CREATE ROLE sg_retention;
CREATE ROLE sg_member;
CREATE ROLE sg_dba;
GRANT CREATE ON SCHEMA public TO sg_retention;
GRANT sg_retention TO sg_member;
GRANT EXECUTE ON FUNCTION schemaguard.allow, schemaguard.disallow TO sg_dba;
GRANT SELECT ON schemaguard.standing_rules TO sg_dba;

-- who may, and what can't be taken
SET SESSION AUTHORIZATION sg_retention;
SELECT schemaguard.allow('sg_retention', 'public.events_%', 'drop_table', 'I want to');
\echo :SQLSTATE
SET SESSION AUTHORIZATION sg_dba;
SELECT schemaguard.allow('nobody', 'public.events_%', 'drop_table', 'retention');
\echo :SQLSTATE
SELECT schemaguard.allow(NULL, NULL, NULL, NULL);
SELECT schemaguard.allow('public', 'public.events_%', 'drop_table', 'retention');
SELECT schemaguard.allow('sg_retention', 'public.events_%', 'drop_table', ' ');
SELECT schemaguard.allow('sg_retention', 'public.events_%', 'drop_column', 'retention');
SELECT schemaguard.allow('sg_retention', 'public.events_%', 'drop_guard', 'retention');
SELECT schemaguard.allow('sg_retention', 'public.events_%', 'drop_tables', 'retention');
SELECT schemaguard.allow('sg_retention', '%', 'drop_table', 'retention');
SELECT schemaguard.allow('sg_retention', '%.%', 'drop_table', 'retention');
SELECT schemaguard.allow('sg_retention', 'public.%', 'drop_table', 'retention');
SELECT schemaguard.allow('sg_retention', 'events_%', 'drop_table', 'retention');
SELECT schemaguard.allow('sg_retention', E'public.events\\_%', 'drop_table', 'retention');
SELECT schemaguard.allow('sg_retention', 'public.events_%', 'drop_table', 'retention', '0');
SELECT schemaguard.allow('sg_retention', 'public.events_%', 'drop_table', 'retention', '-1 day');
-- taken
SELECT schemaguard.allow('sg_retention', 'public.events_%', 'drop_table', 'events are kept for 90 days', '90 days');
SELECT schemaguard.allow('sg_retention', 'public.staging_%', 'truncate', 'loaded anew each night');
SELECT id, role, pattern, rule, older_than, reason, allowed_by FROM schemaguard.standing_rules ORDER BY id;

-- partitions: what is old for sure goes
SET SESSION AUTHORIZATION sg_retention;
CREATE TABLE events (at timestamptz, v text) PARTITION BY RANGE (at);
CREATE TABLE events_old PARTITION OF events FOR VALUES FROM ('2001-01-01') TO ('2001-02-01');
CREATE TABLE events_old_2 PARTITION OF events FOR VALUES FROM ('2001-02-01') TO ('2001-03-01');
CREATE TABLE events_new PARTITION OF events FOR VALUES FROM ('2001-03-01') TO ('2999-03-01');
CREATE TABLE events_open PARTITION OF events FOR VALUES FROM ('2999-03-01') TO (MAXVALUE);
CREATE TABLE events_rest PARTITION OF events DEFAULT;
INSERT INTO events VALUES ('2001-01-02', 'x'), ('2001-02-02', 'x'), ('2001-03-02', 'x'), ('2999-04-01', 'x'), ('1999-01-01', 'x');
DROP TABLE events_old;
DROP TABLE events_new;
DROP TABLE events_open;
DROP TABLE events_rest;
-- one that isn't covered keeps all of them
DROP TABLE events_old_2, events_new;
DROP TABLE events;
-- the rule is for DROP TABLE, of the whole table
TRUNCATE events_old_2;
ALTER TABLE events DROP COLUMN v;
DROP OWNED BY sg_retention;
-- detached, anything may have been written into it
BEGIN;
ALTER TABLE events DETACH PARTITION events_old_2;
DROP TABLE events_old_2;
ROLLBACK;
DROP TABLE events_old_2;
SELECT count(*) FROM events;
-- no partition
CREATE TABLE events_plain AS SELECT 1 AS id;
DROP TABLE events_plain;
-- a range of something else, a list, an expression
CREATE TABLE events_by_number (n int) PARTITION BY RANGE (n);
CREATE TABLE events_n PARTITION OF events_by_number FOR VALUES FROM (0) TO (10);
CREATE TABLE events_by_day (d date) PARTITION BY LIST (d);
CREATE TABLE events_l PARTITION OF events_by_day FOR VALUES IN ('2001-01-01');
CREATE TABLE events_by_expression (d date) PARTITION BY RANGE ((d - 10000));
CREATE TABLE events_e PARTITION OF events_by_expression FOR VALUES FROM ('1970-01-01') TO ('2001-01-01');
INSERT INTO events_by_number VALUES (1);
INSERT INTO events_by_day VALUES ('2001-01-01');
INSERT INTO events_by_expression VALUES ('2020-01-01');
DROP TABLE events_n;
DROP TABLE events_l;
DROP TABLE events_e;
-- dates and times without a zone, parts of parts
CREATE TABLE events_date (d date, k int) PARTITION BY RANGE (d, k);
CREATE TABLE events_d1 PARTITION OF events_date FOR VALUES FROM ('2001-01-01', 0) TO ('2001-02-01', 0);
CREATE TABLE events_d2 PARTITION OF events_date FOR VALUES FROM ('2001-02-01', 0) TO ('infinity', 0);
INSERT INTO events_date VALUES ('2001-01-01', 0), ('2001-03-01', 0);
DROP TABLE events_d1;
DROP TABLE events_d2;
CREATE TABLE events_ts (at timestamp, k int) PARTITION BY RANGE (at);
CREATE TABLE events_ts_old PARTITION OF events_ts FOR VALUES FROM ('2001-01-01') TO ('2001-02-01') PARTITION BY LIST (k);
CREATE TABLE events_ts_old_1 PARTITION OF events_ts_old FOR VALUES IN (1);
CREATE TABLE events_ts_old_2 PARTITION OF events_ts_old FOR VALUES IN (2);
INSERT INTO events_ts VALUES ('2001-01-01', 1), ('2001-01-02', 2);
DROP TABLE events_ts_old_1;
DROP TABLE events_ts;

-- names: the pattern to the letter
CREATE TABLE "eventsX1" AS SELECT 1 AS id;
CREATE TABLE my_events_1 AS SELECT 1 AS id;
DROP TABLE "eventsX1";
DROP TABLE my_events_1;

-- without an age: TRUNCATE
CREATE TABLE staging_a AS SELECT 1 AS id;
CREATE TABLE staging_b AS SELECT 1 AS id;
CREATE TABLE other AS SELECT 1 AS id;
TRUNCATE staging_a, other;
TRUNCATE other, staging_a;
TRUNCATE staging_a, staging_b;
SELECT (SELECT count(*) FROM staging_a) AS a, (SELECT count(*) FROM staging_b) AS b, (SELECT count(*) FROM other) AS other;
INSERT INTO staging_a VALUES (1);
DROP TABLE staging_a;

-- for that role only: not for one who is a member of it, unless he acts as it
SET SESSION AUTHORIZATION sg_member;
TRUNCATE staging_a;
SET ROLE sg_retention;
TRUNCATE staging_a;
RESET SESSION AUTHORIZATION;
INSERT INTO staging_a VALUES (1);
TRUNCATE staging_a;

-- who may let himself: not under the two-person rule
GRANT EXECUTE ON FUNCTION schemaguard.allow TO sg_member, sg_retention;
SET schemaguard.two_person = on;
SET SESSION AUTHORIZATION sg_member;
SELECT schemaguard.allow('sg_retention', 'public.other', 'truncate', 'for myself');
\echo :SQLSTATE
RESET SESSION AUTHORIZATION;
SET schemaguard.two_person = off;
SET SESSION AUTHORIZATION sg_member;
SELECT schemaguard.allow('sg_retention', 'public.other', 'truncate', 'for myself');
RESET SESSION AUTHORIZATION;
SET schemaguard.two_person = on;
SET SESSION AUTHORIZATION sg_member;
SET ROLE sg_retention;
TRUNCATE other;
TRUNCATE staging_a;
RESET SESSION AUTHORIZATION;
SET schemaguard.two_person = off;
SET ROLE sg_retention;
TRUNCATE other;
RESET ROLE;

-- taken back
INSERT INTO staging_a VALUES (1);
SET SESSION AUTHORIZATION sg_dba;
BEGIN;
SELECT schemaguard.disallow(2);
ROLLBACK;
SELECT schemaguard.disallow(2);
SELECT schemaguard.disallow(2);
\echo :SQLSTATE
SELECT schemaguard.disallow(NULL);
SELECT id, pattern FROM schemaguard.standing_rules ORDER BY id;
SET SESSION AUTHORIZATION sg_retention;
TRUNCATE staging_a;
SELECT schemaguard.disallow(1);
INSERT INTO schemaguard.consent SELECT 50, 'standing rule', 'forged', 'sg_dba', 'sg_dba', now();
RESET SESSION AUTHORIZATION;

-- what is kept
SELECT command_tag, object, verdict, reason, detail, session_user_name FROM schemaguard.ddl_log WHERE object_type = 'consent' OR verdict = 'accepted' ORDER BY id;
SET schemaguard.mode = off;
DROP OWNED BY sg_retention, sg_member, sg_dba;
DROP ROLE sg_retention, sg_member, sg_dba;
