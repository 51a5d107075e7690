use super::mend::{Change, Mend, Phase, Step};
use super::{Attribute, Kind, Object, Scope, Severity, fragment, named, no_parent};

pub static KIND: Kind = Kind {
    name: "language",
    object_type: "language",
    catalog: "pg_language",
    letters: "",
    scope: Scope::Database,
    sql_name: named,
    query: |_| {
        format!(
            "WITH {}
             SELECT ARRAY[l.lanname]::text[], NULL::text,
                    json_strip_nulls(json_build_object(
                        'handler', nullif(l.lanplcallfoid::regproc::text, '-'),
                        'inline', nullif(l.laninline::regproc::text, '-'),
                        'validator', nullif(l.lanvalidator::regproc::text, '-'),
                        'trusted', nullif(l.lanpltrusted, false)))::text, l.oid
               FROM pg_language l
              WHERE l.oid >= 16384 AND l.oid NOT IN (SELECT objid FROM ext)",
            fragment::members("pg_language")
        )
    },
    attributes: &[
        Attribute::error("handler"),
        Attribute::error("inline"),
        Attribute::error("validator"),
        Attribute::error("trusted").absent("false"),
    ],
    missing: Severity::Error,
    extra: Severity::Warning,
    drop_loses: false,
    parent: no_parent,
    create: |o, _| vec![Step::new(Phase::CreateRoutine, create(o, ""))],
    drop: |o, _| {
        Mend::step(Phase::DropRoutine, format!("DROP LANGUAGE IF EXISTS {}", o.identity.sql()))
    },
    alter: |c: &Change| Mend::step(Phase::CreateRoutine, create(c.declared, "OR REPLACE ")),
};

fn create(o: &Object, replace: &str) -> String {
    let attrs = o.attrs();
    let trusted = if attrs.is("trusted") { "TRUSTED " } else { "" };
    let mut text = format!("CREATE {replace}{trusted}LANGUAGE {}", o.identity.sql());
    for (attribute, word) in
        [("handler", "HANDLER"), ("inline", "INLINE"), ("validator", "VALIDATOR")]
    {
        if let Some(function) = attrs.text(attribute) {
            text.push_str(&format!(" {word} {function}"));
        }
    }
    text
}
