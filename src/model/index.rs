use super::deparsed::{self, Deparsed};
use super::mend::{Change, Mend, Phase, Side, Step};
use super::{
    Attribute, Attrs, Identity, Kind, Object, Scope, Severity, constraint, fragment, named,
    partition_index, show, sql, table,
};

pub static KIND: Kind = Kind {
    name: "index",
    object_type: "index",
    catalog: "pg_class",
    letters: "iI",
    scope: Scope::Schema,
    sql_name: named,
    query,
    attributes: &[
        Attribute::warning("table"),
        Attribute::warning("unique").absent("false"),
        Attribute::warning("definition"),
        Attribute::warning("valid").absent("true"),
        Attribute::warning("storage_parameters"),
        Attribute::warning("tablespace"),
        Attribute::warning("statistics").absent("default"),
    ],
    missing: Severity::Warning,
    extra: Severity::Warning,
    drop_loses: false,
    parent,
    create,
    drop: |o, side| {
        let name = o.identity.sql();
        let mut step = Step::new(Phase::DropIndex, format!("DROP INDEX IF EXISTS {name}"));
        if !parent(o).is_some_and(|t| table::is_partitioned(&t, side)) {
            step = step.gently(vec![format!("DROP INDEX CONCURRENTLY IF EXISTS {name}")]);
        }
        Mend { steps: vec![step], ..Mend::default() }
    },
    alter,
};

fn query(_: u32) -> String {
    use deparsed::COLUMNS;
    use fragment::{said, yes};
    /// B-tree among the access methods.
    const BTREE: u32 = 403;
    let attributes = [
        said(
            "table",
            "json_build_object('name', json_build_array(idx.tnsp, idx.trel))",
        ),
        yes("unique", "idx.indisunique"),
        said("definition", "idx.usual"),
        // Operator classes of the server's own for B-trees take no parameters.
        said(
            deparsed::SHAPE,
            &format!(
                "CASE WHEN idx.usual IS NULL THEN
                     CASE WHEN idx.relam = {BTREE} AND NOT EXISTS (SELECT FROM unnest(idx.indclass) c WHERE c >= 16384) THEN
                         concat_ws('|', '{COLUMNS}' || idx.indkey::text, idx.indclass, idx.indcollation, idx.indoption,
                                   idx.indnullsnotdistinct, idx.reloptions, idx.indexprs, idx.indpred)
                     ELSE '' END END"
            ),
        ),
        said(deparsed::TABLE, "idx.indrelid"),
        said("valid", "CASE WHEN NOT idx.indisvalid THEN false END"),
        said("storage_parameters", &fragment::sorted("idx.reloptions")),
        said("tablespace", "idx.spcname"),
        said("statistics", &statistics_of("idx")),
    ];
    format!(
        "{},
         -- The server's own ones, which take no parameters.
         oc AS MATERIALIZED (
         SELECT oid, opcintype FROM pg_opclass WHERE oid < 16384 AND opcdefault AND opcmethod = {BTREE}),
         idx AS (
         SELECT ns.nspname, ic.relname, i.*, tn.nspname AS tnsp, rel.relname AS trel, ic.reloptions, ic.relam, ts.spcname,
                -- What the server would say of the usual index on one column.
                'btree (' || quote_ident(a.attname) || ')' AS usual
           FROM rel
           JOIN pg_namespace tn ON tn.oid = rel.relnamespace
           JOIN pg_index i ON i.indrelid = rel.oid
           JOIN pg_class ic ON ic.oid = i.indexrelid AND NOT ic.relispartition
           JOIN ns ON ns.oid = ic.relnamespace
           LEFT JOIN pg_tablespace ts ON ts.oid = ic.reltablespace
           LEFT JOIN oc ON oc.oid = i.indclass[0]
           LEFT JOIN pg_attribute a ON i.indnatts = 1 AND i.indoption[0] = 0 AND i.indexprs IS NULL AND i.indpred IS NULL
                AND NOT i.indnullsnotdistinct AND a.attrelid = i.indrelid AND a.attnum = i.indkey[0] AND a.attcollation = i.indcollation[0]
                AND oc.opcintype = CASE a.atttypid WHEN 'varchar'::regtype THEN 'text'::regtype ELSE a.atttypid END
          WHERE i.indislive
            -- Those of constraints are theirs.
            AND (NOT (i.indisunique OR i.indisexclusion) OR i.indexrelid NOT IN (
                    SELECT conindid FROM pg_constraint WHERE contype IN ('p', 'u', 'x') {only}))
            AND i.indexrelid NOT IN (SELECT objid FROM ext))
         SELECT ARRAY[idx.nspname, idx.relname]::text[], NULL::text, NULL::text, idx.indexrelid, NULL::integer,
                {}
           FROM idx",
        fragment::relations("'r', 'p', 'm'"),
        fragment::attributes(&attributes),
        only = fragment::only("conrelid"),
    )
}

/// What follows the names. The text begins with a prefix of known length, so
/// that what is on either side of it can't be mistaken whatever the names hold.
pub(super) static DEFINITION: Deparsed = Deparsed {
    kind: "index",
    attribute: "definition",
    query: "
        SELECT i.indexrelid, to_json(
                   CASE WHEN ic.reloptions IS NULL THEN d.text ELSE
                       replace(d.text, ' WITH (' || (SELECT string_agg(
                           quote_ident(split_part(o, '=', 1)) || '='
                           || CASE WHEN quote_ident(v.value) = v.value THEN v.value ELSE quote_literal(v.value) END, ', ' ORDER BY n)
                           FROM unnest(ic.reloptions) WITH ORDINALITY u(o, n),
                                LATERAL (SELECT substr(o, strpos(o, '=') + 1)) v(value)) || ')', '') END)::text
          FROM pg_index i
          JOIN pg_class ic ON ic.oid = i.indexrelid
          JOIN pg_class rel ON rel.oid = i.indrelid
          JOIN pg_namespace tn ON tn.oid = rel.relnamespace,
               LATERAL (SELECT substr(pg_get_indexdef(i.indexrelid), length('CREATE INDEX  ON . USING ')
                   + CASE WHEN ic.relkind = 'I' THEN 5 ELSE 0 END
                   + CASE WHEN i.indisunique THEN 7 ELSE 0 END
                   + length(quote_ident(ic.relname)) + length(quote_ident(tn.nspname))
                   + length(quote_ident(rel.relname)) + 1)) d(text)
         WHERE i.indexrelid = ANY ($2)",
};

/// The statistics targets of an index; only what is computed has its own.
pub(super) fn statistics_of(index: &str) -> String {
    format!(
        "CASE WHEN {index}.indexprs IS NOT NULL THEN
             (SELECT json_object_agg(a.attnum, a.attstattarget ORDER BY a.attnum) FROM pg_attribute a
               WHERE a.attrelid = {index}.indexrelid AND a.attstattarget >= 0) END"
    )
}

fn parent(o: &Object) -> Option<Identity> {
    o.attrs().identity("table")
}

fn create(o: &Object, side: &Side) -> Vec<Step> {
    let attrs = o.attrs();
    let what = if attrs.is("unique") { "CREATE UNIQUE INDEX" } else { "CREATE INDEX" };
    let definition = attrs.text("definition").unwrap_or_default();
    let mut tail = String::new();
    let parameters = attrs.list("storage_parameters");
    if !parameters.is_empty() {
        tail.push_str(&format!(" WITH ({})", sql::parameters(&parameters)));
    }
    if let Some(tablespace) = attrs.text("tablespace") {
        tail.push_str(&format!(" TABLESPACE {}", sql::ident(tablespace)));
    }
    // WITH stands before WHERE, which is the last clause of the deparsed text.
    let definition = match (tail.is_empty(), predicate(definition)) {
        (false, Some(at)) => format!("{}{tail}{}", &definition[..at], &definition[at..]),
        _ => format!("{definition}{tail}"),
    };
    let text = format!(
        "{} ON {} USING {definition}",
        sql::ident(o.identity.name()),
        parent(o).map(|t| t.sql()).unwrap_or_default()
    );
    let phase = phase(parent(o).as_ref(), side);
    let mut step = Step::new(phase, format!("{what} {text}")).needing(parent(o));
    if !parent(o).is_some_and(|t| table::is_partitioned(&t, side)) {
        step = step.gently(vec![format!("{what} CONCURRENTLY {text}")]);
    }
    let mut steps = vec![step];
    steps.extend(statistics(&o.identity, &Attrs::default(), &attrs));
    steps.extend(parent(o).iter().flat_map(|table| partition_index::settle(o, table, side)));
    steps
}

/// When an index or statistics of a relation are made: a materialized view
/// comes after all indexes of tables.
pub(super) fn phase(relation: Option<&Identity>, side: &Side) -> Phase {
    match relation.and_then(|r| side.relation(r)) {
        Some(r) if r.kind.name == "materialized view" => Phase::CreateView,
        Some(r) if table::is_partition(&r.identity, side) => Phase::CreateOwnIndex,
        Some(r) if table::is_partitioned(&r.identity, side) => Phase::CreateWholeIndex,
        _ => Phase::CreateIndex,
    }
}

/// Where the WHERE clause of a definition begins: outside brackets and quotes.
fn predicate(definition: &str) -> Option<usize> {
    let mut depth = 0usize;
    let mut quote = None;
    for (at, c) in definition.char_indices() {
        match (quote, c) {
            (Some(q), c) if c == q => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(c),
            (None, '(') => depth += 1,
            (None, ')') => depth = depth.saturating_sub(1),
            (None, ' ') if depth == 0 && definition[at..].starts_with(" WHERE ") => {
                return Some(at);
            }
            _ => {}
        }
    }
    None
}

/// Statistics targets of its expressions, by their numbers.
pub(super) fn statistics(index: &Identity, from: &Attrs, to: &Attrs) -> Vec<Step> {
    to.differing("statistics", from)
        .map(|number| {
            let target = to.within("statistics", number).map_or("-1".to_owned(), show);
            let name = index.sql();
            let sql = format!("ALTER INDEX {name} ALTER COLUMN {number} SET STATISTICS {target}");
            Step::new(Phase::Finish, sql)
        })
        .collect()
}

pub(super) fn tablespace(index: &Identity, to: &Attrs) -> Step {
    let name = sql::ident(to.text("tablespace").unwrap_or("pg_default"));
    Step::new(Phase::AlterTable, format!("ALTER INDEX {} SET TABLESPACE {name}", index.sql()))
}

fn alter(c: &Change) -> Mend {
    match c.attribute {
        "statistics" => Mend::steps(statistics(&c.live.identity, c.from, c.to)),
        "storage_parameters" => table::parameter_statements(&format!("ALTER INDEX {}", c.sql()), c),
        "tablespace" => Mend::steps(vec![tablespace(&c.live.identity, c.to)]),
        // Nobody asks for an invalid index; it can't be made one either.
        "valid" if c.to.get("valid").is_some() => {
            Mend::comment(&format!("the declared index {} is invalid", c.declared.identity))
        }
        _ => {
            let mut mend = Mend::default();
            for key in constraint::pointing(c.live, c.live_side) {
                mend.steps.extend((key.kind.drop)(key, c.live_side).steps);
            }
            let again = c.again();
            mend.steps.extend(again.steps);
            mend.steps.extend(constraint::point_again(c));
            if let Some(of) = c.to.identity("table")
                && let Some(t) = c.declared_side.relation(&of)
            {
                for sql in table::resettle(&t.attrs(), &of.sql(), c.live.identity.name()) {
                    mend = mend.and(Phase::Finish, sql);
                }
            }
            mend
        }
    }
}

#[cfg(test)]
mod tests {
    use super::predicate;

    #[test]
    fn predicates() {
        assert_eq!(predicate("btree (a)"), None);
        assert_eq!(predicate("btree (a) WHERE (b > 1)"), Some(9));
        assert_eq!(predicate("btree (f(' WHERE ')) WHERE b"), Some(20));
        assert_eq!(predicate("btree (\" WHERE \")"), None);
    }
}
