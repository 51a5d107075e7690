use super::Facet;
use crate::model::mend::{Phase, Step};
use crate::model::{Attribute, Attrs, Object, fragment, sql};

pub static FACET: Facet = Facet {
    word: Some("owners"),
    attributes: &[Attribute::warning("owner")],
    query: |catalogs| {
        let of = |catalog: &str, column: &str, more: &str| {
            let only = fragment::only("o.oid");
            catalogs.contains(catalog).then(|| {
                format!(
                    "SELECT '{catalog}'::regclass::oid, o.oid, 0, 'owner', to_json(pg_get_userbyid(o.{column}))::text
                       FROM {catalog} o {more} {only}"
                )
            })
        };
        let inside = |catalog: &str, prefix: &str| {
            let more = format!("JOIN ns ON ns.oid = o.{prefix}namespace WHERE true");
            of(catalog, &format!("{prefix}owner"), &more)
        };
        let mut parts = vec![
            // A sequence that belongs to a column has its table's owner.
            of(
                "pg_class",
                "relowner",
                "JOIN ns ON ns.oid = o.relnamespace
                  WHERE (o.relkind IN ('r', 'p', 'f', 'v', 'm')
                     OR o.relkind = 'S' AND NOT EXISTS (
                        SELECT FROM pg_depend d
                         WHERE d.classid = 'pg_class'::regclass AND d.objid = o.oid AND d.objsubid = 0
                           AND d.refclassid = 'pg_class'::regclass AND d.refobjsubid > 0
                           AND d.deptype IN ('a', 'i')))",
            ),
            of(
                "pg_type",
                "typowner",
                "JOIN ns ON ns.oid = o.typnamespace
                 LEFT JOIN pg_class c ON c.oid = o.typrelid
                  WHERE (o.typtype IN ('d', 'e', 'r') OR o.typtype = 'b' AND o.typarray <> 0
                     OR o.typtype = 'c' AND c.relkind = 'c')",
            ),
            of("pg_namespace", "nspowner", "JOIN ns ON ns.oid = o.oid WHERE true"),
            of("pg_subscription", "subowner", "WHERE o.subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())"),
        ];
        for (catalog, prefix) in [
            ("pg_proc", "pro"),
            ("pg_operator", "opr"),
            ("pg_opclass", "opc"),
            ("pg_opfamily", "opf"),
            ("pg_collation", "coll"),
            ("pg_conversion", "con"),
            ("pg_ts_dict", "dict"),
            ("pg_ts_config", "cfg"),
            ("pg_statistic_ext", "stx"),
        ] {
            parts.push(inside(catalog, prefix));
        }
        for (catalog, column) in [
            ("pg_language", "lanowner"),
            ("pg_foreign_data_wrapper", "fdwowner"),
            ("pg_foreign_server", "srvowner"),
            ("pg_publication", "pubowner"),
            ("pg_event_trigger", "evtowner"),
        ] {
            parts.push(of(catalog, column, "WHERE o.oid >= 16384"));
        }
        let parts: Vec<_> = parts.into_iter().flatten().collect();
        let all = || format!("WITH {} {}", fragment::SCHEMAS, parts.join("\n UNION ALL "));
        (!parts.is_empty()).then(all)
    },
    alter: |attribute: &str, o: &Object, _: &Attrs, to: &Attrs| {
        // A column's sequence goes from owner to owner with the table only.
        let own = to.get("owned_by").is_none();
        let owner = to.text(attribute).filter(|_| own).map(|owner| {
            let sql = format!("ALTER {} OWNER TO {}", (o.kind.sql_name)(o), sql::ident(owner));
            Step::new(Phase::Owner, sql)
        });
        owner.into_iter().collect()
    },
};
