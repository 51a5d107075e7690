use super::mend::{Change, Mend, Phase, Side, Step};
use super::{
    Attribute, Attrs, Kind, Object, Scope, Severity, column, constraint, fragment, named,
    no_parent, not_null, sql, type_swap,
};

pub static KIND: Kind = Kind {
    name: "domain",
    object_type: "domain",
    catalog: "pg_type",
    letters: "d",
    scope: Scope::Schema,
    sql_name: named,
    query: |server| {
        let (name, join) = match server >= 17 {
            true => (
                format!(
                    ",
                        'not_null_name', CASE WHEN NOT {} THEN nn.conname END,
                        '_not_null', CASE WHEN nn.conname <> t.typname || '_not_null' THEN nn.conname END",
                    not_null::usual("nn.conname", "t.typname")
                ),
                "LEFT JOIN pg_constraint nn ON nn.contypid = t.oid AND nn.contype = 'n'",
            ),
            false => (String::new(), ""),
        };
        format!(
            "WITH {}, {}
             SELECT ARRAY[ns.nspname, t.typname]::text[], NULL::text,
                    json_strip_nulls(json_build_object(
                        'type', format_type(t.typbasetype, t.typtypmod),
                        'collation', CASE WHEN t.typcollation <> 0 AND t.typcollation <> b.typcollation
                             THEN quote_ident(cn.nspname) || '.' || quote_ident(co.collname) END,
                        'default', CASE WHEN t.typdefaultbin IS NOT NULL
                             THEN pg_get_expr(t.typdefaultbin, 0) ELSE quote_literal(t.typdefault) END,
                        'not_null', nullif(t.typnotnull, false){name}))::text, t.oid
               FROM pg_type t
               JOIN ns ON ns.oid = t.typnamespace
               JOIN pg_type b ON b.oid = t.typbasetype
               LEFT JOIN pg_collation co ON co.oid = t.typcollation
               LEFT JOIN pg_namespace cn ON cn.oid = co.collnamespace
               {join}
              WHERE t.typtype = 'd' AND t.oid NOT IN (SELECT objid FROM ext) {only}",
            fragment::SCHEMAS,
            fragment::members("pg_type"),
            only = fragment::only("t.oid"),
        )
    },
    attributes: &[
        Attribute::error("type"),
        Attribute::error("collation"),
        Attribute::error("default"),
        Attribute::error("not_null").absent("false"),
        Attribute::info("not_null_name").absent("default").within("not_null"),
    ],
    missing: Severity::Error,
    extra: Severity::Warning,
    drop_loses: false,
    parent: no_parent,
    create: steps,
    drop: |o, _| Mend::step(Phase::DropType, format!("DROP DOMAIN IF EXISTS {}", o.identity.sql())),
    alter,
};

/// What calls functions waits for them: they may take or return the domain. So
/// does what draws on an identity's sequence wait for its column.
fn steps(o: &Object, side: &Side) -> Vec<Step> {
    let draws_on = |text: &str| column::draws_on(text, side);
    let waits = |text: &str| calls_a_routine(text, side) || draws_on(text).is_some();
    let mut steps = vec![Step::new(Phase::CreateType, create(o, side, &|text| !waits(text)))];
    if let Some(default) = o.attrs().text("default").filter(|d| waits(d)) {
        let sql = format!("ALTER DOMAIN {} SET DEFAULT {default}", o.identity.sql());
        let holder = draws_on(default);
        let phase = if holder.is_some() { Phase::AlterColumn } else { Phase::DefineType };
        steps.push(Step::new(phase, sql).needing(holder));
    }
    for check in side.children_of(&o.identity, "constraint") {
        if waits(check.attrs().text("expression").unwrap_or_default()) {
            steps.push(Step::new(Phase::DefineType, constraint::add(check)));
        }
    }
    steps
}

/// Whether an expression calls a function that isn't the server's own.
fn calls_a_routine(text: &str, side: &Side) -> bool {
    sql::pair_spans(text).into_iter().any(|span| {
        text[span.end..].starts_with('(')
            && side.all("function").any(|f| sql::qualified(&f.identity.parts) == text[span.clone()])
    })
}

/// The domain, with such of its default and checks as are wanted.
fn create(o: &Object, side: &Side, wanted: &dyn Fn(&str) -> bool) -> String {
    let attrs = o.attrs();
    let mut text =
        format!("CREATE DOMAIN {} AS {}", o.identity.sql(), attrs.text("type").unwrap_or("text"));
    if let Some(collation) = attrs.text("collation") {
        text.push_str(&format!(" COLLATE {collation}"));
    }
    if let Some(default) = attrs.text("default").filter(|d| wanted(d)) {
        text.push_str(&format!(" DEFAULT {default}"));
    }
    if attrs.is("not_null") {
        if let Some(name) = attrs.text("not_null_name") {
            text.push_str(&format!(" CONSTRAINT {}", sql::ident(name)));
        }
        text.push_str(" NOT NULL");
    }
    let mut later = Vec::new();
    for check in side.children_of(&o.identity, "constraint") {
        let attrs = check.attrs();
        if !wanted(attrs.text("expression").unwrap_or_default()) {
            continue;
        }
        if attrs.get("validated").is_some() {
            later.push(constraint::add(check));
        } else {
            text.push_str(&format!(" {}", constraint::clause(check)));
        }
    }
    for statement in later {
        text.push_str(&format!(";\n{statement}"));
    }
    text
}

fn alter(c: &Change) -> Mend {
    let sub = match c.attribute {
        "default" => match c.to.text("default") {
            Some(default) => format!("SET DEFAULT {default}"),
            None => "DROP DEFAULT".to_owned(),
        },
        "not_null" if c.to.is("not_null") => match c.to.text("not_null_name") {
            Some(name) => format!("ADD CONSTRAINT {} NOT NULL", sql::ident(name)),
            None => "SET NOT NULL".to_owned(),
        },
        "not_null_name" => {
            let name = |attrs: &Attrs| sql::ident(&not_null::name(&c.live.identity, attrs));
            format!("RENAME CONSTRAINT {} TO {}", name(c.from), name(c.to))
        }
        "not_null" => "DROP NOT NULL".to_owned(),
        _ => {
            return type_swap::swap(c, &create(c.declared, c.declared_side, &|_| true)).losing(
                c.attribute == "type"
                    && column::narrows(
                        c.from.text("type").unwrap_or_default(),
                        c.to.text("type").unwrap_or_default(),
                    ),
            );
        }
    };
    Mend::step(Phase::AlterTable, format!("ALTER DOMAIN {} {sub}", c.sql()))
}
