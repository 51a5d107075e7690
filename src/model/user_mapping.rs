use super::mend::{Mend, Phase, Step};
use super::{Kind, Object, Scope, Severity, no_parent, sql};

/// Only whether it is there: its options hold passwords, and few may read
/// them.
pub static KIND: Kind = Kind {
    name: "user mapping",
    object_type: "user mapping",
    catalog: "pg_user_mapping",
    letters: "",
    scope: Scope::Database,
    sql_name: name,
    query: |_| {
        // As the record calls it, too. The view shows names to everybody.
        "SELECT ARRAY[CASE WHEN m.umuser = 0 THEN 'public' ELSE m.usename::text END || ' on server ' || m.srvname]::text[],
                NULL::text,
                json_build_object('_role', CASE WHEN m.umuser <> 0 THEN m.usename END, '_server', m.srvname)::text, m.umid
           FROM pg_user_mappings m"
            .to_owned()
    },
    attributes: &[],
    missing: Severity::Error,
    extra: Severity::Warning,
    drop_loses: false,
    parent: no_parent,
    create: |o, _| {
        let sql = format!("CREATE {}", name(o));
        vec![
            Step::new(Phase::CreateGround, sql),
            Step::new(
                Phase::Finish,
                "-- a user mapping's options are not known: they hold passwords",
            ),
        ]
    },
    drop: |o, _| {
        let name = name(o).replacen("USER MAPPING", "USER MAPPING IF EXISTS", 1);
        Mend::step(Phase::DropColumn, format!("DROP {name}"))
    },
    alter: |_| Mend::default(),
};

fn name(o: &Object) -> String {
    let attrs = o.attrs();
    format!(
        "USER MAPPING FOR {} SERVER {}",
        attrs.text("_role").map_or_else(|| "PUBLIC".to_owned(), sql::ident),
        sql::ident(attrs.text("_server").unwrap_or_default())
    )
}
