use super::Facet;
use crate::model::mend::{Phase, Step};
use crate::model::{Attribute, Attrs, Object, column, fragment, sql};

pub static FACET: Facet = Facet {
    word: Some("comments"),
    attributes: &[
        Attribute::info("comment").absent("none"),
        Attribute::info("column_comments").absent("none"),
        Attribute::info("index_comment").absent("none"),
        Attribute::info("constraint_comment").absent("none"),
        Attribute::info("comments_on_partitions").absent("none"),
        Attribute::info("sequence_comment").absent("none").within("identity"),
    ],
    query: |catalogs| {
        // Columns are objects of their own in tables only; the index of a
        // constraint is none at all, but on a partition the constraint is
        // none. The server's own objects come first.
        let only = fragment::only("d.objoid");
        let only_columns = fragment::only("p.refobjid");
        let only_constraints = fragment::only("con.oid");
        let only_partitions = fragment::only("con.conindid");
        let only_triggers = fragment::only("up.oid");
        let only_types = fragment::only("CASE WHEN c.relkind = 'c' THEN c.reltype ELSE c.oid END");
        // A partition's trigger is its table's, but can be spoken of by itself.
        let triggers = if catalogs.contains("pg_trigger") {
            format!(
                "\n         UNION ALL\n         {ON_PARTITIONS} {only_triggers} GROUP BY up.oid"
            )
        } else {
            String::new()
        };
        Some(format!(
            "SELECT d.classoid, d.objoid, d.objsubid, 'comment', to_json(d.description)::text
           FROM pg_description d
           LEFT JOIN pg_class c ON d.classoid = 'pg_class'::regclass AND c.oid = d.objoid
           LEFT JOIN pg_constraint con ON con.conindid = c.oid AND c.relkind IN ('i', 'I')
                                      AND con.contype IN ('p', 'u', 'x')
          WHERE (d.objoid >= 16384 OR d.classoid = 'pg_namespace'::regclass)
            -- What every new database says of public, nobody has said.
            AND NOT (d.classoid = 'pg_namespace'::regclass AND d.description = 'standard public schema')
            AND (d.objsubid = 0 OR c.relkind IN ('r', 'p', 'f')) AND (con.oid IS NULL OR c.relispartition) {only}
         UNION ALL
         SELECT CASE WHEN c.relkind = 'c' THEN 'pg_type'::regclass ELSE 'pg_class'::regclass END::oid,
                CASE WHEN c.relkind = 'c' THEN c.reltype ELSE c.oid END, 0, 'column_comments',
                json_object_agg(a.attname, d.description ORDER BY a.attnum)::text
           FROM pg_description d
           JOIN pg_class c ON c.oid = d.objoid AND c.relkind IN ('v', 'm', 'c')
           JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = d.objsubid
          WHERE d.objoid >= 16384 AND d.classoid = 'pg_class'::regclass AND d.objsubid > 0 {only_types}
          GROUP BY c.oid, c.relkind, c.reltype
         UNION ALL
         SELECT 'pg_constraint'::regclass::oid, con.oid, 0, 'index_comment', to_json(d.description)::text
           FROM pg_description d
           JOIN pg_constraint con ON con.conindid = d.objoid AND con.contype IN ('p', 'u', 'x')
          WHERE d.objoid >= 16384 AND d.classoid = 'pg_class'::regclass AND d.objsubid = 0 {only_constraints}
         UNION ALL
         SELECT 'pg_class'::regclass::oid, con.conindid, 0, 'constraint_comment', to_json(d.description)::text
           FROM pg_description d
           JOIN pg_constraint con ON con.oid = d.objoid AND con.contype IN ('p', 'u', 'x') AND con.conparentid <> 0
          WHERE d.objoid >= 16384 AND d.classoid = 'pg_constraint'::regclass {only_partitions}
         UNION ALL
         SELECT 'pg_class'::regclass::oid, p.refobjid, p.refobjsubid, 'sequence_comment', to_json(d.description)::text
           FROM pg_description d
           JOIN pg_depend p ON p.classid = 'pg_class'::regclass AND p.objid = d.objoid AND p.objsubid = 0
                           AND p.refclassid = 'pg_class'::regclass AND p.deptype = 'i'
           JOIN pg_class c ON c.oid = d.objoid AND c.relkind = 'S'
          WHERE d.objoid >= 16384 AND d.classoid = 'pg_class'::regclass {only_columns}{triggers}"
        ))
    },
    alter,
};

/// What is said of triggers on partitions, by the topmost trigger.
const ON_PARTITIONS: &str = "
         SELECT 'pg_trigger'::regclass::oid, up.oid, 0, 'comments_on_partitions',
                json_object_agg(quote_ident(n.nspname) || '.' || quote_ident(c.relname), d.description
                                ORDER BY n.nspname, c.relname)::text
           FROM pg_description d
           JOIN pg_trigger t ON t.oid = d.objoid AND t.tgparentid <> 0
           JOIN pg_class c ON c.oid = t.tgrelid
           JOIN pg_namespace n ON n.oid = c.relnamespace
          CROSS JOIN LATERAL (
                WITH RECURSIVE up AS (
                    SELECT p.oid, p.tgparentid FROM pg_trigger p WHERE p.oid = t.tgparentid
                    UNION ALL
                    SELECT p.oid, p.tgparentid FROM up JOIN pg_trigger p ON p.oid = up.tgparentid)
                SELECT oid FROM up WHERE tgparentid = 0) up
          WHERE d.objoid >= 16384 AND d.classoid = 'pg_trigger'::regclass";

fn alter(attribute: &str, o: &Object, from: &Attrs, to: &Attrs) -> Vec<Step> {
    let say = |what: &str, text: Option<&str>| {
        let text = text.map_or_else(|| "NULL".to_owned(), sql::literal);
        Step::new(Phase::Finish, format!("COMMENT ON {what} IS {text}"))
    };
    match attribute {
        "comment" => vec![say(&(o.kind.sql_name)(o), to.text(attribute))],
        "sequence_comment" => {
            let sequence = column::sequence_name(&o.identity, from, to);
            vec![say(&format!("SEQUENCE {}", sequence.sql()), to.text(attribute))]
        }
        "index_comment" => {
            let index = o.identity.beside(o.identity.name());
            vec![say(&format!("INDEX {}", index.sql()), to.text(attribute))]
        }
        "constraint_comment" => {
            let name = sql::ident(to.text("called").or(from.text("called")).unwrap_or_default());
            let what = format!("CONSTRAINT {name} ON {}", o.identity.prefix(2).sql());
            vec![say(&what, to.text(attribute))]
        }
        "comments_on_partitions" => to
            .differing(attribute, from)
            .map(|partition| {
                let text = to.within(attribute, partition).and_then(|v| v.as_str());
                let trigger = sql::ident(o.identity.name());
                say(&format!("TRIGGER {trigger} ON {partition}"), text)
            })
            .collect(),
        _ => {
            // An attribute that goes takes along what is said of it.
            let names = to.get("_names").map(|_| to.list("_names"));
            let stays = |part: &&str| names.as_ref().is_none_or(|n| n.iter().any(|n| n == part));
            to.differing(attribute, from)
                .filter(stays)
                .map(|column| {
                    let mut name = o.identity.clone();
                    name.parts.push(column.to_owned());
                    let text = to.within(attribute, column).and_then(|v| v.as_str());
                    say(&format!("COLUMN {}", name.sql()), text)
                })
                .collect()
        }
    }
}
