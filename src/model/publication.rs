use super::mend::{Change, Mend, Phase, Step};
use super::{Attribute, Attrs, Kind, Object, Scope, Severity, fragment, named, no_parent, sql};

pub static KIND: Kind = Kind {
    name: "publication",
    object_type: "publication",
    catalog: "pg_publication",
    letters: "",
    scope: Scope::Database,
    sql_name: named,
    query,
    attributes: &[
        Attribute::error("all_tables").absent("false"),
        Attribute::error("tables").absent("none").within("all_tables"),
        Attribute::error("publish"),
        Attribute::error("via_partition_root").absent("false"),
        Attribute::error("generated_columns").absent("none"),
    ],
    missing: Severity::Error,
    extra: Severity::Warning,
    drop_loses: false,
    parent: no_parent,
    create: |o, _| vec![Step::new(Phase::CreateTrigger, create(o))],
    drop: |o, _| Mend::step(Phase::DropView, drop(o)),
    alter,
};

fn query(server: u32) -> String {
    let generated =
        if server >= 18 { "CASE p.pubgencols WHEN 's' THEN 'stored' END" } else { "NULL::text" };
    format!(
        "WITH {},
         part AS (
         SELECT r.prpubid AS pub, 'TABLE ONLY ' || quote_ident(n.nspname) || '.' || quote_ident(c.relname)
                || CASE WHEN r.prattrs IS NOT NULL THEN
                        (SELECT ' (' || string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) || ')'
                           FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum = ANY (r.prattrs)) ELSE '' END
                || CASE WHEN r.prqual IS NOT NULL THEN ' WHERE (' || pg_get_expr(r.prqual, c.oid) || ')' ELSE '' END AS text
           FROM pg_publication_rel r
           JOIN pg_class c ON c.oid = r.prrelid
           JOIN pg_namespace n ON n.oid = c.relnamespace
         UNION ALL
         SELECT s.pnpubid, 'TABLES IN SCHEMA ' || quote_ident(n.nspname)
           FROM pg_publication_namespace s JOIN pg_namespace n ON n.oid = s.pnnspid)
         SELECT ARRAY[p.pubname]::text[], NULL::text,
                json_strip_nulls(json_build_object(
                    'all_tables', nullif(p.puballtables, false),
                    'tables', (SELECT json_agg(part.text ORDER BY part.text COLLATE \"C\") FROM part WHERE part.pub = p.oid),
                    'publish', concat_ws(', ', CASE WHEN p.pubinsert THEN 'insert' END, CASE WHEN p.pubupdate THEN 'update' END,
                                         CASE WHEN p.pubdelete THEN 'delete' END, CASE WHEN p.pubtruncate THEN 'truncate' END),
                    'via_partition_root', nullif(p.pubviaroot, false),
                    'generated_columns', {generated}))::text, p.oid
           FROM pg_publication p
          WHERE p.oid NOT IN (SELECT objid FROM ext)",
        fragment::members("pg_publication")
    )
}

fn option(attribute: &str, attrs: &Attrs) -> String {
    match attribute {
        "publish" => {
            format!("publish = {}", sql::literal(attrs.text("publish").unwrap_or_default()))
        }
        "via_partition_root" => {
            format!("publish_via_partition_root = {}", attrs.is("via_partition_root"))
        }
        _ => format!(
            "publish_generated_columns = {}",
            attrs.text("generated_columns").unwrap_or("none")
        ),
    }
}

fn create(o: &Object) -> String {
    let attrs = o.attrs();
    let mut text = format!("CREATE PUBLICATION {}", o.identity.sql());
    let tables = attrs.list("tables");
    if attrs.is("all_tables") {
        text.push_str(" FOR ALL TABLES");
    } else if !tables.is_empty() {
        text.push_str(&format!(" FOR {}", tables.join(", ")));
    }
    let mut options = vec![option("publish", &attrs)];
    for attribute in ["via_partition_root", "generated_columns"] {
        if attrs.get(attribute).is_some() {
            options.push(option(attribute, &attrs));
        }
    }
    format!("{text} WITH ({})", options.join(", "))
}

fn drop(o: &Object) -> String {
    format!("DROP PUBLICATION IF EXISTS {}", o.identity.sql())
}

fn alter(c: &Change) -> Mend {
    let what = format!("ALTER PUBLICATION {}", c.sql());
    match c.attribute {
        "all_tables" => Mend::step(Phase::CreateTrigger, drop(c.live))
            .and(Phase::CreateTrigger, create(c.declared))
            .dressed(c.declared, c.declared_side),
        "tables" => {
            let to = c.to.list("tables");
            if !to.is_empty() {
                return Mend::step(Phase::CreateTrigger, format!("{what} SET {}", to.join(", ")));
            }
            // Columns and conditions have no place in DROP.
            let from = c.from.list("tables");
            let bare = from.iter().map(|t| match t.strip_prefix("TABLE ONLY ") {
                Some(name) => format!("TABLE ONLY {}", sql::pairs(name).first().unwrap_or(&name)),
                None => t.clone(),
            });
            let bare: Vec<_> = bare.collect();
            Mend::step(Phase::CreateTrigger, format!("{what} DROP {}", bare.join(", ")))
        }
        attribute => {
            Mend::step(Phase::CreateTrigger, format!("{what} SET ({})", option(attribute, c.to)))
        }
    }
}
