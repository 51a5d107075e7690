use super::mend::{Change, Mend, Phase, Step};
use super::{
    Attribute, Attrs, Identity, Kind, Object, Scope, Severity, enumeration, fragment, named,
    no_parent, sql, type_swap,
};

pub static KIND: Kind = Kind {
    name: "range",
    object_type: "type",
    catalog: "pg_type",
    letters: "r",
    scope: Scope::Schema,
    sql_name: named,
    query: |_| {
        format!(
            "WITH {}, {},
             functions AS (
             SELECT DISTINCT d.refobjid AS type, ARRAY[n.nspname, p.proname] AS names
               FROM pg_depend d
               JOIN pg_proc p ON p.oid = d.objid
               JOIN pg_namespace n ON n.oid = p.pronamespace
              WHERE d.classid = 'pg_proc'::regclass AND d.refclassid = 'pg_type'::regclass AND d.deptype = 'i')
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
                             json_build_object('name', json_build_array(mn.nspname, m.typname)) END,
                        -- They keep their names when the types are renamed.
                        'constructor', CASE WHEN c.names <> ARRAY[ns.nspname, t.typname] THEN
                             json_build_object('name', c.names) END,
                        'multirange_constructor', CASE WHEN mc.names <> ARRAY[mn.nspname, m.typname] THEN
                             json_build_object('name', mc.names) END))::text, t.oid
               FROM pg_range r
               JOIN pg_type t ON t.oid = r.rngtypid
               JOIN ns ON ns.oid = t.typnamespace
               JOIN pg_type st ON st.oid = r.rngsubtype
               JOIN pg_opclass opc ON opc.oid = r.rngsubopc
               JOIN pg_namespace opn ON opn.oid = opc.opcnamespace
               LEFT JOIN pg_type m ON m.oid = r.rngmultitypid
               LEFT JOIN pg_namespace mn ON mn.oid = m.typnamespace
               LEFT JOIN functions c ON c.type = t.oid
               LEFT JOIN functions mc ON mc.type = m.oid
               LEFT JOIN pg_collation co ON co.oid = r.rngcollation
               LEFT JOIN pg_namespace cn ON cn.oid = co.collnamespace
              WHERE t.oid NOT IN (SELECT objid FROM ext) {only}",
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
        Attribute::error("constructor").absent("the type's name"),
        Attribute::error("multirange_constructor").absent("the type's name").within("multirange"),
    ],
    missing: Severity::Error,
    extra: Severity::Warning,
    drop_loses: false,
    parent: no_parent,
    create: |o, _| {
        let attrs = o.attrs();
        let mut steps = vec![Step::new(Phase::CreateType, create(o))];
        let (made, phase) = (Some(o.identity.clone()), Phase::CreateType);
        steps.extend(rename(made, constructor(o, &attrs), &attrs, phase));
        // The server makes these functions in the range's schema, wherever the multirange is.
        let made = attrs.identity("multirange").map(|multi| o.identity.beside(multi.name()));
        steps.extend(rename_multi(&o.identity, made, multirange_constructor(&attrs), phase));
        steps
    },
    drop: enumeration::drop_type,
    alter,
};

/// For a range type that was called otherwise: its constructors keep that name.
pub fn name_constructor(range: &mut Object, was: Identity) {
    let mut attrs = range.attrs();
    let made = attrs.identity("constructor").unwrap_or(was);
    if made == range.identity {
        attrs.0.remove("constructor");
    } else {
        attrs.0.insert("constructor".to_owned(), serde_json::json!({ "name": made.parts }));
    }
    range.set(attrs);
}

/// What makes a range, and a multirange, of its parts: functions.
fn constructor(o: &Object, attrs: &Attrs) -> Option<Identity> {
    attrs.identity("constructor").or_else(|| Some(o.identity.clone()))
}

fn multirange_constructor(attrs: &Attrs) -> Option<Identity> {
    attrs.identity("multirange_constructor").or_else(|| attrs.identity("multirange"))
}

/// What gives a function or type another name, perhaps in another schema.
fn renamed(what: &str, args: &str, from: &Identity, to: &Identity, phase: Phase) -> Vec<Step> {
    let mut now = from.clone();
    let mut steps = Vec::new();
    if from.name() != to.name() {
        let name = sql::ident(to.name());
        steps.push(format!("ALTER {what} {}{args} RENAME TO {name}", now.sql()));
        now = from.prefix(1);
        now.parts.push(to.name().to_owned());
    }
    if from.parts[0] != to.parts[0] {
        let schema = sql::ident(&to.parts[0]);
        steps.push(format!("ALTER {what} {}{args} SET SCHEMA {schema}", now.sql()));
    }
    steps.into_iter().map(|sql| Step::new(phase, sql)).collect()
}

fn rename(from: Option<Identity>, to: Option<Identity>, attrs: &Attrs, phase: Phase) -> Vec<Step> {
    let (Some(from), Some(to), Some(of)) = (from, to, attrs.text("subtype")) else {
        return Vec::new();
    };
    ["", ", text"]
        .iter()
        .flat_map(|third| renamed("FUNCTION", &format!("({of}, {of}{third})"), &from, &to, phase))
        .collect()
}

fn rename_multi(
    range: &Identity,
    from: Option<Identity>,
    to: Option<Identity>,
    phase: Phase,
) -> Vec<Step> {
    let (Some(from), Some(to)) = (from, to) else {
        return Vec::new();
    };
    let range = range.sql();
    [String::new(), range.clone(), format!("VARIADIC {range}[]")]
        .iter()
        .flat_map(|args| renamed("FUNCTION", &format!("({args})"), &from, &to, phase))
        .collect()
}

fn alter(c: &Change) -> Mend {
    let phase = Phase::CreateType;
    let name = &c.live.identity;
    let multi = || {
        let (from, to) = (multirange_constructor(c.from), multirange_constructor(c.to));
        rename_multi(name, from, to, phase)
    };
    match c.attribute {
        "constructor" => {
            let (from, to) = (constructor(c.live, c.from), constructor(c.declared, c.to));
            Mend::steps(rename(from, to, c.from, phase))
        }
        "multirange_constructor" => Mend::steps(multi()),
        "multirange" => match (c.from.identity("multirange"), c.to.identity("multirange")) {
            (Some(from), Some(to)) => {
                let mut steps = renamed("TYPE", "", &from, &to, phase);
                steps.extend(multi());
                Mend::steps(steps)
            }
            _ => Mend::default(),
        },
        _ => {
            let made = (KIND.create)(c.declared, c.declared_side);
            let made: Vec<String> = made.into_iter().map(|s| s.sql).collect();
            type_swap::swap(c, &made.join(";\n"))
        }
    }
}

/// What of a live range has a name that a declared one needs: a range that was
/// renamed keeps its functions and its multirange under their names.
pub(crate) fn make_way(declared: &Object, live: &Object) -> Vec<Step> {
    let (to, from) = (declared.attrs(), live.attrs());
    let needed: Vec<Identity> = [
        Some(declared.identity.clone()),
        constructor(declared, &to),
        to.identity("multirange"),
        multirange_constructor(&to),
    ]
    .into_iter()
    .flatten()
    .collect();
    let away = |now: Option<Identity>| {
        let now = now.filter(|n| needed.contains(n))?;
        let mut old = now.prefix(1);
        old.parts.push(sql::set_aside(now.name()));
        Some((now, old))
    };
    let phase = Phase::DropInTheWay;
    let mut steps = Vec::new();
    if let Some((now, old)) = away(constructor(live, &from)) {
        steps.extend(rename(Some(now), Some(old), &from, phase));
    }
    if let Some((now, old)) = away(multirange_constructor(&from)) {
        steps.extend(rename_multi(&live.identity, Some(now), Some(old), phase));
    }
    if let Some((now, old)) = away(from.identity("multirange")) {
        steps.extend(renamed("TYPE", "", &now, &old, phase));
    }
    steps
}

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
