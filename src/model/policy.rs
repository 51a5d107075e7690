use super::mend::{Change, Mend, Phase, Step};
use super::{Attribute, Kind, Object, Scope, Severity, by_name, fragment, named_on, sql};

pub static KIND: Kind = Kind {
    name: "policy",
    object_type: "policy",
    catalog: "pg_policy",
    letters: "",
    scope: Scope::Schema,
    sql_name: named_on,
    query: |_| {
        format!(
            "{}
             SELECT ARRAY[rel.nspname, rel.relname, p.polname]::text[], NULL::text,
                    json_strip_nulls(json_build_object(
                        'command', CASE p.polcmd WHEN 'r' THEN 'select' WHEN 'a' THEN 'insert'
                             WHEN 'w' THEN 'update' WHEN 'd' THEN 'delete' ELSE 'all' END,
                        'permissive', CASE WHEN NOT p.polpermissive THEN false END,
                        'roles', (SELECT json_agg(CASE WHEN u = 0 THEN 'public' ELSE pg_get_userbyid(u) END
                                                  ORDER BY CASE WHEN u = 0 THEN 'public' ELSE pg_get_userbyid(u) END COLLATE \"C\")
                                    FROM unnest(p.polroles) u),
                        '_public', CASE WHEN p.polroles = '{{0}}' THEN true END,
                        'using', pg_get_expr(p.polqual, p.polrelid),
                        'with_check', pg_get_expr(p.polwithcheck, p.polrelid)))::text, p.oid
               FROM rel
               JOIN pg_policy p ON p.polrelid = rel.oid",
            fragment::relations("'r', 'p'")
        )
    },
    attributes: &[
        Attribute::error("command"),
        Attribute::error("permissive").absent("true"),
        Attribute::error("roles"),
        Attribute::error("using"),
        Attribute::error("with_check"),
    ],
    missing: Severity::Error,
    extra: Severity::Error,
    drop_loses: false,
    parent: by_name,
    create: |o, _| {
        let attrs = o.attrs();
        let mut text = format!(
            "CREATE POLICY {} ON {}",
            sql::ident(o.identity.name()),
            o.identity.prefix(2).sql()
        );
        if attrs.get("permissive").is_some() {
            text.push_str(" AS RESTRICTIVE");
        }
        let command = attrs.text("command").unwrap_or("all").to_uppercase();
        text.push_str(&format!(" FOR {command} TO {}", roles(o)));
        for (attribute, clause) in [("using", "USING"), ("with_check", "WITH CHECK")] {
            if let Some(expression) = attrs.text(attribute) {
                text.push_str(&format!(" {clause} ({expression})"));
            }
        }
        vec![Step::new(Phase::CreateTrigger, text).needing(Some(o.identity.prefix(2)))]
    },
    drop: |o, _| {
        Mend::step(
            Phase::DropTrigger,
            format!(
                "DROP POLICY IF EXISTS {} ON {}",
                sql::ident(o.identity.name()),
                o.identity.prefix(2).sql()
            ),
        )
    },
    alter: |c: &Change| {
        let what = format!("ALTER POLICY {} ON {}", c.name(), c.table());
        match (c.attribute, c.to.text(c.attribute)) {
            ("roles", _) => Mend::step(Phase::Finish, format!("{what} TO {}", roles(c.declared))),
            ("using", Some(expression)) => {
                Mend::step(Phase::Finish, format!("{what} USING ({expression})"))
            }
            ("with_check", Some(expression)) => {
                Mend::step(Phase::Finish, format!("{what} WITH CHECK ({expression})"))
            }
            _ => c.again(),
        }
    },
};

fn roles(o: &Object) -> String {
    let attrs = o.attrs();
    if attrs.is("_public") { "PUBLIC".to_owned() } else { sql::idents(&attrs.list("roles")) }
}
