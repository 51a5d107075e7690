use super::mend::{Change, Mend, Phase};
use super::{Attribute, Kind, Scope, Severity, fragment, named, no_parent, sql, table};

pub static KIND: Kind = Kind {
    name: "foreign table",
    object_type: "foreign table",
    catalog: "pg_class",
    letters: "f",
    scope: Scope::Schema,
    sql_name: named,
    query: |_| {
        format!(
            "{},
             parents AS (
             SELECT i.inhrelid,
                    json_agg(json_build_object('name', json_build_array(pn.nspname, p.relname))
                             ORDER BY i.inhseqno) AS list
               FROM pg_inherits i
               JOIN pg_class p ON p.oid = i.inhparent AND p.relkind IN ('r', 'p', 'f')
               JOIN pg_namespace pn ON pn.oid = p.relnamespace
              GROUP BY i.inhrelid)
             SELECT ARRAY[rel.nspname, rel.relname]::text[], NULL::text,
                    json_strip_nulls(json_build_object(
                        'server', s.srvname,
                        'options', {},
                        'partition_of', CASE WHEN rel.relispartition THEN parents.list -> 0 END,
                        'partition_bound', CASE WHEN rel.relispartition
                             THEN pg_get_expr(rel.relpartbound, rel.oid) END,
                        'inherits', CASE WHEN NOT rel.relispartition THEN parents.list END))::text, rel.oid
               FROM rel
               JOIN pg_foreign_table f ON f.ftrelid = rel.oid
               JOIN pg_foreign_server s ON s.oid = f.ftserver
               LEFT JOIN parents ON parents.inhrelid = rel.oid",
            fragment::relations("'f'"),
            fragment::sorted("f.ftoptions")
        )
    },
    attributes: &[
        Attribute::error("server"),
        Attribute::warning("options"),
        Attribute::error("partition_of"),
        Attribute::error("partition_bound").within("partition_of"),
        Attribute::error("inherits"),
    ],
    missing: Severity::Error,
    extra: Severity::Warning,
    drop_loses: false,
    parent: no_parent,
    create: table::create,
    drop: table::drop,
    alter,
};

fn alter(c: &Change) -> Mend {
    match c.attribute {
        "options" => Mend::step(
            Phase::AlterTable,
            format!(
                "ALTER FOREIGN TABLE {} OPTIONS ({})",
                c.sql(),
                option_changes(&c.from.list("options"), &c.to.list("options"))
            ),
        ),
        "server" => c.again(),
        _ => table::alter(c),
    }
}

pub(super) fn option_changes(from: &[String], to: &[String]) -> String {
    let (set, drop) = sql::parameter_changes(from, to);
    let key = |p: &str| p.split_once('=').map_or(p.to_owned(), |(k, _)| k.to_owned());
    set.iter()
        .map(|p| {
            let known = from.iter().any(|f| key(f) == key(p));
            let verb = if known { "SET" } else { "ADD" };
            format!("{verb} {}", table::fdw_options(std::slice::from_ref(p)))
        })
        .chain(drop.iter().map(|k| format!("DROP {}", sql::ident(k))))
        .collect::<Vec<_>>()
        .join(", ")
}
