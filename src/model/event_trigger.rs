use super::mend::{Change, Mend, Phase, Step};
use super::{Attribute, Kind, Object, Scope, Severity, fragment, named, no_parent, sql, trigger};

pub static KIND: Kind = Kind {
    name: "event trigger",
    object_type: "event trigger",
    catalog: "pg_event_trigger",
    letters: "",
    scope: Scope::Database,
    sql_name: named,
    query: |_| {
        format!(
            "WITH {}
             SELECT ARRAY[e.evtname]::text[], NULL::text,
                    json_strip_nulls(json_build_object(
                        'event', e.evtevent,
                        'function', e.evtfoid::regproc::text,
                        'tags', CASE WHEN e.evttags IS NOT NULL THEN
                             (SELECT json_agg(t ORDER BY t COLLATE \"C\") FROM unnest(e.evttags) t) END,
                        'enabled', {}))::text, e.oid
               FROM pg_event_trigger e
              WHERE e.oid NOT IN (SELECT objid FROM ext)",
            fragment::members("pg_event_trigger"),
            trigger::state("e.evtenabled")
        )
    },
    attributes: &[
        Attribute::error("event"),
        Attribute::error("function"),
        Attribute::error("tags").absent("all"),
        Attribute::error("enabled"),
    ],
    missing: Severity::Error,
    extra: Severity::Warning,
    drop_loses: false,
    parent: no_parent,
    create: |o, _| create(o),
    drop: |o, _| Mend::step(Phase::DropTrigger, drop(o)),
    alter: |c: &Change| match c.attribute {
        "enabled" => {
            let state = c.to.text("enabled").unwrap_or("origin");
            Mend::step(Phase::Finish, enable(c.live, state))
        }
        _ => {
            let mut mend = Mend::step(Phase::CreateTrigger, drop(c.live));
            mend.steps.extend(create(c.declared));
            mend.dressed(c.declared, c.declared_side)
        }
    },
};

fn create(o: &Object) -> Vec<Step> {
    let attrs = o.attrs();
    let mut text = format!(
        "CREATE EVENT TRIGGER {} ON {}",
        o.identity.sql(),
        attrs.text("event").unwrap_or_default()
    );
    let tags: Vec<String> = attrs.list("tags").iter().map(|t| sql::literal(t)).collect();
    if !tags.is_empty() {
        text.push_str(&format!(" WHEN TAG IN ({})", tags.join(", ")));
    }
    text.push_str(&format!(" EXECUTE FUNCTION {}()", attrs.text("function").unwrap_or_default()));
    let mut steps = vec![Step::new(Phase::CreateTrigger, text)];
    if let Some(state) = attrs.text("enabled").filter(|s| *s != "origin") {
        steps.push(Step::new(Phase::Finish, enable(o, state)));
    }
    steps
}

fn enable(o: &Object, state: &str) -> String {
    let verb = trigger::verb(state, "");
    format!("ALTER EVENT TRIGGER {} {}", o.identity.sql(), verb.trim_end())
}

fn drop(o: &Object) -> String {
    format!("DROP EVENT TRIGGER IF EXISTS {}", o.identity.sql())
}
