"""One session with the server, through psql, and what a generator asks it."""
import json
import subprocess

MARK = "\x01done"


class Session:
    def __init__(self, database):
        self.psql = subprocess.Popen(
            ["psql", "-XqAt", "-d", database, "-v", "ON_ERROR_ROLLBACK=on", "-v", "SHOW_CONTEXT=never"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, encoding="utf-8", bufsize=1)

    def run(self, sql):
        """What psql prints for the text, and the first error in it or None."""
        self.psql.stdin.write(f"{sql}\n;\n\\echo '{MARK}'\n")
        self.psql.stdin.flush()
        lines, error = [], None
        for line in self.psql.stdout:
            line = line.rstrip("\n")
            if line == MARK:
                return lines, error
            if line.startswith(("ERROR:", "FATAL:", "PANIC:")):
                error = error or line
            lines.append(line)
        raise RuntimeError("psql is gone: " + "\n".join(lines[-20:]))

    def do(self, sql):
        """Runs what has to work."""
        _, error = self.run(sql)
        if error:
            raise RuntimeError(f"{error}\n{sql}")

    def rows(self, query):
        """The rows of a query as dictionaries."""
        return self.answer(as_json(query))

    def prepare(self, name, query):
        """Has `EXECUTE name` answer the query."""
        self.do(f"PREPARE {name} AS {as_json(query)}")

    def answer(self, statement):
        lines, error = self.run(statement)
        if error:
            raise RuntimeError(f"{error}\n{statement}")
        # Warnings stand before the answer.
        return json.loads(lines[-1])


def as_json(query):
    return f"SELECT coalesce(json_agg(row_to_json(q)), '[]')::jsonb FROM ({query}) q"


SETUP = r"""
-- An object as drift() calls it.
CREATE FUNCTION looks.named(VARIADIC parts text[]) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT string_agg(CASE WHEN p ~ '[.]' THEN '"' || replace(p, '"', '""') || '"' ELSE p END, '.' ORDER BY n)
      FROM unnest(parts) WITH ORDINALITY u (p, n) $$;
-- What is granted; an owner has every grant option, whatever the list says of it.
CREATE FUNCTION looks.granted(acl aclitem[], owner oid) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT string_agg(concat_ws(' ', grantee::regrole, grantor::regrole, privilege_type, is_grantable AND grantee <> owner), ','
                      ORDER BY grantee, grantor, privilege_type) FROM aclexplode(acl) $$;
-- The order in which options were set is no matter of the schema.
CREATE FUNCTION looks.sorted(options text[]) RETURNS text[] LANGUAGE sql IMMUTABLE AS $$
    SELECT array_agg(o ORDER BY o) FROM unnest(options) o $$;
CREATE VIEW looks.spaces AS
    SELECT oid, nspname FROM pg_namespace WHERE nspname IN ('rnd', 'Rnd.2');

-- What the generator can choose from.
CREATE VIEW looks.relations AS
    SELECT c.oid, c.oid::regclass::text AS sql, n.nspname AS space, c.relname AS name, c.relkind AS kind, c.relispartition AS part,
           EXISTS (SELECT FROM pg_inherits i WHERE i.inhparent = c.oid) AS has_children,
           EXISTS (SELECT FROM pg_inherits i WHERE i.inhrelid = c.oid) AS has_parents
      FROM pg_class c JOIN looks.spaces n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S', 'i', 'I', 'c');
CREATE VIEW looks.choice AS SELECT
    (SELECT coalesce(json_agg(r ORDER BY sql), '[]') FROM (SELECT sql, space, name, kind, part, has_children, has_parents,
        (SELECT coalesce(json_agg(json_build_object('name', quote_ident(attname), 'type', format_type(atttypid, atttypmod), 'not_null', attnotnull,
                'has_default', atthasdef, 'identity', attidentity, 'generated', attgenerated, 'local', attislocal) ORDER BY attnum), '[]')
           FROM pg_attribute a WHERE a.attrelid = r.oid AND attnum > 0 AND NOT attisdropped) AS columns
        FROM looks.relations r) r) AS relations,
    (SELECT coalesce(json_agg(c ORDER BY "table", name), '[]') FROM (SELECT conrelid::regclass::text AS "table", quote_ident(conname) AS name, contype AS type
        FROM pg_constraint JOIN looks.spaces s ON s.oid = connamespace WHERE conrelid <> 0) c) AS constraints,
    (SELECT coalesce(json_agg(t ORDER BY sql), '[]') FROM (SELECT t.oid::regtype::text AS sql, typtype AS type,
            (SELECT json_agg(enumlabel ORDER BY enumsortorder) FROM pg_enum WHERE enumtypid = t.oid) AS labels,
            (SELECT json_agg(quote_ident(conname) ORDER BY conname) FROM pg_constraint WHERE contypid = t.oid AND contype = 'c') AS checks,
            (SELECT coalesce(json_agg(quote_ident(attname) ORDER BY attnum), '[]') FROM pg_attribute WHERE attrelid = typrelid AND NOT attisdropped) AS fields
        FROM pg_type t JOIN looks.spaces s ON s.oid = typnamespace
       WHERE typtype IN ('e', 'd', 'r') OR typtype = 'c' AND (SELECT relkind FROM pg_class WHERE oid = typrelid) = 'c') t) AS types,
    (SELECT coalesce(json_agg(f ORDER BY sql), '[]') FROM (SELECT p.oid::regprocedure::text AS sql, prokind AS kind, prorettype::regtype::text AS result,
            proargtypes[0]::regtype::text AS takes, pronargs AS args, p.oid::regproc::text AS name
        FROM pg_proc p JOIN looks.spaces s ON s.oid = pronamespace
       WHERE NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND deptype = 'i')) f) AS routines,
    (SELECT coalesce(json_agg(t ORDER BY "table", name), '[]') FROM (SELECT tgrelid::regclass::text AS "table", quote_ident(tgname) AS name
        FROM pg_trigger JOIN looks.relations r ON r.oid = tgrelid WHERE NOT tgisinternal) t) AS triggers,
    (SELECT coalesce(json_agg(t ORDER BY "table", name), '[]') FROM (SELECT ev_class::regclass::text AS "table", quote_ident(rulename) AS name
        FROM pg_rewrite JOIN looks.relations r ON r.oid = ev_class WHERE rulename <> '_RETURN') t) AS rules,
    (SELECT coalesce(json_agg(t ORDER BY "table", name), '[]') FROM (SELECT polrelid::regclass::text AS "table", quote_ident(polname) AS name
        FROM pg_policy JOIN looks.relations r ON r.oid = polrelid) t) AS policies,
    (SELECT coalesce(json_agg(t ORDER BY name), '[]') FROM (SELECT format('%I.%I', nspname, stxname) AS name
        FROM pg_statistic_ext JOIN looks.spaces s ON s.oid = stxnamespace) t) AS statistics;

-- What is there, told by the server's own functions and by none of schemaguard's.
CREATE VIEW looks.seen AS
    SELECT looks.named(space, name) AS object, concat_ws(' ', c.relkind, c.relpersistence, looks.sorted(c.reloptions), (SELECT reloptions FROM pg_class x WHERE x.oid = c.reltoastrelid), c.relrowsecurity, c.relforcerowsecurity,
            -- By an index that is gone is by none.
            CASE WHEN c.relreplident <> 'i' OR EXISTS (SELECT FROM pg_index WHERE indrelid = c.oid AND indisreplident) THEN c.relreplident ELSE 'n' END,
            pg_get_userbyid(relowner), pg_get_expr(relpartbound, c.oid), pg_get_partkeydef(c.oid),
            (SELECT string_agg(inhparent::regclass::text, ',' ORDER BY inhseqno) FROM pg_inherits WHERE inhrelid = c.oid AND c.relkind IN ('r', 'p')),
            CASE WHEN c.relkind IN ('v', 'm') THEN pg_get_viewdef(c.oid) END,
            (SELECT 'by ' || indexrelid::regclass FROM pg_index WHERE indrelid = c.oid AND indisclustered)) AS is
      FROM looks.relations r JOIN pg_class c USING (oid) WHERE c.relkind NOT IN ('i', 'I', 'S', 'c')
    UNION ALL
    SELECT looks.named(space, name, attname), concat_ws(' ', format_type(atttypid, atttypmod), attnotnull, attidentity, attgenerated, attstorage,
            attcompression, ARRAY(SELECT o FROM unnest(attoptions) o WHERE o NOT LIKE 'pg\_attver=%'), CASE WHEN attstattarget >= 0 THEN attstattarget END, attcollation::regcollation, attislocal,
            pg_get_expr(adbin, adrelid), looks.granted(a.attacl, (SELECT relowner FROM pg_class WHERE oid = r.oid)), (SELECT concat_ws(' ', rtrim(s.relname, '0123456789'), s.relpersistence, obj_description(s.oid, 'pg_class'),
                    looks.granted(coalesce(s.relacl, acldefault('s', s.relowner)), s.relowner), seqtypid::regtype, seqstart, seqincrement, seqmax, seqmin, seqcache, seqcycle)
               FROM pg_depend JOIN pg_class s ON s.oid = objid AND classid = 'pg_class'::regclass AND s.relkind = 'S' JOIN pg_sequence ON seqrelid = s.oid
              WHERE attidentity <> '' AND refclassid = 'pg_class'::regclass AND refobjid = r.oid AND refobjsubid = attnum AND deptype = 'i'), col_description(r.oid, attnum))
      FROM looks.relations r JOIN pg_attribute a ON attrelid = r.oid LEFT JOIN pg_attrdef ON adrelid = r.oid AND adnum = attnum
     WHERE r.kind IN ('r', 'p', 'v', 'm') AND attnum > 0 AND NOT attisdropped
    UNION ALL
    SELECT looks.named(space, name, conname), concat_ws(' ', pg_get_constraintdef(c.oid), conislocal,
            (SELECT concat_ws(' ', looks.sorted(i.reloptions), i.relpersistence, indisclustered, indisreplident, obj_description(i.oid, 'pg_class'),
                (SELECT string_agg(attname || attstattarget, ',' ORDER BY attnum) FROM pg_attribute WHERE attrelid = i.oid AND attstattarget >= 0))
               FROM pg_class i JOIN pg_index ON indexrelid = i.oid WHERE i.oid = conindid AND contype IN ('p', 'u', 'x')), obj_description(c.oid, 'pg_constraint'))
      FROM looks.relations r JOIN pg_constraint c ON conrelid = r.oid WHERE contype <> 'n' AND conparentid = 0
       -- What is inherited is its parent's.
       AND coninhcount = 0
    UNION ALL
    -- From 18 NOT NULL has a name: a number behind it is the server's, an inherited one is the parent's.
    SELECT looks.named(space, name, attname), 'not null ' || regexp_replace(conname, '_not_null[0-9]+$', '_not_null')
      FROM looks.relations r JOIN pg_constraint c ON conrelid = r.oid JOIN pg_attribute a ON attrelid = r.oid AND attnum = conkey[1]
     WHERE contype = 'n' AND coninhcount = 0
    UNION ALL
    SELECT looks.named(nspname, typname), 'not null ' || regexp_replace(conname, '_not_null[0-9]+$', '_not_null')
      FROM pg_type t JOIN looks.spaces s ON s.oid = typnamespace JOIN pg_constraint c ON contypid = t.oid WHERE contype = 'n'
    UNION ALL
    SELECT looks.named(space, name), concat_ws(' ', pg_get_indexdef(r.oid), indisclustered, indisreplident, indisvalid,
            (SELECT string_agg(attname || attstattarget, ',' ORDER BY attnum) FROM pg_attribute WHERE attrelid = r.oid AND attstattarget >= 0))
      FROM looks.relations r JOIN pg_index ON indexrelid = r.oid WHERE NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = r.oid AND contype IN ('p', 'u', 'x'))
       -- The server makes them with their parent's, under names of its own.
       AND NOT r.part
    UNION ALL
    -- A partition's index is known by the topmost one.
    SELECT looks.named(t.space, t.name, root.relname), concat_ws(' ', 'called', r.name, looks.sorted(c.reloptions), c.reltablespace, indisclustered, indisreplident, obj_description(c.oid, 'pg_class'),
            (SELECT string_agg(attname || attstattarget, ',' ORDER BY attnum) FROM pg_attribute WHERE attrelid = c.oid AND attstattarget >= 0),
            (SELECT obj_description(oid, 'pg_constraint') FROM pg_constraint WHERE conrelid = t.oid AND conindid = c.oid AND contype IN ('p', 'u', 'x')))
      FROM looks.relations r JOIN pg_class c USING (oid) JOIN pg_index ON indexrelid = c.oid JOIN looks.relations t ON t.oid = indrelid JOIN pg_class root ON root.oid = pg_partition_root(c.oid)
     WHERE r.part
    UNION ALL
    SELECT looks.named(space, name), concat_ws(' ', seqtypid::regtype, seqstart, seqincrement, seqmax, seqmin, seqcache, seqcycle, c.relpersistence, pg_get_userbyid(relowner),
            (SELECT a.attrelid::regclass::text || '.' || a.attname FROM pg_depend JOIN pg_attribute a ON attrelid = refobjid AND attnum = refobjsubid
              WHERE objid = r.oid AND classid = 'pg_class'::regclass AND refclassid = 'pg_class'::regclass AND deptype = 'a'))
      FROM looks.relations r JOIN pg_class c USING (oid) JOIN pg_sequence ON seqrelid = r.oid
     WHERE NOT EXISTS (SELECT FROM pg_depend WHERE objid = r.oid AND classid = 'pg_class'::regclass AND deptype = 'i')
    UNION ALL
    SELECT looks.named(nspname, typname), concat_ws(' ', typtype, typnotnull, typdefault, format_type(typbasetype, typtypmod), pg_get_userbyid(typowner),
            (SELECT string_agg(enumlabel, ',' ORDER BY enumsortorder) FROM pg_enum WHERE enumtypid = t.oid),
            (SELECT string_agg(concat_ws(' ', conname, pg_get_constraintdef(oid)), ',' ORDER BY conname) FROM pg_constraint WHERE contypid = t.oid AND contype = 'c'),
            (SELECT string_agg(attname || ' ' || format_type(atttypid, atttypmod), ',' ORDER BY attnum) FROM pg_attribute WHERE attrelid = typrelid AND NOT attisdropped),
            (SELECT rngsubtype::regtype FROM pg_range WHERE rngtypid = t.oid), obj_description(t.oid, 'pg_type'),
            looks.granted(coalesce(typacl, acldefault('T', typowner)), typowner))
      FROM pg_type t JOIN looks.spaces s ON s.oid = typnamespace
     WHERE typtype IN ('e', 'd', 'r') OR typtype = 'c' AND (SELECT relkind FROM pg_class WHERE oid = typrelid) = 'c'
    UNION ALL
    SELECT looks.named(nspname, proname) || '(' || pg_get_function_identity_arguments(p.oid) || ')',
           concat_ws(' ', CASE WHEN prokind = 'a' THEN 'aggregate' ELSE pg_get_functiondef(p.oid) END, pg_get_userbyid(proowner), obj_description(p.oid, 'pg_proc'),
            looks.granted(coalesce(proacl, acldefault('f', proowner)), proowner))
      FROM pg_proc p JOIN looks.spaces s ON s.oid = pronamespace WHERE NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND deptype = 'i')
    UNION ALL
    SELECT looks.named(space, name, tgname), concat_ws(' ', pg_get_triggerdef(t.oid), tgenabled, obj_description(t.oid, 'pg_trigger'))
      FROM looks.relations r JOIN pg_trigger t ON tgrelid = r.oid WHERE NOT tgisinternal
    UNION ALL
    SELECT looks.named(space, name, rulename), concat_ws(' ', pg_get_ruledef(w.oid), ev_enabled, obj_description(w.oid, 'pg_rewrite'))
      FROM looks.relations r JOIN pg_rewrite w ON ev_class = r.oid WHERE rulename <> '_RETURN'
    UNION ALL
    SELECT looks.named(space, name, polname), concat_ws(' ', polcmd, polpermissive, polroles::regrole[], pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid), obj_description(p.oid, 'pg_policy'))
      FROM looks.relations r JOIN pg_policy p ON polrelid = r.oid
    UNION ALL
    SELECT looks.named(nspname, stxname), concat_ws(' ', pg_get_statisticsobjdef(e.oid), pg_get_userbyid(stxowner), obj_description(e.oid, 'pg_statistic_ext'), CASE WHEN stxstattarget >= 0 THEN stxstattarget END)
      FROM pg_statistic_ext e JOIN looks.spaces s ON s.oid = stxnamespace
    UNION ALL
    SELECT looks.named(space, name), concat_ws(' ', 'told and granted', obj_description(r.oid, 'pg_class'),
            looks.granted(coalesce(relacl, acldefault(CASE c.relkind WHEN 'S' THEN 's'::"char" ELSE 'r' END, relowner)), relowner))
      FROM looks.relations r JOIN pg_class c USING (oid) WHERE c.relkind NOT IN ('c') AND NOT (c.relkind IN ('i', 'I') AND r.part)
       AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = r.oid AND contype IN ('p', 'u', 'x'))
       AND NOT EXISTS (SELECT FROM pg_depend WHERE c.relkind = 'S' AND objid = r.oid AND classid = 'pg_class'::regclass AND deptype = 'i');
"""


def make(database):
    session = Session("postgres")
    session.run(f"DROP DATABASE IF EXISTS {database} WITH (FORCE)")
    session.do(f"CREATE DATABASE {database} TEMPLATE template0")
    session = Session(database)
    session.do("CREATE EXTENSION schemaguard")
    session.do("CREATE SCHEMA looks")
    for statement in SETUP.split("\n\n"):
        session.do(statement)
    session.psql.stdin.close()
