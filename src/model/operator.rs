use super::mend::{Change, Mend, Phase, Side, Step, Target};
use super::{
    Attribute, Identity, Kind, Object, Scope, Severity, fragment, no_parent, routine, sql,
};

pub static KIND: Kind = Kind {
    name: "operator",
    object_type: "operator",
    catalog: "pg_operator",
    letters: "",
    scope: Scope::Schema,
    sql_name: |o| format!("OPERATOR {}", signature(o)),
    query: |_| {
        format!(
            "WITH {}, {}
             SELECT ARRAY[ns.nspname, o.oprname]::text[],
                    CASE WHEN o.oprleft = 0 THEN 'NONE' ELSE format_type(o.oprleft, NULL) END
                    || ', ' || CASE WHEN o.oprright = 0 THEN 'NONE' ELSE format_type(o.oprright, NULL) END,
                    json_strip_nulls(json_build_object(
                        'function', o.oprcode::text,
                        'commutator', {},
                        'negator', {},
                        'restrict', nullif(o.oprrest::text, '-'),
                        'join', nullif(o.oprjoin::text, '-'),
                        'hashes', nullif(o.oprcanhash, false),
                        'merges', nullif(o.oprcanmerge, false)))::text, o.oid
               FROM pg_operator o
               JOIN ns ON ns.oid = o.oprnamespace
              WHERE o.oprcode <> 0 AND o.oid NOT IN (SELECT objid FROM ext) {only}",
            fragment::SCHEMAS,
            fragment::members("pg_operator"),
            other("oprcom"),
            other("oprnegate"),
            only = fragment::only("o.oid"),
        )
    },
    attributes: &[
        Attribute::error("function"),
        Attribute::warning("commutator"),
        Attribute::warning("negator"),
        Attribute::warning("restrict"),
        Attribute::warning("join"),
        Attribute::warning("hashes").absent("false"),
        Attribute::warning("merges").absent("false"),
    ],
    missing: Severity::Error,
    extra: Severity::Warning,
    drop_loses: false,
    parent: no_parent,
    create: |o, side| {
        // Tables may compute and check by it; but its function may take their rows.
        let waits =
            |f: &Object| routine::create(f, side).iter().any(|s| s.phase > Phase::DefineType);
        let phase = match function(o, side).is_some_and(waits) {
            true => Phase::CreateLateRoutine,
            false => Phase::DefineType,
        };
        vec![Step::new(phase, create(o))]
    },
    drop: |o, _| Mend::step(Phase::DropRoutine, drop(o)),
    alter: |c: &Change| match c.attribute {
        "restrict" | "join" => {
            let estimator = c.to.text(c.attribute).unwrap_or("NONE");
            let option = c.attribute.to_uppercase();
            let sql = format!("ALTER OPERATOR {} SET ({option} = {estimator})", signature(c.live));
            Mend::step(Phase::Finish, sql)
        }
        _ => {
            let used = format!("OPERATOR({})", name(c.live));
            let mut mend = Mend::default().clearing(Target::Operator(used.clone()));
            let back = routine::make_way(c, &mut mend, &used);
            let mut mend = mend
                .and(Phase::CreateLateRoutine, drop(c.live))
                .and(Phase::CreateLateRoutine, create(c.declared));
            mend.steps.extend(back);
            mend.dressed(c.declared, c.declared_side)
        }
    },
};

/// Another operator, as OPERATOR(schema.name).
fn other(column: &str) -> String {
    format!(
        "(SELECT quote_ident(n.nspname) || '.' || p.oprname FROM pg_operator p
            JOIN pg_namespace n ON n.oid = p.oprnamespace WHERE p.oid = o.{column})"
    )
}

/// The function that it calls, where that isn't the server's own.
fn function<'m>(o: &Object, side: &Side<'m>) -> Option<&'m Object> {
    let parts = sql::unquoted(o.attrs().text("function")?);
    let args = o.identity.args.as_deref().unwrap_or_default();
    let operands: Vec<&str> = args.split(", ").filter(|operand| *operand != "NONE").collect();
    side.named("function", &Identity { parts, args: Some(operands.join(", ")) })
}

/// As SQL names it: an operator is never quoted.
fn name(o: &Object) -> String {
    format!("{}.{}", sql::ident(&o.identity.parts[0]), o.identity.name())
}

fn signature(o: &Object) -> String {
    format!("{} ({})", name(o), o.identity.args.as_deref().unwrap_or_default())
}

fn create(o: &Object) -> String {
    let attrs = o.attrs();
    let mut options = vec![format!("FUNCTION = {}", attrs.text("function").unwrap_or_default())];
    let args = o.identity.args.as_deref().unwrap_or_default();
    let (left, right) = args.rsplit_once(", ").unwrap_or(("NONE", args));
    for (option, operand) in [("LEFTARG", left), ("RIGHTARG", right)] {
        if operand != "NONE" {
            options.push(format!("{option} = {operand}"));
        }
    }
    for (attribute, option) in [("commutator", "COMMUTATOR"), ("negator", "NEGATOR")] {
        if let Some(operator) = attrs.text(attribute) {
            options.push(format!("{option} = OPERATOR({operator})"));
        }
    }
    for (attribute, option) in [("restrict", "RESTRICT"), ("join", "JOIN")] {
        if let Some(estimator) = attrs.text(attribute) {
            options.push(format!("{option} = {estimator}"));
        }
    }
    for (attribute, option) in [("hashes", "HASHES"), ("merges", "MERGES")] {
        if attrs.is(attribute) {
            options.push(option.to_owned());
        }
    }
    format!("CREATE OPERATOR {} ({})", name(o), options.join(", "))
}

fn drop(o: &Object) -> String {
    format!("DROP OPERATOR IF EXISTS {}", signature(o))
}
