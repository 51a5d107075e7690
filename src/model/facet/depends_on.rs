use super::Facet;
use crate::model::mend::{Phase, Step};
use crate::model::{Attribute, Attrs, Object, fragment, sql};

/// With which extensions an object goes without being part of them: ALTER …
/// DEPENDS ON EXTENSION. Functions, triggers, indexes and materialized views
/// can.
pub static FACET: Facet = Facet {
    word: None,
    attributes: &[Attribute::error("depends_on_extensions").absent("none")],
    query: |catalogs| {
        ["pg_proc", "pg_trigger", "pg_class"].iter().any(|c| catalogs.contains(c)).then(|| {
            let only = fragment::only("d.objid");
            format!(
                "SELECT d.classid, d.objid, 0, 'depends_on_extensions',
                    json_agg(e.extname ORDER BY e.extname)::text
               FROM pg_depend d
               JOIN pg_extension e ON e.oid = d.refobjid
              WHERE d.deptype = 'x' AND d.refclassid = 'pg_extension'::regclass {only}
              GROUP BY d.classid, d.objid"
            )
        })
    },
    alter: |attribute: &str, o: &Object, from: &Attrs, to: &Attrs| {
        let what = (o.kind.sql_name)(o);
        let [from, to] = [from, to].map(|attrs| attrs.list(attribute));
        let step = |no: &str, extension: &String| {
            let extension = sql::ident(extension);
            let sql = format!("ALTER {what} {no}DEPENDS ON EXTENSION {extension}");
            Step::new(Phase::Finish, sql)
        };
        let no_more = from.iter().filter(|e| !to.contains(e)).map(|e| step("NO ", e));
        let from_now_on = to.iter().filter(|e| !from.contains(e)).map(|e| step("", e));
        no_more.chain(from_now_on).collect()
    },
};
