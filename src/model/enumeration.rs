use super::mend::{Change, Mend, Phase, Step};
use super::type_swap::swap;
use super::{Attribute, Kind, Object, Scope, Severity, fragment, named, no_parent, sql};

pub static KIND: Kind = Kind {
    name: "enum",
    object_type: "type",
    catalog: "pg_type",
    letters: "e",
    scope: Scope::Schema,
    sql_name: named,
    query: |_| {
        format!(
            "WITH {}, {}
             SELECT ARRAY[ns.nspname, t.typname]::text[], NULL::text,
                    json_build_object('labels', coalesce(l.labels, '[]'::json))::text, t.oid
               FROM pg_type t
               JOIN ns ON ns.oid = t.typnamespace
               LEFT JOIN (SELECT enumtypid, json_agg(enumlabel ORDER BY enumsortorder) AS labels
                            FROM pg_enum GROUP BY enumtypid) l ON l.enumtypid = t.oid
              WHERE t.typtype = 'e' AND t.oid NOT IN (SELECT objid FROM ext) {only}",
            fragment::SCHEMAS,
            fragment::members("pg_type"),
            only = fragment::only("t.oid"),
        )
    },
    attributes: &[Attribute::error("labels")],
    missing: Severity::Error,
    extra: Severity::Warning,
    drop_loses: false,
    parent: no_parent,
    create: |o, _| vec![Step::new(Phase::CreateType, create(o))],
    drop: drop_type,
    alter: labels,
};

fn create(o: &Object) -> String {
    let labels: Vec<_> = o.attrs().list("labels").iter().map(|l| sql::literal(l)).collect();
    format!("CREATE TYPE {} AS ENUM ({})", o.identity.sql(), labels.join(", "))
}

pub(super) fn drop_type(o: &Object, _: &super::mend::Side) -> Mend {
    Mend::step(Phase::DropType, format!("DROP TYPE IF EXISTS {}", o.identity.sql()))
}

fn labels(c: &Change) -> Mend {
    let (to, from) = (c.to.list("labels"), c.from.list("labels"));
    // Labels can be added anywhere; the order of those that stay can't change.
    let kept: Vec<_> = to.iter().filter(|l| from.contains(l)).collect();
    if kept.iter().copied().ne(from.iter()) {
        return swap(c, &create(c.declared));
    }
    let mut mend = Mend::default();
    let mut there = from;
    for (i, label) in to.iter().enumerate() {
        if there.contains(label) {
            continue;
        }
        let place = match i.checked_sub(1).and_then(|i| to.get(i)) {
            Some(before) => format!(" AFTER {}", sql::literal(before)),
            None => match there.first() {
                Some(first) => format!(" BEFORE {}", sql::literal(first)),
                None => String::new(),
            },
        };
        there.push(label.clone());
        // Before domains that say it by default.
        mend = mend.and(
            Phase::SwapType,
            format!(
                "ALTER TYPE {} ADD VALUE IF NOT EXISTS {}{place}",
                c.sql(),
                sql::literal(label)
            ),
        );
    }
    mend
}
