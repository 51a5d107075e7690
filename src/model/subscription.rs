use super::mend::{Change, Mend, Phase, Step};
use super::{Attribute, Kind, Scope, Severity, named, no_parent, sql};

/// Where it connects to is not read: that holds a password, and only
/// superusers may see it. Nor can a script make or drop one: both act on the
/// other server too.
pub static KIND: Kind = Kind {
    name: "subscription",
    object_type: "subscription",
    catalog: "pg_subscription",
    letters: "",
    scope: Scope::Database,
    sql_name: named,
    query,
    attributes: &[
        Attribute::error("publications"),
        Attribute::error("enabled").absent("false"),
        Attribute::error("slot_name").absent("none"),
        Attribute::warning("binary").absent("false"),
        Attribute::warning("streaming").absent("off"),
        Attribute::warning("synchronous_commit"),
        Attribute::warning("two_phase").absent("false"),
        Attribute::warning("disable_on_error").absent("false"),
        Attribute::error("origin"),
        Attribute::warning("password_required").absent("true"),
        Attribute::warning("run_as_owner").absent("false"),
        Attribute::warning("failover").absent("false"),
    ],
    missing: Severity::Error,
    extra: Severity::Warning,
    drop_loses: false,
    parent: no_parent,
    create: |o, _| {
        let text = format!(
            "-- subscription {} has to be made by hand: where it connects to is not known",
            o.identity
        );
        vec![Step::new(Phase::Finish, text)]
    },
    drop: |o, _| {
        Mend::comment(&format!(
            "subscription {} has to be dropped by hand: that acts on the other server too",
            o.identity
        ))
    },
    alter,
};

fn query(server: u32) -> String {
    let streaming = if server >= 16 {
        "CASE s.substream WHEN 't' THEN 'on' WHEN 'p' THEN 'parallel' END"
    } else {
        "CASE WHEN s.substream THEN 'on' END"
    };
    let from_16 = if server >= 16 {
        "'origin', s.suborigin,
         'password_required', CASE WHEN NOT s.subpasswordrequired THEN false END,
         'run_as_owner', nullif(s.subrunasowner, false),"
    } else {
        ""
    };
    let from_17 = if server >= 17 { "'failover', nullif(s.subfailover, false)," } else { "" };
    format!(
        "SELECT ARRAY[s.subname]::text[], NULL::text,
                json_strip_nulls(json_build_object(
                    'publications', (SELECT json_agg(p ORDER BY p COLLATE \"C\") FROM unnest(s.subpublications) p),
                    'enabled', nullif(s.subenabled, false),
                    'slot_name', s.subslotname,
                    'binary', nullif(s.subbinary, false),
                    'streaming', {streaming},
                    'synchronous_commit', s.subsynccommit,
                    'two_phase', nullif(s.subtwophasestate <> 'd', false),
                    {from_16} {from_17}
                    'disable_on_error', nullif(s.subdisableonerr, false)))::text, s.oid
           FROM pg_subscription s
          WHERE s.subdbid = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())"
    )
}

fn alter(c: &Change) -> Mend {
    let what = match c.attribute {
        "publications" => {
            let names = sql::idents(&c.to.list("publications"));
            format!("SET PUBLICATION {names} WITH (refresh = false)")
        }
        "enabled" if c.to.is("enabled") => "ENABLE".to_owned(),
        "enabled" => "DISABLE".to_owned(),
        attribute => {
            let absent =
                KIND.attributes.iter().find(|a| a.name == attribute).and_then(|a| a.absent);
            let value = c.to.shown(attribute).or(absent.map(str::to_owned)).unwrap_or_default();
            let none = attribute == "slot_name" && c.to.get(attribute).is_none();
            let value = if none { "NONE".to_owned() } else { sql::literal(&value) };
            format!("SET ({attribute} = {value})")
        }
    };
    Mend::step(Phase::Finish, format!("ALTER SUBSCRIPTION {} {what}", c.sql()))
}
