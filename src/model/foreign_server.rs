use super::mend::{Change, Mend, Phase, Step};
use super::{
    Attribute, Kind, Object, Scope, Severity, foreign_table, fragment, named, no_parent, sql, table,
};

pub static KIND: Kind = Kind {
    name: "foreign server",
    object_type: "server",
    catalog: "pg_foreign_server",
    letters: "",
    scope: Scope::Database,
    sql_name: named,
    query: |_| {
        format!(
            "WITH {}
             SELECT ARRAY[s.srvname]::text[], NULL::text,
                    json_strip_nulls(json_build_object(
                        'wrapper', f.fdwname, 'type', s.srvtype, 'version', s.srvversion,
                        'options', {}))::text, s.oid
               FROM pg_foreign_server s
               JOIN pg_foreign_data_wrapper f ON f.oid = s.srvfdw
              WHERE s.oid NOT IN (SELECT objid FROM ext)",
            fragment::members("pg_foreign_server"),
            fragment::sorted("s.srvoptions")
        )
    },
    attributes: &[
        Attribute::error("wrapper"),
        Attribute::error("type").absent("none"),
        Attribute::warning("version").absent("none"),
        Attribute::error("options"),
    ],
    missing: Severity::Error,
    extra: Severity::Warning,
    drop_loses: false,
    parent: no_parent,
    create: |o, _| vec![Step::new(Phase::CreateGround, create(o))],
    drop: |o, _| Mend::step(Phase::DropType, format!("DROP SERVER IF EXISTS {}", o.identity.sql())),
    alter: |c: &Change| {
        let what = match c.attribute {
            "options" => format!(
                "OPTIONS ({})",
                foreign_table::option_changes(&c.from.list("options"), &c.to.list("options"))
            ),
            "version" => {
                let version = c.to.text("version");
                format!("VERSION {}", version.map_or_else(|| "NULL".to_owned(), sql::literal))
            }
            // While a foreign table or a user mapping uses it the server won't let it go.
            _ => {
                return Mend::step(
                    Phase::CreateGround,
                    format!("DROP SERVER IF EXISTS {}", c.sql()),
                )
                .and(Phase::CreateGround, create(c.declared))
                .dressed(c.declared, c.declared_side);
            }
        };
        Mend::step(Phase::AlterTable, format!("ALTER SERVER {} {what}", c.sql()))
    },
};

fn create(o: &Object) -> String {
    let attrs = o.attrs();
    let mut text = format!("CREATE SERVER {}", o.identity.sql());
    for (attribute, word) in [("type", "TYPE"), ("version", "VERSION")] {
        if let Some(value) = attrs.text(attribute) {
            text.push_str(&format!(" {word} {}", sql::literal(value)));
        }
    }
    let wrapper = sql::ident(attrs.text("wrapper").unwrap_or_default());
    text.push_str(&format!(" FOREIGN DATA WRAPPER {wrapper}"));
    let options = attrs.list("options");
    if !options.is_empty() {
        text.push_str(&format!(" OPTIONS ({})", table::fdw_options(&options)));
    }
    text
}
