use super::mend::{Change, Mend, Phase, Step};
use super::{Attribute, Kind, Object, Scope, Severity, fragment, no_parent, operator_class};

/// Its argument is the access method: `app.near(btree)`.
pub static KIND: Kind = Kind {
    name: "operator family",
    object_type: "operator family",
    catalog: "pg_opfamily",
    letters: "",
    scope: Scope::Schema,
    sql_name: |o| format!("OPERATOR FAMILY {}", operator_class::using(o)),
    query: |_| {
        format!(
            "WITH {}, {}, {}
             SELECT ARRAY[ns.nspname, f.opfname]::text[], am.amname::text,
                    json_strip_nulls(json_build_object('members', member.list))::text, f.oid
               FROM pg_opfamily f
               JOIN ns ON ns.oid = f.opfnamespace
               JOIN pg_am am ON am.oid = f.opfmethod
               LEFT JOIN member ON member.of = f.oid
              WHERE f.oid NOT IN (SELECT objid FROM ext) {only}",
            fragment::SCHEMAS,
            fragment::members("pg_opfamily"),
            operator_class::members_of("pg_opfamily"),
            only = fragment::only("f.oid"),
        )
    },
    attributes: &[Attribute::error("members").absent("none")],
    missing: Severity::Error,
    extra: Severity::Warning,
    drop_loses: false,
    parent: no_parent,
    create: |o, _| {
        let name = operator_class::using(o);
        let mut steps =
            vec![Step::new(Phase::CreateLateRoutine, format!("CREATE OPERATOR FAMILY {name}"))];
        let members = o.attrs().list("members");
        if !members.is_empty() {
            steps.push(Step::new(Phase::AlterTable, add(o, &members)));
        }
        steps
    },
    // Its classes go with it.
    drop: |o, _| {
        let name = operator_class::using(o);
        Mend::step(Phase::DropInTheWay, format!("DROP OPERATOR FAMILY IF EXISTS {name}"))
    },
    alter: |c: &Change| {
        let (to, from) = (c.to.list("members"), c.from.list("members"));
        let name = operator_class::using(c.live);
        let mut mend = Mend::default();
        let gone: Vec<String> =
            from.iter().filter(|m| !to.contains(m)).map(|m| operator_class::bare(m)).collect();
        if !gone.is_empty() {
            let sql = format!("ALTER OPERATOR FAMILY {name} DROP {}", gone.join(", "));
            mend = mend.and(Phase::AlterTable, sql);
        }
        let new: Vec<String> = to.iter().filter(|m| !from.contains(m)).cloned().collect();
        if !new.is_empty() {
            mend = mend.and(Phase::AlterTable, add(c.live, &new));
        }
        mend
    },
};

fn add(o: &Object, members: &[String]) -> String {
    format!("ALTER OPERATOR FAMILY {} ADD {}", operator_class::using(o), members.join(", "))
}
