\echo Use "CREATE EXTENSION schemaguard" to load this file. \quit

-- The schema may have been there before: in somebody else's hands it would be
-- a place to put look-alike functions.
DO $$
DECLARE
    owner_is_superuser boolean;
    stranger text;
BEGIN
    SELECT r.rolsuper INTO owner_is_superuser
      FROM pg_catalog.pg_namespace n JOIN pg_catalog.pg_roles r ON r.oid = n.nspowner
     WHERE n.nspname = 'schemaguard';
    IF NOT owner_is_superuser THEN
        RAISE EXCEPTION 'schema schemaguard belongs to a role that is no superuser'
            USING HINT = 'Look at what is in it, then drop or rename it.';
    END IF;
    SELECT pg_catalog.pg_describe_object(d.classid, d.objid, 0) INTO stranger
      FROM pg_catalog.pg_depend d
     WHERE d.refclassid = 'pg_catalog.pg_namespace'::pg_catalog.regclass
       AND d.refobjid = 'schemaguard'::pg_catalog.regnamespace
       AND d.classid <> 'pg_catalog.pg_extension'::pg_catalog.regclass
     LIMIT 1;
    IF stranger IS NOT NULL THEN
        RAISE EXCEPTION 'schema schemaguard is not empty: it holds %', stranger
            USING HINT = 'Move that elsewhere, then create the extension again.';
    END IF;
END
$$;

-- Names and statements are handled as UTF-8 throughout: in another encoding
-- ordinary DDL with such letters would fail.
DO $$
BEGIN
    IF pg_catalog.getdatabaseencoding() <> 'UTF8' THEN
        RAISE EXCEPTION 'schemaguard needs a database in encoding UTF8, and this one is in %', pg_catalog.getdatabaseencoding()
            USING ERRCODE = 'feature_not_supported';
    END IF;
END
$$;

REVOKE ALL ON SCHEMA schemaguard FROM PUBLIC;
GRANT USAGE ON SCHEMA schemaguard TO PUBLIC;

----------------------------------------------------------------------
-- The record
----------------------------------------------------------------------

-- One row an object. What holds for the whole statement stands in its first
-- row only, the one whose number is the statement's: a statement's text is
-- kept once, however many objects it touches.
--
-- No sequence: a serial or identity key would change what lastval() gives to
-- the application whose statement is recorded.
CREATE TABLE schemaguard.ddl_entry (
    id                bigint PRIMARY KEY,
    statement_id      bigint NOT NULL,
    command_tag       text NOT NULL,
    action            text NOT NULL,
    object_type       text NOT NULL,
    object            text NOT NULL,
    parts             text[],
    formerly          text,
    definition        text,
    at                timestamptz,
    transaction       xid8,
    session_user_name text,
    current_user_name text,
    application_name  text,
    client_addr       inet,
    backend_pid       integer,
    database          text,
    search_path       text,
    statement         text,
    same_text_as      bigint,
    context           text,
    verdict           text,
    rule              text,
    reason            text,
    message           text,
    detail            text,
    migration_tool    text,
    migration         text,
    migration_checksum text,
    digest            text COLLATE "C",
    request           text,
    at_stake          json
);
COMMENT ON TABLE schemaguard.ddl_entry IS
'The record as it is stored; read it through ddl_log and refused';
COMMENT ON COLUMN schemaguard.ddl_entry.request IS
'Who wants to run what: a hash of the statement''s words, its roles and the database';
COMMENT ON COLUMN schemaguard.ddl_entry.at_stake IS
'All that a refused statement would have destroyed, as approve() takes it';
COMMENT ON COLUMN schemaguard.ddl_entry.same_text_as IS
'The statement that holds this one''s text, where the text is the same: a text is kept once';

-- Tools that write a migration's row in the transaction of its statements say
-- only at its end which one it was. A dump may be restored where transactions
-- are counted anew: the numbers of its first and last statement, which aren't,
-- tell its transaction from another with the same number.
CREATE TABLE schemaguard.migration_transaction (
    transaction xid8 NOT NULL,
    first       bigint NOT NULL,
    last        bigint NOT NULL,
    tool        text NOT NULL,
    migrations  text[] NOT NULL
);
CREATE INDEX migration_transaction_idx ON schemaguard.migration_transaction (transaction);
COMMENT ON TABLE schemaguard.migration_transaction IS
'Which migrations a tool noted in its history in the transaction that ran them, for the record';

CREATE VIEW schemaguard.ddl_log AS
SELECT o.id,
       o.statement_id,
       s.at,
       s.transaction,
       s.session_user_name,
       s.current_user_name,
       s.application_name,
       s.client_addr,
       s.backend_pid,
       s.database,
       o.command_tag,
       o.action,
       o.object_type,
       o.object,
       o.parts,
       o.formerly,
       coalesce(s.statement, t.statement) AS statement,
       s.context,
       s.search_path,
       s.verdict,
       s.rule,
       s.reason,
       s.detail,
       o.definition AS former_definition,
       coalesce(s.migration_tool, m.tool) AS migration_tool,
       coalesce(s.migration, pg_catalog.array_to_string(m.migrations, ', ')) AS migration,
       s.migration_checksum
  FROM schemaguard.ddl_entry o
  JOIN schemaguard.ddl_entry s ON s.id = o.statement_id
  LEFT JOIN schemaguard.ddl_entry t ON t.id = s.same_text_as
  LEFT JOIN schemaguard.migration_transaction m
    ON m.transaction = s.transaction AND s.id BETWEEN m.first AND m.last;
COMMENT ON VIEW schemaguard.ddl_log IS
'The record: a row for each object of each DDL statement that committed, and one for each statement that the guard refused';
COMMENT ON COLUMN schemaguard.ddl_log.parts IS
'Columns, constraints, triggers … of the object that the statement touched';
COMMENT ON COLUMN schemaguard.ddl_log.formerly IS
'What the object was called before the statement renamed or moved it';
COMMENT ON COLUMN schemaguard.ddl_log.context IS
'Where a statement ran that was not sent by the client itself: function and line';
COMMENT ON COLUMN schemaguard.ddl_log.verdict IS
'allowed: nothing would be lost; accepted: data was lost by consent; warned, observed: data was lost in that mode; unguarded: the guard was off; refused';
COMMENT ON COLUMN schemaguard.ddl_log.reason IS
'Why data was given up, as those said who consented; of a refused statement: why their consent did not cover it';
COMMENT ON COLUMN schemaguard.ddl_log.former_definition IS
'What the object was before it was dropped or replaced';
COMMENT ON COLUMN schemaguard.ddl_log.migration IS
'The migration that the statement ran under, as the history of migration_tool said then (several, where they ran in one transaction); null: under none that is known';
COMMENT ON COLUMN schemaguard.ddl_log.migration_checksum IS
'The checksum of the migration''s text when it ran, where the tool keeps one';

CREATE VIEW schemaguard.refused AS
SELECT s.id,
       s.at,
       s.session_user_name,
       s.current_user_name,
       s.application_name,
       s.client_addr,
       s.backend_pid,
       s.database,
       s.command_tag,
       s.statement,
       s.context,
       s.search_path,
       s.rule,
       s.message,
       s.detail,
       s.reason,
       s.digest,
       s.at_stake,
       s.migration_tool,
       s.migration,
       s.migration_checksum
  FROM schemaguard.ddl_entry s
 WHERE s.verdict = 'refused';
COMMENT ON VIEW schemaguard.refused IS
'Statements that the guard refused, with what they would have destroyed';
COMMENT ON COLUMN schemaguard.refused.reason IS
'Why consent that somebody gave did not cover the statement';
COMMENT ON COLUMN schemaguard.refused.digest IS
'What approve() is called with: stands for the statement, its roles, the database and all that was at stake';

CREATE FUNCTION schemaguard.history(object text)
RETURNS TABLE (id bigint, at timestamptz, current_user_name text, command_tag text, object text, statement text, verdict text,
               former_definition text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    WITH RECURSIVE rename AS MATERIALIZED (
        SELECT l.id, l.object, l.formerly FROM schemaguard.ddl_log l WHERE l.formerly IS NOT NULL AND l.verdict <> 'refused'
    ), name(object, until, came, formerly) AS (
        -- What had the name before another object came to it is that one no more.
        SELECT history.object, NULL::bigint, r.id, r.formerly || substr(history.object, length(r.object) + 1)
          FROM (SELECT) x LEFT JOIN LATERAL (
                SELECT r.* FROM rename r WHERE history.object = r.object OR starts_with(history.object, r.object || '.')
                 ORDER BY r.id DESC LIMIT 1) r ON true
        UNION
        -- What it is part of was renamed with it.
        SELECT n.formerly, n.came, r.id, r.formerly || substr(n.formerly, length(r.object) + 1)
          FROM name n LEFT JOIN LATERAL (
                SELECT r.* FROM rename r
                 WHERE (n.formerly = r.object OR starts_with(n.formerly, r.object || '.')) AND r.id < n.came
                 ORDER BY r.id DESC LIMIT 1) r ON true
         WHERE n.came IS NOT NULL
    )
    SELECT l.id, l.at, l.current_user_name, l.command_tag, l.object, l.statement, l.verdict, l.former_definition
      FROM schemaguard.ddl_log l
     WHERE EXISTS (
        SELECT FROM name n
         WHERE (n.until IS NULL OR l.id < n.until)
           AND (n.came IS NULL OR l.id >= n.came)
           AND (n.object IN (l.object, l.formerly)
                OR starts_with(n.object, l.formerly || '.')
                -- its parts
                OR starts_with(l.object, n.object || '.')
                -- it as a part
                OR n.object IN (SELECT l.object || '.' || CASE WHEN strpos(p, '.') > 0 THEN '"' || replace(p, '"', '""') || '"' ELSE p END
                                  FROM unnest(l.parts) p)
                -- what it came and went with
                OR (starts_with(n.object, l.object || '.') AND (l.action IN ('create', 'drop') OR l.formerly IS NOT NULL))))
     ORDER BY l.id
$$;
COMMENT ON FUNCTION schemaguard.history(text) IS
'The life of an object from the record, under its former names, too: history(''public.users''), history(''public.users.email''); for who may read ddl_log';

----------------------------------------------------------------------
-- Consent that outlives a session: approvals and standing rules
----------------------------------------------------------------------

-- Rows are only added: what ends one is a row of consent_end, written in the
-- transaction that used it up. So a rollback gives an approval back.
CREATE TABLE schemaguard.consent (
    id                bigint PRIMARY KEY,
    kind              text NOT NULL,
    reason            text NOT NULL,
    given_by          text NOT NULL,
    given_as          text NOT NULL,
    given_at          timestamptz NOT NULL,
    -- an approval
    valid_until       timestamptz,
    digest            text COLLATE "C",
    request           text COLLATE "C",
    database          text,
    session_user_name text,
    current_user_name text,
    statement         text,
    detail            text,
    at_stake          json,
    -- a standing rule
    role              text COLLATE "C",
    pattern           text,
    rule              text,
    older_than        interval
);
CREATE INDEX consent_request_idx ON schemaguard.consent (request);
CREATE INDEX consent_role_idx ON schemaguard.consent (role);
COMMENT ON TABLE schemaguard.consent IS
'Approvals and standing rules as they are stored; read them through approvals and standing_rules';

CREATE TABLE schemaguard.consent_end (
    consent     bigint PRIMARY KEY,
    state       text NOT NULL,
    at          timestamptz NOT NULL,
    transaction xid8 NOT NULL,
    ended_by    text NOT NULL,
    ended_as    text NOT NULL
);
COMMENT ON TABLE schemaguard.consent_end IS
'What ended an approval or a standing rule: its use, or somebody who took it back';

CREATE VIEW schemaguard.approvals AS
SELECT c.id,
       c.digest,
       CASE WHEN e.state IS NOT NULL THEN e.state
            WHEN c.valid_until <= pg_catalog.clock_timestamp() THEN 'expired'
            ELSE 'pending'
       END AS state,
       c.session_user_name,
       c.current_user_name,
       c.database,
       c.statement,
       c.detail,
       c.reason,
       c.given_by AS approved_by,
       c.given_as AS approved_as,
       c.given_at AS approved_at,
       c.valid_until,
       e.at AS ended_at,
       e.ended_by
  FROM schemaguard.consent c
  LEFT JOIN schemaguard.consent_end e ON e.consent = c.id
 WHERE c.kind = 'approval';
COMMENT ON VIEW schemaguard.approvals IS
'Who approved which refused statement, and what came of it';
COMMENT ON COLUMN schemaguard.approvals.state IS
'pending: the statement may run once until valid_until; used; expired: it never ran; void: taken back by revoke_approval()';

CREATE VIEW schemaguard.standing_rules AS
SELECT c.id,
       c.role,
       c.pattern,
       c.rule,
       c.older_than,
       c.reason,
       c.given_by AS allowed_by,
       c.given_as AS allowed_as,
       c.given_at AS allowed_at
  FROM schemaguard.consent c
 WHERE c.kind = 'standing rule'
   AND NOT EXISTS (SELECT FROM schemaguard.consent_end e WHERE e.consent = c.id);
COMMENT ON VIEW schemaguard.standing_rules IS
'Routine losses that are allowed for good, by allow(); disallow() takes one back';

-- Rights on these tables are not enough: pg_write_all_data has them on every
-- table, and a forged row is consent or hides a loss.
CREATE FUNCTION schemaguard.keep_out() RETURNS trigger
LANGUAGE c AS 'MODULE_PATHNAME', 'schemaguard_keep_out';
COMMENT ON FUNCTION schemaguard.keep_out() IS 'Lets nobody but a superuser change the record and consents by SQL';
REVOKE ALL ON FUNCTION schemaguard.keep_out() FROM PUBLIC;
CREATE TRIGGER keep_out BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON schemaguard.ddl_entry
    FOR EACH STATEMENT EXECUTE FUNCTION schemaguard.keep_out();
CREATE TRIGGER keep_out BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON schemaguard.consent
    FOR EACH STATEMENT EXECUTE FUNCTION schemaguard.keep_out();
CREATE TRIGGER keep_out BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON schemaguard.consent_end
    FOR EACH STATEMENT EXECUTE FUNCTION schemaguard.keep_out();
CREATE TRIGGER keep_out BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON schemaguard.migration_transaction
    FOR EACH STATEMENT EXECUTE FUNCTION schemaguard.keep_out();
ALTER TABLE schemaguard.ddl_entry ENABLE ALWAYS TRIGGER keep_out;
ALTER TABLE schemaguard.migration_transaction ENABLE ALWAYS TRIGGER keep_out;
ALTER TABLE schemaguard.consent ENABLE ALWAYS TRIGGER keep_out;
ALTER TABLE schemaguard.consent_end ENABLE ALWAYS TRIGGER keep_out;

----------------------------------------------------------------------
-- The declared schema
----------------------------------------------------------------------

CREATE TABLE schemaguard.declared (
    version     bigint PRIMARY KEY,
    name        text NOT NULL,
    format      text NOT NULL,
    source      text NOT NULL,
    schemas     text[] NOT NULL,
    declared_at timestamptz NOT NULL,
    declared_by text NOT NULL,
    reader      integer NOT NULL,
    server      integer NOT NULL,
    compare     text[] NOT NULL,
    unmanaged   text[] NOT NULL,
    pending     boolean NOT NULL
);
CREATE INDEX declared_name_idx ON schemaguard.declared (name, version);
COMMENT ON TABLE schemaguard.declared IS
'Declared schemas: each version with its source';
COMMENT ON COLUMN schemaguard.declared.reader IS
'Version of the reader that made the model in declared_object';
COMMENT ON COLUMN schemaguard.declared.server IS
'Major version of the server that built it';

COMMENT ON COLUMN schemaguard.declared.compare IS
'What is compared besides the structure';
COMMENT ON COLUMN schemaguard.declared.unmanaged IS
'Patterns of objects that are left out';
COMMENT ON COLUMN schemaguard.declared.pending IS
'Declared as what the schema is to become; in force once it is in declared_reached';

CREATE TABLE schemaguard.declared_reached (
    version bigint PRIMARY KEY,
    at      timestamptz NOT NULL
);
COMMENT ON TABLE schemaguard.declared_reached IS
'Pending versions that the schema has reached: since a drift() that found nothing against them';

CREATE TABLE schemaguard.declared_object (
    id          bigint PRIMARY KEY,
    version     bigint NOT NULL,
    belongs_to  text COLLATE "C" NOT NULL,
    kind        text NOT NULL,
    identity    text[] NOT NULL,
    args        text,
    attributes  json NOT NULL
);
CREATE INDEX declared_object_version_idx ON schemaguard.declared_object (version, belongs_to);
COMMENT ON TABLE schemaguard.declared_object IS
'What the server built from a declared source: an object a row';
COMMENT ON COLUMN schemaguard.declared_object.belongs_to IS
'The table that the object is part of, or itself';

-- What pg_dump takes along. Rows name objects by name, never by OID.
SELECT pg_catalog.pg_extension_config_dump('schemaguard.ddl_entry', '');
SELECT pg_catalog.pg_extension_config_dump('schemaguard.migration_transaction', '');
SELECT pg_catalog.pg_extension_config_dump('schemaguard.declared', '');
SELECT pg_catalog.pg_extension_config_dump('schemaguard.declared_object', '');
SELECT pg_catalog.pg_extension_config_dump('schemaguard.declared_reached', '');
SELECT pg_catalog.pg_extension_config_dump('schemaguard.consent', '');
SELECT pg_catalog.pg_extension_config_dump('schemaguard.consent_end', '');

----------------------------------------------------------------------
-- Functions
----------------------------------------------------------------------

CREATE FUNCTION schemaguard.declare(source text, format text DEFAULT 'sql', name text DEFAULT 'main', schemas text[] DEFAULT NULL,
                                    compare text[] DEFAULT NULL, unmanaged text[] DEFAULT NULL,
                                    pending boolean DEFAULT false)
RETURNS bigint
LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'declare_wrapper';
COMMENT ON FUNCTION schemaguard.declare(text, text, text, text[], text[], text[], boolean) IS
'Declares what the schema should be: builds the source in a scratch database, stores the model that the server made of it, returns its version. With pending => true it is what the schema is to become. compare names what counts besides the structure: comments, column_order (these two by default; of a Prisma schema only comments), owners, grants; unmanaged names objects that are left out: schema.name, with * for any characters';
REVOKE ALL ON FUNCTION schemaguard.declare(text, text, text, text[], text[], text[], boolean) FROM PUBLIC;

CREATE FUNCTION schemaguard.declare_files(sources text[], names text[], format text DEFAULT 'prisma', name text DEFAULT 'main',
                                          schemas text[] DEFAULT NULL, compare text[] DEFAULT NULL, unmanaged text[] DEFAULT NULL,
                                          pending boolean DEFAULT false)
RETURNS bigint
LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'declare_files_wrapper';
COMMENT ON FUNCTION schemaguard.declare_files(text[], text[], text, text, text[], text[], text[], boolean) IS
'As declare(), for a Prisma schema of several files: their texts and, in the same order, their names';
REVOKE ALL ON FUNCTION schemaguard.declare_files(text[], text[], text, text, text[], text[], text[], boolean) FROM PUBLIC;

CREATE FUNCTION schemaguard.snapshot(schemas text[] DEFAULT NULL)
RETURNS jsonb
LANGUAGE c STABLE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'snapshot_wrapper';
COMMENT ON FUNCTION schemaguard.snapshot(text[]) IS
'The live schema as a model, ready for declare(…, ''json'')';

CREATE FUNCTION schemaguard.drift(name text DEFAULT 'main')
RETURNS TABLE (object_type text, object text, change text, attribute text, declared text, actual text,
               severity text, data_loss boolean, caused_by bigint, fix text, source text)
LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'drift_wrapper';
COMMENT ON FUNCTION schemaguard.drift(text) IS
'What differs between the declared and the live schema, which statement of the record made it so, the SQL that mends it, and where a Prisma schema speaks of it';

CREATE FUNCTION schemaguard.fix(name text DEFAULT 'main', allow_loss boolean DEFAULT false, prove boolean DEFAULT false,
                                gentle boolean DEFAULT false, unmanaged boolean DEFAULT false)
RETURNS TABLE (step integer, sql text, data_loss boolean, note text, locks text[], rewrites text[], state text)
LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'fix_wrapper';
COMMENT ON FUNCTION schemaguard.fix(text, boolean, boolean, boolean, boolean) IS
'The ordered script that removes the drift; steps that would lose data only where asked for. With prove => true it is tried out on a copy of the live schema in a scratch database, which also shows each step''s locks and rewrites. gentle => true takes forms that keep nobody waiting (NOT VALID and VALIDATE, CONCURRENTLY), each in a transaction of its own. unmanaged => true takes in what drift() shows as unmanaged';

CREATE FUNCTION schemaguard.mend(state text, name text DEFAULT 'main')
RETURNS TABLE (step integer, sql text)
LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'mend_wrapper';
COMMENT ON FUNCTION schemaguard.mend(text, text) IS
'Runs the steps of fix() that lose nothing, in this transaction; state is what fix() showed: where the drift is another one by now, nothing is run';

CREATE FUNCTION schemaguard.accept_data_loss(reason text)
RETURNS void
LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'accept_data_loss_wrapper';
COMMENT ON FUNCTION schemaguard.accept_data_loss(text) IS
'Consent to lose data, for the rest of this transaction; EXECUTE on this function is the permission';
REVOKE ALL ON FUNCTION schemaguard.accept_data_loss(text) FROM PUBLIC;

CREATE FUNCTION schemaguard.accept_drift(reason text)
RETURNS void
LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'accept_drift_wrapper';
COMMENT ON FUNCTION schemaguard.accept_drift(text) IS
'Consent to move the schema away from the declared one where schemaguard.on_drift refuses that, for the rest of this transaction; EXECUTE on this function is the permission';
REVOKE ALL ON FUNCTION schemaguard.accept_drift(text) FROM PUBLIC;

CREATE FUNCTION schemaguard.approve(digest text, reason text, valid_for interval DEFAULT '1 hour')
RETURNS void
LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'approve_wrapper';
COMMENT ON FUNCTION schemaguard.approve(text, text, interval) IS
'Lets the same role run a refused statement once, as long as no more is at stake than was then; the refusal prints the digest';
REVOKE ALL ON FUNCTION schemaguard.approve(text, text, interval) FROM PUBLIC;

CREATE FUNCTION schemaguard.revoke_approval(digest text)
RETURNS void
LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'revoke_approval_wrapper';
COMMENT ON FUNCTION schemaguard.revoke_approval(text) IS
'Takes back what approve() gave, where it has not been used';
REVOKE ALL ON FUNCTION schemaguard.revoke_approval(text) FROM PUBLIC;

CREATE FUNCTION schemaguard.allow(role text, pattern text, rule text, reason text, older_than interval DEFAULT NULL)
RETURNS bigint
LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'allow_wrapper';
COMMENT ON FUNCTION schemaguard.allow(text, text, text, text, interval) IS
'A standing rule: lets a role drop or truncate the tables that a pattern names (schema.name, % for any characters), with older_than only partitions whose bound proves that all rows are older; returns its number';
REVOKE ALL ON FUNCTION schemaguard.allow(text, text, text, text, interval) FROM PUBLIC;

CREATE FUNCTION schemaguard.disallow(id bigint)
RETURNS void
LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'disallow_wrapper';
COMMENT ON FUNCTION schemaguard.disallow(bigint) IS
'Takes a standing rule back';
REVOKE ALL ON FUNCTION schemaguard.disallow(bigint) FROM PUBLIC;

CREATE FUNCTION schemaguard.cascades(exact boolean DEFAULT false)
RETURNS TABLE (from_table text, to_table text, path text, foreign_key text, on_delete text, depth integer,
               rows_at_stake bigint, is_indexed boolean)
LANGUAGE c STABLE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'cascades_wrapper';
COMMENT ON FUNCTION schemaguard.cascades(boolean) IS
'What foreign keys take along or set when rows of from_table are deleted, chains followed; rows_at_stake by the last ANALYZE, or with exact => true counted: the rows of to_table that point somewhere';

CREATE FUNCTION schemaguard.unread()
RETURNS TABLE (object_type text, object text)
LANGUAGE c STABLE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'unread_wrapper';
COMMENT ON FUNCTION schemaguard.unread() IS
'Objects of this database that drift() knows nothing of: no row means that all are read';

CREATE FUNCTION schemaguard.migrations(files jsonb DEFAULT NULL, of_tool text DEFAULT NULL)
RETURNS TABLE (tool text, history text, migration text, state text, issues text[], started_at timestamptz,
               finished_at timestamptz, checksum text, statements bigint, note text)
LANGUAGE c STABLE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'migrations_wrapper';
COMMENT ON FUNCTION schemaguard.migrations(jsonb, text) IS
'The migrations that the tables of Prisma, Alembic, Django, Rails, Flyway, Liquibase, Drizzle, node-pg-migrate, Knex, TypeORM, golang-migrate, Sqitch and dbmate tell of, as far as the caller may read them: applied, failed, half applied, rolled back, unfinished, missing (a file without a row), unreadable; issues: edited (another text than was applied), unknown (to the files), out of order. files: [{"name", "text" or "checksum"}] or {"name": "text"}. statements: how many of the record ran under it; the last row has how many ran under none';

CREATE FUNCTION schemaguard.status()
RETURNS TABLE (item text, state text, detail text)
LANGUAGE c STABLE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'status_wrapper';
COMMENT ON FUNCTION schemaguard.status() IS
'What is on, what is covered in this session and this database, what is not, and the statement that covers it';

----------------------------------------------------------------------
-- Event triggers: what was asked (start), what came of it (end, drop)
----------------------------------------------------------------------

CREATE FUNCTION schemaguard.on_ddl_command_start() RETURNS event_trigger
LANGUAGE c AS 'MODULE_PATHNAME', 'schemaguard_on_ddl_command_start';
CREATE FUNCTION schemaguard.on_sql_drop() RETURNS event_trigger
LANGUAGE c AS 'MODULE_PATHNAME', 'schemaguard_on_sql_drop';
CREATE FUNCTION schemaguard.on_ddl_command_end() RETURNS event_trigger
LANGUAGE c AS 'MODULE_PATHNAME', 'schemaguard_on_ddl_command_end';
COMMENT ON FUNCTION schemaguard.on_ddl_command_start() IS 'Loads the library and notes the statement that begins';
COMMENT ON FUNCTION schemaguard.on_sql_drop() IS 'Judges what the statement has dropped';
COMMENT ON FUNCTION schemaguard.on_ddl_command_end() IS 'Records the statement';
REVOKE ALL ON FUNCTION schemaguard.on_ddl_command_start(), schemaguard.on_sql_drop(), schemaguard.on_ddl_command_end() FROM PUBLIC;

CREATE EVENT TRIGGER schemaguard_ddl_command_start ON ddl_command_start
    EXECUTE FUNCTION schemaguard.on_ddl_command_start();
CREATE EVENT TRIGGER schemaguard_sql_drop ON sql_drop
    EXECUTE FUNCTION schemaguard.on_sql_drop();
CREATE EVENT TRIGGER schemaguard_ddl_command_end ON ddl_command_end
    EXECUTE FUNCTION schemaguard.on_ddl_command_end();
-- Always: session_replication_role = replica would silence the record.
ALTER EVENT TRIGGER schemaguard_ddl_command_start ENABLE ALWAYS;
ALTER EVENT TRIGGER schemaguard_sql_drop ENABLE ALWAYS;
ALTER EVENT TRIGGER schemaguard_ddl_command_end ENABLE ALWAYS;
COMMENT ON EVENT TRIGGER schemaguard_ddl_command_start IS 'schemaguard: notes the statement that begins';
COMMENT ON EVENT TRIGGER schemaguard_sql_drop IS 'schemaguard: judges what a statement has dropped';
COMMENT ON EVENT TRIGGER schemaguard_ddl_command_end IS 'schemaguard: records the statement';

-- From 17 on a login event trigger loads the library at the start of each
-- session, which covers TRUNCATE and DROP DATABASE without a preload setting.
CREATE FUNCTION schemaguard.on_login() RETURNS event_trigger
LANGUAGE c AS 'MODULE_PATHNAME', 'schemaguard_on_login';
COMMENT ON FUNCTION schemaguard.on_login() IS 'Loads the library when a session begins (PostgreSQL 17 and later)';
REVOKE ALL ON FUNCTION schemaguard.on_login() FROM PUBLIC;
DO $$
BEGIN
    IF pg_catalog.current_setting('server_version_num')::pg_catalog.int4 >= 170000 THEN
        EXECUTE 'CREATE EVENT TRIGGER schemaguard_login ON login EXECUTE FUNCTION schemaguard.on_login()';
        EXECUTE 'ALTER EVENT TRIGGER schemaguard_login ENABLE ALWAYS';
        EXECUTE $c$COMMENT ON EVENT TRIGGER schemaguard_login IS 'schemaguard: loads the library when a session begins'$c$;
    END IF;
END
$$;

-- DROP DATABASE is seen from another database, where this one's catalogs
-- cannot be read: the mark has to be in a shared catalog.
DO $$
BEGIN
    EXECUTE pg_catalog.format('ALTER DATABASE %I SET schemaguard.protected = on', pg_catalog.current_database());
END
$$;
