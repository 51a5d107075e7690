use super::mend::{Change, Mend, Phase, Step};
use super::{
    Attribute, Attrs, Identity, Kind, Object, Scope, Severity, fragment, named, no_parent, sql,
};

/// A type of its own input and output functions, and a type that is only
/// announced (a "shell").
pub static KIND: Kind = Kind {
    name: "base type",
    object_type: "type",
    catalog: "pg_type",
    letters: "bp",
    scope: Scope::Schema,
    sql_name: named,
    query,
    attributes: &[
        Attribute::error("input").absent("not defined"),
        Attribute::error("output").absent("not defined"),
        Attribute::error("receive").absent("none"),
        Attribute::error("send").absent("none"),
        Attribute::error("typmod_in").absent("none"),
        Attribute::error("typmod_out").absent("none"),
        Attribute::error("analyze").absent("none"),
        Attribute::error("subscript").absent("none"),
        Attribute::error("internallength").absent("variable"),
        Attribute::error("passedbyvalue").absent("false"),
        Attribute::error("alignment"),
        Attribute::error("storage"),
        Attribute::error("category"),
        Attribute::error("preferred").absent("false"),
        Attribute::error("default").absent("none"),
        Attribute::error("element").absent("none"),
        Attribute::error("delimiter"),
        Attribute::error("collatable").absent("false"),
    ],
    missing: Severity::Error,
    extra: Severity::Warning,
    drop_loses: true,
    parent: no_parent,
    create: |o, _| {
        // Its functions need its name, and it needs its functions.
        let mut steps =
            vec![Step::new(Phase::CreateType, format!("CREATE TYPE {}", o.identity.sql()))];
        let attrs = o.attrs();
        if attrs.get("input").is_some() {
            let mut define = Step::new(Phase::DefineType, definition(o, &attrs));
            define.needs = last_function(&attrs);
            steps.push(define);
        }
        steps
    },
    // With its functions, which can't go before it.
    drop: |o, _| {
        let sql = format!("DROP TYPE IF EXISTS {} CASCADE", o.identity.sql());
        Mend::step(Phase::DropInTheWay, sql)
    },
    alter,
};

fn query(_: u32) -> String {
    format!(
        "WITH {}, {}
         SELECT ARRAY[ns.nspname, t.typname]::text[], NULL::text,
                CASE WHEN NOT t.typisdefined THEN '{{}}' ELSE
                json_strip_nulls(json_build_object(
                    'input', t.typinput::regproc::text,
                    'output', t.typoutput::regproc::text,
                    'receive', nullif(t.typreceive::regproc::text, '-'),
                    'send', nullif(t.typsend::regproc::text, '-'),
                    'typmod_in', nullif(t.typmodin::regproc::text, '-'),
                    'typmod_out', nullif(t.typmodout::regproc::text, '-'),
                    'analyze', nullif(t.typanalyze::regproc::text, '-'),
                    'subscript', nullif(t.typsubscript::regproc::text, '-'),
                    'internallength', CASE WHEN t.typlen > 0 THEN t.typlen END,
                    'passedbyvalue', nullif(t.typbyval, false),
                    'alignment', CASE t.typalign WHEN 'c' THEN 'char' WHEN 's' THEN 'int2' WHEN 'd' THEN 'double' ELSE 'int4' END,
                    'storage', CASE t.typstorage WHEN 'p' THEN 'plain' WHEN 'e' THEN 'external' WHEN 'm' THEN 'main' ELSE 'extended' END,
                    'category', t.typcategory,
                    'preferred', nullif(t.typispreferred, false),
                    'default', t.typdefault,
                    'element', CASE WHEN t.typelem <> 0 THEN format_type(t.typelem, NULL) END,
                    'delimiter', t.typdelim,
                    'collatable', nullif(t.typcollation <> 0, false),
                    '_last_function', (
                        SELECT json_build_object('name', json_build_array(n.nspname, p.proname, oidvectortypes(p.proargtypes)))
                          FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
                         WHERE p.oid IN (t.typinput, t.typoutput, t.typreceive, t.typsend, t.typmodin, t.typmodout,
                                         t.typanalyze, t.typsubscript)
                         ORDER BY n.nspname DESC, p.proname DESC LIMIT 1)))::text END, t.oid
           FROM pg_type t
           JOIN ns ON ns.oid = t.typnamespace
           -- The arrays of other types come with those.
          WHERE t.typtype IN ('b', 'p') AND NOT EXISTS (SELECT FROM pg_type e WHERE e.typarray = t.oid)
            AND t.oid NOT IN (SELECT objid FROM ext) {only}",
        fragment::SCHEMAS,
        fragment::members("pg_type"),
            only = fragment::only("t.oid"),
        )
}

/// Its functions are made one after the other: this one last.
fn last_function(attrs: &Attrs) -> Option<Identity> {
    let mut function = attrs.identity("_last_function")?;
    function.args = function.parts.pop();
    Some(function)
}

fn definition(o: &Object, attrs: &Attrs) -> String {
    let mut options = Vec::new();
    for attribute in KIND.attributes {
        let Some(value) = attrs.shown(attribute.name) else {
            continue;
        };
        options.push(match attribute.name {
            "passedbyvalue" => "PASSEDBYVALUE".to_owned(),
            "category" | "default" | "delimiter" => {
                format!("{} = {}", attribute.name.to_uppercase(), sql::literal(&value))
            }
            name => format!("{} = {value}", name.to_uppercase()),
        });
    }
    format!("CREATE TYPE {} (\n    {}\n)", o.identity.sql(), options.join(",\n    "))
}

fn alter(c: &Change) -> Mend {
    const ALTERABLE: [&str; 7] =
        ["receive", "send", "typmod_in", "typmod_out", "analyze", "subscript", "storage"];
    if c.from.get("input").is_none() && c.to.get("input").is_some() {
        return Mend::step(Phase::DefineType, definition(c.declared, c.to));
    }
    let value = c.to.text(c.attribute).unwrap_or("NONE");
    // The server takes no type back to plain storage: values may be compressed.
    if ALTERABLE.contains(&c.attribute) && (c.attribute, value) != ("storage", "plain") {
        let option = c.attribute.to_uppercase();
        let sql = format!("ALTER TYPE {} SET ({option} = {value})", c.sql());
        return Mend::step(Phase::AlterTable, sql);
    }
    Mend::comment(&format!(
        "the type {} can't be altered in this: it has to be made anew with all that uses it",
        c.live.identity
    ))
}
