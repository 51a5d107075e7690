-- Attributes that few schemas flip, one by one: each change shows as just its row, and fix() takes it back.
-- (tests/cases/drift_changes has the others; a unit test sees that none is left out.)
SET client_min_messages = error;
SET schemaguard.mode = off;
SET allow_in_place_tablespaces = on;
CREATE TABLESPACE sg_space LOCATION '';
CREATE EXTENSION schemaguard;
CREATE SCHEMA a;
CREATE EXTENSION pg_trgm WITH SCHEMA a VERSION '1.3';
CREATE FUNCTION a.handler() RETURNS language_handler LANGUAGE c AS '$libdir/plpgsql', 'plpgsql_call_handler';
CREATE LANGUAGE tongue HANDLER plpgsql_call_handler INLINE plpgsql_inline_handler VALIDATOR plpgsql_validator;
CREATE FUNCTION a.fdw() RETURNS fdw_handler LANGUAGE internal AS 'byteain';
CREATE FOREIGN DATA WRAPPER wrapper;
CREATE FOREIGN DATA WRAPPER wrapper_too;
CREATE SERVER srv TYPE 'x' FOREIGN DATA WRAPPER wrapper;
CREATE SERVER srv_too FOREIGN DATA WRAPPER wrapper;
CREATE COLLATION a.coll (LC_COLLATE = 'C', LC_CTYPE = 'C');
CREATE TYPE a.base;
CREATE FUNCTION a.base_in(cstring) RETURNS a.base LANGUAGE internal IMMUTABLE STRICT AS 'byteain';
CREATE FUNCTION a.base_out(a.base) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'byteaout';
CREATE FUNCTION a.base_in_too(cstring) RETURNS a.base LANGUAGE internal IMMUTABLE STRICT AS 'byteain';
CREATE FUNCTION a.base_out_too(a.base) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'byteaout';
CREATE FUNCTION a.base_recv(internal) RETURNS a.base LANGUAGE internal IMMUTABLE STRICT AS 'bytearecv';
CREATE FUNCTION a.base_send(a.base) RETURNS bytea LANGUAGE internal IMMUTABLE STRICT AS 'byteasend';
CREATE FUNCTION a.typmod_in(cstring[]) RETURNS integer LANGUAGE internal IMMUTABLE STRICT AS 'varchartypmodin';
CREATE FUNCTION a.typmod_out(integer) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'varchartypmodout';
CREATE FUNCTION a.analyze_it(internal) RETURNS boolean LANGUAGE internal AS 'array_typanalyze';
CREATE TYPE a.base (INPUT = a.base_in, OUTPUT = a.base_out);
CREATE TYPE a.fixed;
CREATE FUNCTION a.fixed_in(cstring) RETURNS a.fixed LANGUAGE internal IMMUTABLE STRICT AS 'int4in';
CREATE FUNCTION a.fixed_out(a.fixed) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'int4out';
CREATE TYPE a.fixed (INPUT = a.fixed_in, OUTPUT = a.fixed_out, INTERNALLENGTH = 4);
CREATE TYPE a.span AS RANGE (SUBTYPE = text);
CREATE FUNCTION a.apart(integer, integer) RETURNS double precision LANGUAGE sql IMMUTABLE AS 'SELECT $1 - $2';
CREATE TYPE a.steps AS RANGE (SUBTYPE = integer);
CREATE DOMAIN a.word AS text;
CREATE SEQUENCE a.seq;
CREATE TYPE a.row_type AS (id integer, note text);
CREATE TABLE a.plain (id integer, note text);
CREATE TABLE a.typed (id integer, note text);
CREATE TABLE a.parts (id integer, note text) PARTITION BY RANGE (id);
CREATE FOREIGN TABLE a.far (id integer, note text) SERVER srv;
CREATE TABLE a.parts_too (id integer, note text) PARTITION BY RANGE (id);
CREATE FOREIGN TABLE a.far_part PARTITION OF a.parts_too FOR VALUES FROM (1) TO (2) SERVER srv;
CREATE TABLE a.keyed (id integer PRIMARY KEY, note text);
CREATE INDEX keyed_note ON a.keyed (note);
CREATE TABLE a.filled (note text NOT NULL);
CREATE TABLE a.parent (id integer, note text);
CREATE TABLE a.child () INHERITS (a.parent);
CREATE TABLE a.numbered (id integer GENERATED ALWAYS AS IDENTITY);
CREATE STATISTICS a.stats ON id, note FROM a.plain;
CREATE FUNCTION a.f(integer) RETURNS integer LANGUAGE plpgsql AS 'BEGIN RETURN 1; END';
CREATE FUNCTION a.many(integer) RETURNS SETOF integer LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION a.helped(integer) RETURNS SETOF integer LANGUAGE internal IMMUTABLE STRICT AS 'generate_series_int4';
CREATE PROCEDURE a.p(integer) LANGUAGE plpgsql AS 'BEGIN END';
CREATE FUNCTION a.sum_more(integer, integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT $1 + $2';
CREATE FUNCTION a.sum_less(integer, integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT $1 - $2';
CREATE FUNCTION a.done(integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE FUNCTION a.done_more(integer, integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE AGGREGATE a.agg(integer) (SFUNC = a.sum_more, STYPE = integer);
CREATE AGGREGATE a.wide(numeric) (SFUNC = numeric_avg_accum, STYPE = internal, FINALFUNC = numeric_avg, COMBINEFUNC = numeric_avg_combine,
    SERIALFUNC = numeric_avg_serialize, DESERIALFUNC = numeric_avg_deserialize);
CREATE AGGREGATE a.ordered(float8 ORDER BY float8) (SFUNC = ordered_set_transition, STYPE = internal, FINALFUNC = percentile_cont_float8_final);
CREATE FUNCTION a.less(integer, integer) RETURNS boolean LANGUAGE internal IMMUTABLE STRICT AS 'int4lt';
CREATE FUNCTION a.more(integer, integer) RETURNS boolean LANGUAGE internal IMMUTABLE STRICT AS 'int4gt';
CREATE FUNCTION a.same(integer, integer) RETURNS boolean LANGUAGE internal IMMUTABLE STRICT AS 'int4eq';
CREATE FUNCTION a.other(integer, integer) RETURNS boolean LANGUAGE internal IMMUTABLE STRICT AS 'int4ne';
CREATE FUNCTION a.cmp(integer, integer) RETURNS integer LANGUAGE internal IMMUTABLE STRICT AS 'btint4cmp';
CREATE OPERATOR a.=== (FUNCTION = a.same, LEFTARG = integer, RIGHTARG = integer);
CREATE OPERATOR a.<<< (FUNCTION = a.less, LEFTARG = integer, RIGHTARG = integer);
CREATE OPERATOR a.>>> (FUNCTION = a.more, LEFTARG = integer, RIGHTARG = integer);
CREATE OPERATOR FAMILY a.fam USING btree;
CREATE OPERATOR FAMILY a.fam_too USING btree;
CREATE OPERATOR CLASS a.ops FOR TYPE integer USING btree FAMILY a.fam AS STORAGE integer;
CREATE OPERATOR FAMILY a.gin_fam USING gin;
CREATE OPERATOR CLASS a.boxes FOR TYPE text USING gin FAMILY a.gin_fam AS STORAGE text;
CREATE OPERATOR CLASS a.fixed_ops FOR TYPE a.fixed USING btree FAMILY a.fam AS STORAGE a.fixed;
CREATE FUNCTION a.from_sql(internal) RETURNS internal LANGUAGE internal IMMUTABLE AS 'byteain';
CREATE FUNCTION a.to_sql(internal) RETURNS a.base LANGUAGE internal IMMUTABLE AS 'byteain';
CREATE TRANSFORM FOR a.base LANGUAGE tongue (FROM SQL WITH FUNCTION a.from_sql(internal), TO SQL WITH FUNCTION a.to_sql(internal));
CREATE FUNCTION a.start(internal, integer) RETURNS internal LANGUAGE internal STRICT AS 'prsd_start';
CREATE FUNCTION a.token(internal, internal, internal) RETURNS internal LANGUAGE internal STRICT AS 'prsd_nexttoken';
CREATE FUNCTION a.finish(internal) RETURNS void LANGUAGE internal STRICT AS 'prsd_end';
CREATE FUNCTION a.types(internal) RETURNS internal LANGUAGE internal STRICT AS 'prsd_lextype';
CREATE TEXT SEARCH PARSER a.parser (START = prsd_start, GETTOKEN = prsd_nexttoken, END = prsd_end, LEXTYPES = prsd_lextype);
CREATE TEXT SEARCH DICTIONARY a.dict (TEMPLATE = simple);
CREATE TEXT SEARCH TEMPLATE a.like_simple (INIT = dsimple_init, LEXIZE = dsimple_lexize);
CREATE TEXT SEARCH CONFIGURATION a.conf (PARSER = pg_catalog."default");
CREATE MATERIALIZED VIEW a.mat AS SELECT id FROM a.plain;
CREATE UNIQUE INDEX mat_id ON a.mat (id);
CREATE POLICY pol ON a.plain FOR UPDATE USING (id > 0);
CREATE FUNCTION a.watch() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
CREATE FUNCTION a.watch_too() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
CREATE EVENT TRIGGER sg_watch ON ddl_command_end WHEN TAG IN ('CREATE RULE') EXECUTE FUNCTION a.watch();
CREATE ACCESS METHOD other_heap TYPE TABLE HANDLER heap_tableam_handler;
CREATE SUBSCRIPTION sub CONNECTION 'dbname=nowhere' PUBLICATION p WITH (connect = false, slot_name = NONE);
SELECT schemaguard.declare(schemaguard.snapshot()::text, 'json', compare => '{}') > 0 AS declared;
\set QUIET on
\pset tuples_only on
\pset format unaligned
SELECT 'nothing differs: ' || (count(*) = 0) FROM schemaguard.drift();
-- What is changed, what shows, what is left after fix().
\set show 'SELECT object_type, object, change, attribute FROM schemaguard.drift() ORDER BY 2, 3, 4;'
\set mend 'SELECT sql FROM schemaguard.fix(allow_loss => true) WHERE sql IS NOT NULL ORDER BY step'
\set left 'SELECT $$left: $$ || object || $$ $$ || coalesce(attribute, change) FROM schemaguard.drift();'

-- collations
BEGIN; DROP COLLATION a.coll; CREATE COLLATION a.coll (LC_COLLATE = 'POSIX', LC_CTYPE = 'C'); :show :mend \gexec
:left ROLLBACK;
BEGIN; DROP COLLATION a.coll; CREATE COLLATION a.coll (LC_COLLATE = 'C', LC_CTYPE = 'POSIX'); :show :mend \gexec
:left ROLLBACK;
BEGIN; UPDATE pg_collation SET collisdeterministic = false WHERE collname = 'coll'; :show ROLLBACK;
SET allow_system_table_mods = on;
BEGIN; UPDATE pg_collation SET collprovider = 'i' WHERE collname = 'coll'; :show ROLLBACK;
BEGIN; SELECT CASE WHEN current_setting('server_version_num')::int >= 170000 THEN 'UPDATE pg_collation SET colllocale = $$x$$ WHERE collname = $$coll$$' ELSE 'UPDATE pg_collation SET colliculocale = $$x$$ WHERE collname = $$coll$$' END \gexec
:show ROLLBACK;
-- extensions and languages, foreign data
BEGIN; ALTER EXTENSION pg_trgm UPDATE TO '1.4'; :show ROLLBACK;
BEGIN; CREATE OR REPLACE LANGUAGE tongue HANDLER a.handler INLINE plpgsql_inline_handler VALIDATOR plpgsql_validator; :show :mend \gexec
:left ROLLBACK;
BEGIN; ALTER FOREIGN DATA WRAPPER wrapper HANDLER a.fdw; :show :mend \gexec
:left ROLLBACK;
BEGIN; DROP SERVER srv_too; CREATE SERVER srv_too FOREIGN DATA WRAPPER wrapper_too; :show :mend \gexec
:left ROLLBACK;
BEGIN; DROP SERVER srv_too; CREATE SERVER srv_too TYPE 'y' FOREIGN DATA WRAPPER wrapper; :show :mend \gexec
:left ROLLBACK;
-- base types
\set type 'UPDATE pg_type SET'
BEGIN; :type typinput = 'a.base_in_too(cstring)'::regprocedure WHERE typname = 'base'; :show ROLLBACK;
BEGIN; :type typoutput = 'a.base_out_too(a.base)'::regprocedure WHERE typname = 'base'; :show ROLLBACK;
BEGIN; ALTER TYPE a.base SET (RECEIVE = a.base_recv); :show :mend \gexec
:left ROLLBACK;
BEGIN; ALTER TYPE a.base SET (SEND = a.base_send); :show :mend \gexec
:left ROLLBACK;
BEGIN; ALTER TYPE a.base SET (TYPMOD_IN = a.typmod_in); :show :mend \gexec
:left ROLLBACK;
BEGIN; ALTER TYPE a.base SET (TYPMOD_OUT = a.typmod_out); :show :mend \gexec
:left ROLLBACK;
BEGIN; ALTER TYPE a.base SET (ANALYZE = a.analyze_it); :show :mend \gexec
:left ROLLBACK;
BEGIN; ALTER TYPE a.base SET (STORAGE = extended); :show :mend \gexec
:left ROLLBACK;
BEGIN; :type typsubscript = 'raw_array_subscript_handler'::regproc WHERE typname = 'base'; :show ROLLBACK;
BEGIN; :type typlen = 8 WHERE typname = 'fixed'; :show ROLLBACK;
BEGIN; :type typbyval = true WHERE typname = 'fixed'; :show ROLLBACK;
BEGIN; :type typalign = 'd' WHERE typname = 'base'; :show ROLLBACK;
BEGIN; :type typcategory = 'S' WHERE typname = 'base'; :show ROLLBACK;
BEGIN; :type typispreferred = true WHERE typname = 'base'; :show ROLLBACK;
BEGIN; :type typdefault = 'x' WHERE typname = 'base'; :show ROLLBACK;
BEGIN; :type typelem = 'integer'::regtype WHERE typname = 'base'; :show ROLLBACK;
BEGIN; :type typdelim = ';' WHERE typname = 'base'; :show ROLLBACK;
BEGIN; :type typcollation = 100 WHERE typname = 'base'; :show ROLLBACK;
-- ranges and domains
BEGIN; DROP TYPE a.span; CREATE TYPE a.span AS RANGE (SUBTYPE = text, SUBTYPE_OPCLASS = text_pattern_ops); :show :mend \gexec
:left ROLLBACK;
BEGIN; DROP TYPE a.span; CREATE TYPE a.span AS RANGE (SUBTYPE = text, COLLATION = "C"); :show :mend \gexec
:left ROLLBACK;
BEGIN; DROP TYPE a.span; CREATE TYPE a.span AS RANGE (SUBTYPE = text, MULTIRANGE_TYPE_NAME = a.spans); :show :mend \gexec
:left ROLLBACK;
BEGIN; DROP TYPE a.steps; CREATE TYPE a.steps AS RANGE (SUBTYPE = integer, SUBTYPE_DIFF = a.apart); :show :mend \gexec
:left ROLLBACK;
BEGIN; UPDATE pg_range SET rngcanonical = 'int4range_canonical'::regproc WHERE rngtypid = 'a.steps'::regtype; :show ROLLBACK;
BEGIN; ALTER FUNCTION a.span_multirange() RENAME TO spans; ALTER FUNCTION a.span_multirange(a.span) RENAME TO spans; ALTER FUNCTION a.span_multirange(VARIADIC a.span[]) RENAME TO spans; :show :mend \gexec
:left ROLLBACK;
BEGIN; DROP DOMAIN a.word; CREATE DOMAIN a.word AS text COLLATE "C"; :show :mend \gexec
:left ROLLBACK;
-- sequences, tables, columns
BEGIN; ALTER SEQUENCE a.seq MINVALUE -5; :show :mend \gexec
:left ROLLBACK;
BEGIN; ALTER SEQUENCE a.seq START 7; :show :mend \gexec
:left ROLLBACK;
BEGIN; DROP TABLE a.parts; CREATE TABLE a.parts (id integer, note text) PARTITION BY HASH (id); :show :mend \gexec
:left ROLLBACK;
BEGIN; ALTER TABLE a.typed OF a.row_type; :show :mend \gexec
:left ROLLBACK;
BEGIN; DROP TABLE a.child; CREATE TABLE a.child (note text) INHERITS (a.parent); :show :mend \gexec
:left ROLLBACK;
BEGIN; ALTER SEQUENCE a.numbered_id_seq AS bigint; :show :mend \gexec
:left ROLLBACK;
BEGIN; ALTER TABLE a.plain SET ACCESS METHOD other_heap; :show :mend \gexec
:left ROLLBACK;
BEGIN; ALTER TABLE a.plain SET TABLESPACE sg_space; :show :mend \gexec
:left ROLLBACK;
BEGIN; DROP FOREIGN TABLE a.far; CREATE FOREIGN TABLE a.far (id integer, note text) SERVER srv_too; :show :mend \gexec
:left ROLLBACK;
BEGIN; ALTER FOREIGN TABLE a.far OPTIONS (ADD x 'y'); :show :mend \gexec
:left ROLLBACK;
BEGIN; ALTER FOREIGN TABLE a.far ALTER id OPTIONS (ADD x 'y'); :show :mend \gexec
:left ROLLBACK;
BEGIN; ALTER FOREIGN TABLE a.far INHERIT a.plain; :show :mend \gexec
:left ROLLBACK;
BEGIN; ALTER TABLE a.parts ATTACH PARTITION a.far FOR VALUES FROM (1) TO (2); :show :mend \gexec
:left ROLLBACK;
BEGIN; ALTER TABLE a.parts_too DETACH PARTITION a.far_part; ALTER TABLE a.parts_too ATTACH PARTITION a.far_part FOR VALUES FROM (1) TO (3); :show :mend \gexec
:left ROLLBACK;
BEGIN; ALTER TABLE a.keyed DROP CONSTRAINT keyed_pkey, ADD PRIMARY KEY (id) USING INDEX TABLESPACE sg_space; :show :mend \gexec
:left ROLLBACK;
BEGIN; ALTER INDEX a.keyed_note SET TABLESPACE sg_space; :show :mend \gexec
:left ROLLBACK;
BEGIN; DROP STATISTICS a.stats; CREATE STATISTICS a.stats ON id, note FROM a.keyed; :show :mend \gexec
:left ROLLBACK;
-- routines
\set proc 'UPDATE pg_proc SET'
BEGIN; CREATE OR REPLACE FUNCTION a.f(integer) RETURNS integer LANGUAGE tongue AS 'BEGIN RETURN 1; END'; :show :mend \gexec
:left ROLLBACK;
BEGIN; DROP FUNCTION a.f(integer); CREATE FUNCTION a.f(integer) RETURNS integer LANGUAGE plpgsql WINDOW AS 'BEGIN RETURN 1; END'; :show :mend \gexec
:left ROLLBACK;
BEGIN; ALTER FUNCTION a.many(integer) ROWS 5; :show :mend \gexec
:left ROLLBACK;
BEGIN; ALTER FUNCTION a.helped(integer) SUPPORT generate_series_int4_support; :show :mend \gexec
:left ROLLBACK;
BEGIN; :proc protrftypes = ARRAY['a.base'::regtype]::oid[] WHERE proname = 'f'; :show ROLLBACK;
BEGIN; DROP PROCEDURE a.p(integer); CREATE PROCEDURE a.p(renamed integer) LANGUAGE plpgsql AS 'BEGIN END'; :show :mend \gexec
:left ROLLBACK;
BEGIN; CREATE OR REPLACE PROCEDURE a.p(integer) LANGUAGE tongue AS 'BEGIN END'; :show :mend \gexec
:left ROLLBACK;
BEGIN; ALTER PROCEDURE a.p(integer) SECURITY DEFINER; :show :mend \gexec
:left ROLLBACK;
BEGIN; ALTER PROCEDURE a.p(integer) SET work_mem = '7MB'; :show :mend \gexec
:left ROLLBACK;
BEGIN; :proc proisstrict = true WHERE proname = 'p'; :show ROLLBACK;
BEGIN; :proc proleakproof = true WHERE proname = 'p'; :show ROLLBACK;
BEGIN; :proc proretset = true, prorows = 7 WHERE proname = 'p'; :show ROLLBACK;
BEGIN; :proc prosupport = 'generate_series_int4_support'::regproc WHERE proname = 'p'; :show ROLLBACK;
BEGIN; :proc protrftypes = ARRAY['a.base'::regtype]::oid[] WHERE proname = 'p'; :show ROLLBACK;
-- aggregates
\set agg 'CREATE OR REPLACE AGGREGATE a.agg(integer)'
BEGIN; :agg (SFUNC = a.sum_less, STYPE = integer); :show :mend \gexec
:left ROLLBACK;
BEGIN; :agg (SFUNC = a.sum_more, STYPE = integer, SSPACE = 7); :show :mend \gexec
:left ROLLBACK;
BEGIN; :agg (SFUNC = a.sum_more, STYPE = integer, FINALFUNC = a.done); :show :mend \gexec
:left ROLLBACK;
BEGIN; :agg (SFUNC = a.sum_more, STYPE = integer, FINALFUNC = a.done_more, FINALFUNC_EXTRA); :show :mend \gexec
:left ROLLBACK;
BEGIN; :agg (SFUNC = a.sum_more, STYPE = integer, FINALFUNC = a.done, FINALFUNC_MODIFY = READ_WRITE); :show :mend \gexec
:left ROLLBACK;
BEGIN; :agg (SFUNC = a.sum_more, STYPE = integer, COMBINEFUNC = a.sum_more); :show :mend \gexec
:left ROLLBACK;
BEGIN; :agg (SFUNC = a.sum_more, STYPE = integer, PARALLEL = SAFE); :show :mend \gexec
:left ROLLBACK;
BEGIN; :agg (SFUNC = a.sum_more, STYPE = integer, MSFUNC = a.sum_more, MINVFUNC = a.sum_less, MSTYPE = integer); :show :mend \gexec
:left ROLLBACK;
BEGIN; :agg (SFUNC = a.sum_more, STYPE = integer, MSFUNC = a.sum_more, MINVFUNC = a.sum_less, MSTYPE = integer, MSSPACE = 7, MFINALFUNC = a.done_more,
    MFINALFUNC_EXTRA, MFINALFUNC_MODIFY = READ_WRITE, MINITCOND = '3'); :show :mend \gexec
:left ROLLBACK;
BEGIN; DROP AGGREGATE a.agg(integer); CREATE AGGREGATE a.agg(integer) (SFUNC = int4_avg_accum, STYPE = bigint[], INITCOND = '{0,0}'); :show :mend \gexec
:left ROLLBACK;
BEGIN; DROP AGGREGATE a.agg(integer); CREATE AGGREGATE a.agg(renamed integer) (SFUNC = a.sum_more, STYPE = integer); :show :mend \gexec
:left ROLLBACK;
BEGIN; UPDATE pg_aggregate SET aggsortop = 'a.<<<(integer, integer)'::regoperator WHERE aggfnoid = 'a.agg(integer)'::regprocedure; :show ROLLBACK;
BEGIN; UPDATE pg_aggregate SET aggkind = 'h' WHERE aggfnoid = 'a.ordered'::regproc; :show ROLLBACK;
BEGIN; UPDATE pg_aggregate SET aggserialfn = 'numeric_serialize'::regproc WHERE aggfnoid = 'a.wide'::regproc; :show ROLLBACK;
BEGIN; UPDATE pg_aggregate SET aggdeserialfn = 'numeric_deserialize'::regproc WHERE aggfnoid = 'a.wide'::regproc; :show ROLLBACK;
-- operators and their classes
\set op 'UPDATE pg_operator SET'
BEGIN; DROP OPERATOR a.<<< (integer, integer); CREATE OPERATOR a.<<< (FUNCTION = a.more, LEFTARG = integer, RIGHTARG = integer); :show :mend \gexec
:left ROLLBACK;
BEGIN; DROP OPERATOR a.<<< (integer, integer); CREATE OPERATOR a.<<< (FUNCTION = a.less, LEFTARG = integer, RIGHTARG = integer, COMMUTATOR = OPERATOR(a.>>>)); :show :mend \gexec
:left ROLLBACK;
BEGIN; DROP OPERATOR a.<<< (integer, integer); CREATE OPERATOR a.<<< (FUNCTION = a.less, LEFTARG = integer, RIGHTARG = integer, NEGATOR = OPERATOR(a.>>>)); :show :mend \gexec
:left ROLLBACK;
BEGIN; ALTER OPERATOR a.<<< (integer, integer) SET (RESTRICT = scalarltsel); :show :mend \gexec
:left ROLLBACK;
BEGIN; ALTER OPERATOR a.<<< (integer, integer) SET (JOIN = scalarltjoinsel); :show :mend \gexec
:left ROLLBACK;
BEGIN; DROP OPERATOR a.=== (integer, integer); CREATE OPERATOR a.=== (FUNCTION = a.same, LEFTARG = integer, RIGHTARG = integer, HASHES); :show :mend \gexec
:left ROLLBACK;
BEGIN; DROP OPERATOR a.=== (integer, integer); CREATE OPERATOR a.=== (FUNCTION = a.same, LEFTARG = integer, RIGHTARG = integer, MERGES); :show :mend \gexec
:left ROLLBACK;
BEGIN; DROP OPERATOR CLASS a.ops USING btree; CREATE OPERATOR CLASS a.ops FOR TYPE bigint USING btree FAMILY a.fam AS STORAGE bigint; :show :mend \gexec
:left ROLLBACK;
BEGIN; UPDATE pg_opclass SET opcdefault = true WHERE opcname = 'fixed_ops'; :show ROLLBACK;
BEGIN; DROP OPERATOR CLASS a.ops USING btree; CREATE OPERATOR CLASS a.ops FOR TYPE integer USING btree FAMILY a.fam_too AS STORAGE integer; :show :mend \gexec
:left ROLLBACK;
BEGIN; UPDATE pg_opclass SET opckeytype = 'integer'::regtype WHERE opcname = 'boxes'; :show ROLLBACK;
-- transforms, text search
BEGIN; DROP TRANSFORM FOR a.base LANGUAGE tongue; CREATE TRANSFORM FOR a.base LANGUAGE tongue (FROM SQL WITH FUNCTION a.from_sql(internal)); :show :mend \gexec
:left ROLLBACK;
\set parser 'DROP TEXT SEARCH PARSER a.parser; CREATE TEXT SEARCH PARSER a.parser'
BEGIN; :parser (START = a.start, GETTOKEN = prsd_nexttoken, END = prsd_end, LEXTYPES = prsd_lextype); :show :mend \gexec
:left ROLLBACK;
BEGIN; :parser (START = prsd_start, GETTOKEN = a.token, END = prsd_end, LEXTYPES = prsd_lextype); :show :mend \gexec
:left ROLLBACK;
BEGIN; :parser (START = prsd_start, GETTOKEN = prsd_nexttoken, END = a.finish, LEXTYPES = prsd_lextype); :show :mend \gexec
:left ROLLBACK;
BEGIN; :parser (START = prsd_start, GETTOKEN = prsd_nexttoken, END = prsd_end, LEXTYPES = a.types); :show :mend \gexec
:left ROLLBACK;
BEGIN; :parser (START = prsd_start, GETTOKEN = prsd_nexttoken, END = prsd_end, LEXTYPES = prsd_lextype, HEADLINE = prsd_headline); :show :mend \gexec
:left ROLLBACK;
BEGIN; DROP TEXT SEARCH DICTIONARY a.dict; CREATE TEXT SEARCH DICTIONARY a.dict (TEMPLATE = a.like_simple); :show :mend \gexec
:left ROLLBACK;
BEGIN; DROP TEXT SEARCH CONFIGURATION a.conf; CREATE TEXT SEARCH CONFIGURATION a.conf (PARSER = a.parser); :show :mend \gexec
:left ROLLBACK;
-- materialized views, policies, event triggers
BEGIN; ALTER MATERIALIZED VIEW a.mat SET ACCESS METHOD other_heap; :show :mend \gexec
:left ROLLBACK;
BEGIN; ALTER MATERIALIZED VIEW a.mat SET TABLESPACE sg_space; :show :mend \gexec
:left ROLLBACK;
BEGIN; ALTER MATERIALIZED VIEW a.mat CLUSTER ON mat_id; :show :mend \gexec
:left ROLLBACK;
BEGIN; DROP POLICY pol ON a.plain; CREATE POLICY pol ON a.plain FOR DELETE USING (id > 0); :show :mend \gexec
:left ROLLBACK;
BEGIN; DROP POLICY pol ON a.plain; CREATE POLICY pol ON a.plain AS RESTRICTIVE FOR UPDATE USING (id > 0); :show :mend \gexec
:left ROLLBACK;
BEGIN; ALTER POLICY pol ON a.plain WITH CHECK (id > 1); :show :mend \gexec
:left ROLLBACK;
BEGIN; DROP EVENT TRIGGER sg_watch; CREATE EVENT TRIGGER sg_watch ON ddl_command_end WHEN TAG IN ('CREATE RULE') EXECUTE FUNCTION a.watch_too(); :show :mend \gexec
:left ROLLBACK;
-- subscriptions: what acts on another server too is no matter of a script
\set sub 'UPDATE pg_subscription SET'
BEGIN; ALTER SUBSCRIPTION sub SET PUBLICATION q WITH (refresh = false); :show ROLLBACK;
BEGIN; :sub subenabled = true; :show ROLLBACK;
BEGIN; :sub subslotname = 'x'; :show ROLLBACK;
BEGIN; ALTER SUBSCRIPTION sub SET (binary = true); :show :mend \gexec
:left ROLLBACK;
BEGIN; ALTER SUBSCRIPTION sub SET (streaming = true); :show :mend \gexec
:left ROLLBACK;
BEGIN; ALTER SUBSCRIPTION sub SET (synchronous_commit = local); :show :mend \gexec
:left ROLLBACK;
BEGIN; ALTER SUBSCRIPTION sub SET (disable_on_error = true); :show :mend \gexec
:left ROLLBACK;
BEGIN; :sub subtwophasestate = 'e'; :show ROLLBACK;
-- what newer versions have
SELECT current_setting('server_version_num')::int >= 170000 AS on_17, current_setting('server_version_num')::int >= 180000 AS on_18 \gset
\if :on_17
BEGIN; ALTER SUBSCRIPTION sub SET (origin = none); :show :mend \gexec
:left ROLLBACK;
BEGIN; ALTER SUBSCRIPTION sub SET (password_required = false); :show :mend \gexec
:left ROLLBACK;
BEGIN; ALTER SUBSCRIPTION sub SET (run_as_owner = true); :show :mend \gexec
:left ROLLBACK;
BEGIN; :sub subfailover = true; :show ROLLBACK;
BEGIN; UPDATE pg_collation SET collicurules = '&a < b' WHERE collname = 'coll'; :show ROLLBACK;
\endif
\if :on_18
BEGIN; ALTER TABLE a.filled DROP CONSTRAINT filled_note_not_null, ADD CONSTRAINT filled_note_not_null NOT NULL note NOT VALID; :show :mend \gexec
:left ROLLBACK;
BEGIN; UPDATE pg_constraint SET conperiod = true WHERE conname = 'keyed_pkey'; :show ROLLBACK;
\endif

DROP SUBSCRIPTION sub;
SET schemaguard.mode = off;
DROP SCHEMA a CASCADE;
DROP TABLESPACE sg_space;
