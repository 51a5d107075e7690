use super::mend::{Change, Mend, Phase, Step};
use super::{Attribute, Kind, Scope, Severity, foreign_table, fragment, named, no_parent, table};

pub static KIND: Kind = Kind {
    name: "foreign data wrapper",
    object_type: "foreign data wrapper",
    catalog: "pg_foreign_data_wrapper",
    letters: "",
    scope: Scope::Database,
    sql_name: named,
    query: |_| {
        format!(
            "WITH {}
             SELECT ARRAY[f.fdwname]::text[], NULL::text,
                    json_strip_nulls(json_build_object(
                        'handler', nullif(f.fdwhandler::regproc::text, '-'),
                        'validator', nullif(f.fdwvalidator::regproc::text, '-'),
                        'options', {}))::text, f.oid
               FROM pg_foreign_data_wrapper f
              WHERE f.oid NOT IN (SELECT objid FROM ext)",
            fragment::members("pg_foreign_data_wrapper"),
            fragment::sorted("f.fdwoptions")
        )
    },
    attributes: &[
        Attribute::error("handler").absent("none"),
        Attribute::error("validator").absent("none"),
        Attribute::warning("options"),
    ],
    missing: Severity::Error,
    extra: Severity::Warning,
    drop_loses: false,
    parent: no_parent,
    create: |o, _| {
        let attrs = o.attrs();
        let mut text = format!("CREATE FOREIGN DATA WRAPPER {}", o.identity.sql());
        for (attribute, word) in [("handler", "HANDLER"), ("validator", "VALIDATOR")] {
            if let Some(function) = attrs.text(attribute) {
                text.push_str(&format!(" {word} {function}"));
            }
        }
        let options = attrs.list("options");
        if !options.is_empty() {
            text.push_str(&format!(" OPTIONS ({})", table::fdw_options(&options)));
        }
        vec![Step::new(Phase::CreateGround, text)]
    },
    drop: |o, _| {
        let sql = format!("DROP FOREIGN DATA WRAPPER IF EXISTS {}", o.identity.sql());
        Mend::step(Phase::DropGround, sql)
    },
    alter: |c: &Change| {
        let what = match c.attribute {
            "options" => format!(
                "OPTIONS ({})",
                foreign_table::option_changes(&c.from.list("options"), &c.to.list("options"))
            ),
            attribute => {
                let word = attribute.to_uppercase();
                match c.to.text(attribute) {
                    Some(function) => format!("{word} {function}"),
                    None => format!("NO {word}"),
                }
            }
        };
        Mend::step(Phase::AlterTable, format!("ALTER FOREIGN DATA WRAPPER {} {what}", c.sql()))
    },
};
