use super::mend::{Change, Mend, Phase, Step};
use super::{Attribute, Kind, Object, Scope, Severity, fragment, no_parent, sql};

/// Its argument is the access method: `app.near_ops(btree)`.
pub static KIND: Kind = Kind {
    name: "operator class",
    object_type: "operator class",
    catalog: "pg_opclass",
    letters: "",
    scope: Scope::Schema,
    sql_name: |o| format!("OPERATOR CLASS {}", using(o)),
    query: |_| {
        format!(
            "WITH {}, {}, {}
             SELECT ARRAY[ns.nspname, c.opcname]::text[], am.amname::text,
                    json_strip_nulls(json_build_object(
                        'type', format_type(c.opcintype, NULL),
                        'default', nullif(c.opcdefault, false),
                        'family', quote_ident(fn.nspname) || '.' || quote_ident(f.opfname),
                        'storage', CASE WHEN c.opckeytype <> 0 THEN format_type(c.opckeytype, NULL) END,
                        'members', member.list))::text, c.oid
               FROM pg_opclass c
               JOIN ns ON ns.oid = c.opcnamespace
               JOIN pg_am am ON am.oid = c.opcmethod
               JOIN pg_opfamily f ON f.oid = c.opcfamily
               JOIN pg_namespace fn ON fn.oid = f.opfnamespace
               LEFT JOIN member ON member.of = c.oid
              WHERE c.oid NOT IN (SELECT objid FROM ext) {only}",
            fragment::SCHEMAS,
            fragment::members("pg_opclass"),
            members_of("pg_opclass"),
            only = fragment::only("c.oid"),
        )
    },
    attributes: &[
        Attribute::error("type"),
        Attribute::error("default").absent("false"),
        Attribute::error("family"),
        Attribute::error("storage"),
        Attribute::error("members"),
    ],
    missing: Severity::Error,
    extra: Severity::Warning,
    drop_loses: false,
    parent: no_parent,
    create: |o, _| vec![Step::new(Phase::CreateLateRoutine, create(o))],
    drop: |o, _| Mend::step(Phase::DropInTheWay, drop(o)),
    // Nothing of it can be altered; while an index uses it the server won't
    // let it go.
    alter: |c: &Change| {
        Mend::step(Phase::CreateLateRoutine, drop(c.live))
            .and(Phase::CreateLateRoutine, create(c.declared))
            .dressed(c.declared, c.declared_side)
    },
};

/// Name and access method, as the statements for classes and families have it.
pub(super) fn using(o: &Object) -> String {
    let method = o.identity.args.as_deref().unwrap_or("btree");
    format!("{} USING {}", sql::qualified(&o.identity.parts), sql::ident(method))
}

/// Operators and functions that belong to each class, or to a family by
/// itself: `member(of, list)`.
pub(super) fn members_of(owner: &str) -> String {
    format!(
        "member AS (
         SELECT d.refobjid AS of, json_agg(m.text ORDER BY m.what, m.number, m.text COLLATE \"C\") AS list
           FROM pg_depend d
           JOIN (SELECT 'pg_amop'::regclass AS catalog, o.oid, 1 AS what, o.amopstrategy AS number,
                        'OPERATOR ' || o.amopstrategy || ' ' || o.amopopr::regoperator
                        || CASE WHEN o.amoppurpose = 'o' THEN ' FOR ORDER BY '
                                || quote_ident(n.nspname) || '.' || quote_ident(f.opfname) ELSE '' END AS text
                   FROM pg_amop o
                   LEFT JOIN pg_opfamily f ON f.oid = o.amopsortfamily
                   LEFT JOIN pg_namespace n ON n.oid = f.opfnamespace
                 UNION ALL
                 SELECT 'pg_amproc'::regclass, p.oid, 2, p.amprocnum,
                        'FUNCTION ' || p.amprocnum || ' (' || format_type(p.amproclefttype, NULL) || ', '
                        || format_type(p.amprocrighttype, NULL) || ') ' || p.amproc::regprocedure
                   FROM pg_amproc p) m ON d.classid = m.catalog AND d.objid = m.oid
          WHERE d.refclassid = '{owner}'::regclass AND d.deptype IN ('i', 'a') AND m.oid >= 16384
          GROUP BY d.refobjid)"
    )
}

/// `OPERATOR 1 (integer, integer)`: what ALTER OPERATOR FAMILY … DROP takes.
pub(super) fn bare(member: &str) -> String {
    let mut words = member.splitn(3, ' ');
    let (what, number) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let rest = words.next().unwrap_or_default();
    let types = if what == "FUNCTION" {
        rest.split_once(") ").map_or(rest.to_owned(), |(types, _)| format!("{types})"))
    } else {
        let operator = rest.split(" FOR ORDER BY ").next().unwrap_or(rest);
        let types = operator.split_once('(').map_or("", |(_, types)| types);
        format!("({})", types.trim_end_matches(')').replace(',', ", "))
    };
    format!("{what} {number} {types}")
}

fn create(o: &Object) -> String {
    let attrs = o.attrs();
    let (name, method) = (o.identity.parts.as_slice(), o.identity.args.as_deref());
    let mut items = Vec::new();
    if let Some(storage) = attrs.text("storage") {
        items.push(format!("STORAGE {storage}"));
    }
    items.extend(attrs.list("members"));
    if items.is_empty() {
        // The grammar asks for something, and this says nothing.
        items.push(format!("STORAGE {}", attrs.text("type").unwrap_or_default()));
    }
    format!(
        "CREATE OPERATOR CLASS {} {}FOR TYPE {} USING {} FAMILY {} AS\n    {}",
        sql::qualified(name),
        if attrs.is("default") { "DEFAULT " } else { "" },
        attrs.text("type").unwrap_or_default(),
        sql::ident(method.unwrap_or("btree")),
        attrs.text("family").unwrap_or_default(),
        items.join(",\n    ")
    )
}

fn drop(o: &Object) -> String {
    format!("DROP OPERATOR CLASS IF EXISTS {}", using(o))
}

#[cfg(test)]
mod tests {
    use super::bare;

    #[test]
    fn members_without_what_they_do() {
        assert_eq!(bare("OPERATOR 1 app.<(integer,integer)"), "OPERATOR 1 (integer, integer)");
        assert_eq!(
            bare("OPERATOR 15 app.<->(point,point) FOR ORDER BY pg_catalog.float_ops"),
            "OPERATOR 15 (point, point)"
        );
        assert_eq!(
            bare("FUNCTION 1 (integer, integer) app.cmp(integer,integer)"),
            "FUNCTION 1 (integer, integer)"
        );
    }
}
