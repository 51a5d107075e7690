use super::mend::{Change, Mend, Phase, Step, Target};
use super::{Attribute, Kind, Object, Scope, Severity, fragment, no_parent, sql};

pub static KIND: Kind = Kind {
    name: "aggregate",
    object_type: "aggregate",
    catalog: "pg_proc",
    letters: "a",
    scope: Scope::Schema,
    sql_name: |o| format!("AGGREGATE {}", signature(o)),
    query,
    attributes: &[
        Attribute::error("arguments"),
        Attribute::error("kind"),
        Attribute::error("sfunc"),
        Attribute::error("stype"),
        Attribute::warning("sspace"),
        Attribute::error("finalfunc"),
        Attribute::error("finalfunc_extra").absent("false"),
        Attribute::error("finalfunc_modify"),
        Attribute::error("combinefunc"),
        Attribute::error("serialfunc"),
        Attribute::error("deserialfunc"),
        Attribute::error("initcond"),
        Attribute::error("msfunc"),
        Attribute::error("minvfunc"),
        Attribute::error("mstype"),
        Attribute::warning("msspace"),
        Attribute::error("mfinalfunc"),
        Attribute::error("mfinalfunc_extra").absent("false"),
        Attribute::error("mfinalfunc_modify"),
        Attribute::error("minitcond"),
        Attribute::warning("sortop"),
        Attribute::warning("parallel"),
    ],
    missing: Severity::Error,
    extra: Severity::Warning,
    drop_loses: false,
    parent: no_parent,
    create: |o, _| vec![Step::new(Phase::CreateLateRoutine, definition(o, false))],
    drop: |o, _| {
        Mend::step(Phase::DropRoutine, format!("DROP AGGREGATE IF EXISTS {}", signature(o)))
            .clearing(Target::Routine(o.identity.clone()))
    },
    alter: |c: &Change| {
        let same = ["arguments", "kind", "stype"].iter().all(|a| c.to.get(a) == c.from.get(a));
        if same && c.to.get("finalfunc") == c.from.get("finalfunc") {
            return Mend::step(Phase::CreateLateRoutine, definition(c.declared, true));
        }
        let mut mend = (KIND.drop)(c.live, c.live_side);
        for step in &mut mend.steps {
            step.phase = Phase::CreateLateRoutine;
        }
        mend.and(Phase::CreateLateRoutine, definition(c.declared, false))
            .dressed(c.declared, c.declared_side)
    },
};

fn query(_: u32) -> String {
    let function = |column: &str| format!("CASE WHEN g.{column} <> 0 THEN g.{column}::text END");
    let modify = |column: &str, given: &str| {
        format!(
            "CASE WHEN g.{given} <> 0 THEN CASE g.{column} WHEN 'r' THEN 'read_only'
                  WHEN 's' THEN 'shareable' WHEN 'w' THEN 'read_write' END END"
        )
    };
    format!(
        "WITH {}, {}
         SELECT ARRAY[ns.nspname, p.proname]::text[], oidvectortypes(p.proargtypes),
                json_strip_nulls(json_build_object(
                    'arguments', nullif(pg_get_function_identity_arguments(p.oid), ''),
                    'kind', CASE g.aggkind WHEN 'o' THEN 'ordered set' WHEN 'h' THEN 'hypothetical set' ELSE 'normal' END,
                    'sfunc', {},
                    'stype', format_type(g.aggtranstype, NULL),
                    'sspace', nullif(g.aggtransspace, 0),
                    'finalfunc', {},
                    'finalfunc_extra', nullif(g.aggfinalextra, false),
                    'finalfunc_modify', {},
                    'combinefunc', {},
                    'serialfunc', {},
                    'deserialfunc', {},
                    'initcond', g.agginitval,
                    'msfunc', {},
                    'minvfunc', {},
                    'mstype', CASE WHEN g.aggmtranstype <> 0 THEN format_type(g.aggmtranstype, NULL) END,
                    'msspace', nullif(g.aggmtransspace, 0),
                    'mfinalfunc', {},
                    'mfinalfunc_extra', nullif(g.aggmfinalextra, false),
                    'mfinalfunc_modify', {},
                    'minitcond', g.aggminitval,
                    'sortop', CASE WHEN g.aggsortop <> 0 THEN
                         (SELECT quote_ident(n.nspname) || '.' || o.oprname FROM pg_operator o
                            JOIN pg_namespace n ON n.oid = o.oprnamespace WHERE o.oid = g.aggsortop) END,
                    'parallel', CASE p.proparallel WHEN 's' THEN 'safe' WHEN 'r' THEN 'restricted' ELSE 'unsafe' END))::text, p.oid
           FROM pg_aggregate g
           JOIN pg_proc p ON p.oid = g.aggfnoid
           JOIN ns ON ns.oid = p.pronamespace
          WHERE p.oid NOT IN (SELECT objid FROM ext) {only}",
        fragment::SCHEMAS,
        fragment::members("pg_proc"),
        function("aggtransfn"),
        function("aggfinalfn"),
        modify("aggfinalmodify", "aggfinalfn"),
        function("aggcombinefn"),
        function("aggserialfn"),
        function("aggdeserialfn"),
        function("aggmtransfn"),
        function("aggminvtransfn"),
        function("aggmfinalfn"),
        modify("aggmfinalmodify", "aggmfinalfn"),
        only = fragment::only("p.oid"),
    )
}

/// Name and arguments; an aggregate without any takes a star.
fn signature(o: &Object) -> String {
    let attrs = o.attrs();
    format!("{}({})", sql::qualified(&o.identity.parts), attrs.text("arguments").unwrap_or("*"))
}

fn definition(o: &Object, replace: bool) -> String {
    let attrs = o.attrs();
    let mut options = Vec::new();
    for name in [
        "sfunc",
        "stype",
        "sspace",
        "finalfunc",
        "finalfunc_modify",
        "combinefunc",
        "serialfunc",
        "deserialfunc",
        "msfunc",
        "minvfunc",
        "mstype",
        "msspace",
        "mfinalfunc",
        "mfinalfunc_modify",
        "parallel",
    ] {
        if let Some(value) = attrs.shown(name) {
            options.push(format!("{name} = {value}"));
        }
    }
    for name in ["initcond", "minitcond"] {
        if let Some(value) = attrs.text(name) {
            options.push(format!("{name} = {}", sql::literal(value)));
        }
    }
    if let Some(operator) = attrs.text("sortop") {
        options.push(format!("sortop = OPERATOR({operator})"));
    }
    for name in ["finalfunc_extra", "mfinalfunc_extra"] {
        if attrs.is(name) {
            options.push(name.to_owned());
        }
    }
    if attrs.text("kind") == Some("hypothetical set") {
        options.push("hypothetical".to_owned());
    }
    format!(
        "CREATE {}AGGREGATE {} (\n    {}\n)",
        if replace { "OR REPLACE " } else { "" },
        signature(o),
        options.join(",\n    ")
    )
}
