use super::mend::{Phase, Step};
use super::{
    Attribute, Kind, Object, Scope, Severity, enumeration, fragment, named, no_parent, sql,
};

pub static KIND: Kind = Kind {
    name: "range",
    object_type: "type",
    catalog: "pg_type",
    scope: Scope::Schema,
    sql_name: named,
    query: |_| {
        format!(
            "WITH {}, {}
             SELECT ARRAY[ns.nspname, t.typname]::text[], NULL::text,
                    json_strip_nulls(json_build_object(
                        'subtype', format_type(r.rngsubtype, NULL),
                        'subtype_opclass', CASE WHEN NOT opc.opcdefault
                             THEN quote_ident(opn.nspname) || '.' || quote_ident(opc.opcname) END,
                        'collation', CASE WHEN r.rngcollation <> 0 AND r.rngcollation <> st.typcollation
                             THEN quote_ident(cn.nspname) || '.' || quote_ident(co.collname) END,
                        'canonical', CASE WHEN r.rngcanonical <> 0 THEN r.rngcanonical::text END,
                        'subtype_diff', CASE WHEN r.rngsubdiff <> 0 THEN r.rngsubdiff::text END,
                        'multirange', CASE WHEN m.oid IS NOT NULL THEN
                             json_build_object('name', json_build_array(mn.nspname, m.typname)) END))::text, t.oid
               FROM pg_range r
               JOIN pg_type t ON t.oid = r.rngtypid
               JOIN ns ON ns.oid = t.typnamespace
               JOIN pg_type st ON st.oid = r.rngsubtype
               JOIN pg_opclass opc ON opc.oid = r.rngsubopc
               JOIN pg_namespace opn ON opn.oid = opc.opcnamespace
               LEFT JOIN pg_type m ON m.oid = r.rngmultitypid
               LEFT JOIN pg_namespace mn ON mn.oid = m.typnamespace
               LEFT JOIN pg_collation co ON co.oid = r.rngcollation
               LEFT JOIN pg_namespace cn ON cn.oid = co.collnamespace
              WHERE t.oid NOT IN (SELECT objid FROM ext) {only}
              ORDER BY ns.nspname, t.typname",
            fragment::SCHEMAS,
            fragment::members("pg_type"),
            only = fragment::only("t.oid"),
        )
    },
    attributes: &[
        Attribute::error("subtype"),
        Attribute::error("subtype_opclass"),
        Attribute::error("collation"),
        Attribute::error("canonical"),
        Attribute::warning("subtype_diff"),
        Attribute::error("multirange"),
    ],
    missing: Severity::Error,
    extra: Severity::Warning,
    drop_loses: false,
    parent: no_parent,
    create: |o, _| vec![Step::new(Phase::CreateType, create(o))],
    drop: enumeration::drop_type,
    alter: |c| enumeration::swap(c, &create(c.declared)),
};

fn create(o: &Object) -> String {
    let attrs = o.attrs();
    let mut options = Vec::new();
    for (option, attribute) in [
        ("subtype", "subtype"),
        ("subtype_opclass", "subtype_opclass"),
        ("collation", "collation"),
        ("canonical", "canonical"),
        ("subtype_diff", "subtype_diff"),
    ] {
        if let Some(value) = attrs.text(attribute) {
            options.push(format!("{option} = {value}"));
        }
    }
    if let Some(multirange) = attrs.identity("multirange") {
        options.push(format!("multirange_type_name = {}", multirange.sql()));
    }
    format!("CREATE TYPE {} AS RANGE ({})", sql::qualified(&o.identity.parts), options.join(", "))
}
