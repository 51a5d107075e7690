use super::mend::{Change, Mend, Phase, Side, Step, Target};
use super::{
    Attribute, Kind, Object, Scope, Severity, facet, fragment, named, no_parent, rule, sql, table,
    trigger,
};

pub static KIND: Kind = Kind {
    name: "view",
    object_type: "view",
    catalog: "pg_class",
    letters: "v",
    scope: Scope::Schema,
    sql_name: named,
    query: |_| {
        format!(
            "{},
             cols AS (
             SELECT a.attrelid,
                    json_agg(quote_ident(a.attname) || ' ' || format_type(a.atttypid, a.atttypmod)
                             || CASE WHEN a.attcollation <> 0 THEN ' ' || a.attcollation ELSE '' END
                             ORDER BY a.attnum) AS list
               FROM rel JOIN pg_attribute a ON a.attrelid = rel.oid AND a.attnum > 0 AND NOT a.attisdropped
              GROUP BY a.attrelid),
             defaults AS (
             SELECT d.adrelid, json_object_agg(a.attname, pg_get_expr(d.adbin, d.adrelid) ORDER BY a.attnum) AS list
               FROM rel
               JOIN pg_attrdef d ON d.adrelid = rel.oid
               JOIN pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum
              GROUP BY d.adrelid)
             SELECT ARRAY[rel.nspname, rel.relname]::text[], NULL::text,
                    json_strip_nulls(json_build_object(
                        'definition', pg_get_viewdef(rel.oid),
                        'options', {},
                        'column_defaults', defaults.list,
                        '_columns', cols.list))::text, rel.oid
               FROM rel
               LEFT JOIN cols ON cols.attrelid = rel.oid
               LEFT JOIN defaults ON defaults.adrelid = rel.oid",
            fragment::relations("'v'"),
            fragment::sorted("rel.reloptions")
        )
    },
    attributes: &[
        Attribute::error("definition"),
        Attribute::error("options"),
        Attribute::error("column_defaults"),
    ],
    missing: Severity::Error,
    extra: Severity::Warning,
    drop_loses: false,
    parent: no_parent,
    create,
    drop,
    alter,
};

fn text(o: &Object, replace: bool) -> String {
    let attrs = o.attrs();
    let or_replace = if replace { "OR REPLACE " } else { "" };
    let options = attrs.list("options");
    let with = if options.is_empty() {
        String::new()
    } else {
        format!(" WITH ({})", sql::parameters(&options))
    };
    let definition = attrs.text("definition").unwrap_or_default();
    format!(
        "CREATE {or_replace}VIEW {}{with} AS\n{}",
        o.identity.sql(),
        definition.trim_end().trim_end_matches(';')
    )
}

fn defaults(o: &Object) -> Vec<(String, String)> {
    let attrs = o.attrs();
    let list = attrs.get("column_defaults").and_then(|v| v.as_object());
    list.into_iter()
        .flatten()
        .filter_map(|(column, default)| Some((column.clone(), default.as_str()?.to_owned())))
        .collect()
}

pub(super) fn create(o: &Object, side: &Side) -> Vec<Step> {
    let name = o.identity.sql();
    let mut steps = vec![Step::new(Phase::CreateView, text(o, false))];
    for (column, default) in defaults(o) {
        steps.push(Step::new(
            Phase::CreateView,
            format!("ALTER VIEW {name} ALTER COLUMN {} SET DEFAULT {default}", sql::ident(&column)),
        ));
    }
    for kind in [&trigger::KIND, &rule::KIND] {
        for child in side.children_of(&o.identity, kind.name) {
            steps.extend((kind.create)(child, side));
        }
    }
    steps
}

fn drop(o: &Object, _: &Side) -> Mend {
    Mend::step(Phase::DropView, format!("DROP VIEW IF EXISTS {}", o.identity.sql()))
        .clearing(Target::Relation(o.identity.clone()))
}

fn alter(c: &Change) -> Mend {
    match c.attribute {
        "options" => table::parameter_statements(&format!("ALTER VIEW {}", c.sql()), c),
        "column_defaults" => {
            let (to, from) = (defaults(c.declared), defaults(c.live));
            let mut mend = Mend::default();
            let what = format!("ALTER VIEW {} ALTER COLUMN", c.sql());
            for (column, _) in from.iter().filter(|(n, _)| !to.iter().any(|(m, _)| m == n)) {
                mend = mend
                    .and(Phase::CreateView, format!("{what} {} DROP DEFAULT", sql::ident(column)));
            }
            for (column, default) in to.iter().filter(|d| !from.contains(d)) {
                mend = mend.and(
                    Phase::CreateView,
                    format!("{what} {} SET DEFAULT {default}", sql::ident(column)),
                );
            }
            mend
        }
        _ => {
            // A view can be replaced by one that has more columns at its end.
            let (to, from) = (c.to.list("_columns"), c.from.list("_columns"));
            if to.starts_with(&from) && !from.is_empty() {
                return Mend::step(Phase::CreateView, text(c.declared, true));
            }
            let mut mend = drop(c.live, c.live_side);
            mend.steps.extend(facet::make(c.declared, c.declared_side));
            mend
        }
    }
}
