use super::mend::{Change, Mend, Phase, Side, Step, Target};
use super::{Attribute, Attrs, Identity, Kind, Object, Scope, Severity, fragment, named, sql};

pub static KIND: Kind = Kind {
    name: "sequence",
    object_type: "sequence",
    catalog: "pg_class",
    letters: "S",
    scope: Scope::Schema,
    sql_name: named,
    query,
    attributes: &[
        Attribute::error("type"),
        Attribute::warning("increment").absent("1"),
        Attribute::warning("min").absent("default"),
        Attribute::warning("max").absent("default"),
        Attribute::warning("start").absent("default"),
        Attribute::warning("cache").absent("1"),
        Attribute::warning("cycle").absent("false"),
        Attribute::warning("owned_by").absent("none"),
        Attribute::warning("persistence"),
    ],
    missing: Severity::Error,
    extra: Severity::Warning,
    // Where it stands can't be had back.
    drop_loses: true,
    parent,
    create: |o, _| {
        let mut steps = vec![create_alone(o)];
        steps.extend(owner(o));
        steps
    },
    drop: |o, _| {
        Mend::step(Phase::DropSequence, format!("DROP SEQUENCE IF EXISTS {}", o.identity.sql()))
            .clearing(Target::Relation(o.identity.clone()))
    },
    alter,
};

/// Least and greatest value of a sequence that says nothing about them.
fn bounds(alias: &str) -> (String, String, String) {
    let max = format!(
        "CASE {alias}.seqtypid WHEN 'int2'::regtype THEN 32767 WHEN 'int4'::regtype THEN 2147483647
              ELSE 9223372036854775807 END"
    );
    let least = format!("CASE WHEN {alias}.seqincrement > 0 THEN 1 ELSE - ({max}) - 1 END");
    let greatest = format!("CASE WHEN {alias}.seqincrement > 0 THEN {max} ELSE -1 END");
    let start =
        format!("CASE WHEN {alias}.seqincrement > 0 THEN {alias}.seqmin ELSE {alias}.seqmax END");
    (least, greatest, start)
}

/// The options that aren't the default for the type, as SQL text that begins
/// with a blank: ` INCREMENT BY 5 START WITH 100`.
pub(super) fn options_text(s: &str) -> String {
    let (least, greatest, start) = bounds(s);
    format!(
        "(CASE WHEN {s}.seqincrement <> 1 THEN ' INCREMENT BY ' || {s}.seqincrement ELSE '' END
         || CASE WHEN {s}.seqmin <> {least} THEN ' MINVALUE ' || {s}.seqmin ELSE '' END
         || CASE WHEN {s}.seqmax <> {greatest} THEN ' MAXVALUE ' || {s}.seqmax ELSE '' END
         || CASE WHEN {s}.seqstart <> {start} THEN ' START WITH ' || {s}.seqstart ELSE '' END
         || CASE WHEN {s}.seqcache <> 1 THEN ' CACHE ' || {s}.seqcache ELSE '' END
         || CASE WHEN {s}.seqcycle THEN ' CYCLE' ELSE '' END)"
    )
}

fn query(_: u32) -> String {
    let (least, greatest, start) = bounds("s");
    format!(
        "{},
         dep AS MATERIALIZED (
         SELECT d.objid, d.refobjid, d.refobjsubid, d.deptype
           FROM rel JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = rel.oid
                        AND d.objsubid = 0 AND d.refclassid = 'pg_class'::regclass
                        AND d.refobjsubid > 0 AND d.deptype IN ('a', 'i'))
         SELECT ARRAY[rel.nspname, rel.relname]::text[], NULL::text,
                json_strip_nulls(json_build_object(
                    'type', format_type(s.seqtypid, NULL),
                    'increment', nullif(s.seqincrement, 1),
                    'min', nullif(s.seqmin, {least}),
                    'max', nullif(s.seqmax, {greatest}),
                    'start', nullif(s.seqstart, {start}),
                    'cache', nullif(s.seqcache, 1),
                    'cycle', nullif(s.seqcycle, false),
                    'owned_by', CASE WHEN a.attname IS NOT NULL THEN json_build_object('name',
                         json_build_array(tn.nspname, t.relname, a.attname)) END,
                    'persistence', CASE rel.relpersistence WHEN 'u' THEN 'unlogged' ELSE 'permanent' END))::text, rel.oid
           FROM rel
           JOIN pg_sequence s ON s.seqrelid = rel.oid
           LEFT JOIN dep ON dep.objid = rel.oid
           LEFT JOIN pg_class t ON t.oid = dep.refobjid
           LEFT JOIN pg_namespace tn ON tn.oid = t.relnamespace
           LEFT JOIN pg_attribute a ON a.attrelid = dep.refobjid AND a.attnum = dep.refobjsubid
          WHERE dep.deptype IS DISTINCT FROM 'i'",
        fragment::relations("'S'")
    )
}

/// An owned sequence comes and goes with its table.
fn parent(o: &Object) -> Option<Identity> {
    if !o.attributes.get().contains("\"owned_by\"") {
        return None;
    }
    o.attrs().identity("owned_by").map(|column| column.prefix(2))
}

/// The sequence without its owner, which may not be there yet.
pub(super) fn create_alone(o: &Object) -> Step {
    let attrs = o.attrs();
    let unlogged = if attrs.text("persistence") == Some("unlogged") { "UNLOGGED " } else { "" };
    let mut text = format!("CREATE {unlogged}SEQUENCE {}", o.identity.sql());
    if let Some(of) = attrs.text("type").filter(|t| *t != "bigint") {
        text.push_str(&format!(" AS {of}"));
    }
    for option in ["increment", "min", "max", "start", "cache", "cycle"] {
        if attrs.get(option).is_some() {
            text.push_str(&format!(" {}", clause(option, &attrs)));
        }
    }
    Step::new(Phase::CreateSequence, text)
}

/// What ties it to its column.
pub(super) fn owner(o: &Object) -> Option<Step> {
    let column = o.attrs().identity("owned_by")?;
    Some(
        Step::new(
            Phase::OwnSequence,
            format!("ALTER SEQUENCE {} OWNED BY {}", o.identity.sql(), column.sql()),
        )
        .needing(Some(column)),
    )
}

fn clause(option: &str, to: &Attrs) -> String {
    let value = to.shown(option);
    let descending = to.get("increment").and_then(|v| v.as_i64()).is_some_and(|n| n < 0);
    match (option, value) {
        ("increment", v) => format!("INCREMENT BY {}", v.as_deref().unwrap_or("1")),
        ("min", Some(v)) => format!("MINVALUE {v}"),
        ("min", None) => "NO MINVALUE".to_owned(),
        ("max", Some(v)) => format!("MAXVALUE {v}"),
        ("max", None) => "NO MAXVALUE".to_owned(),
        ("start", Some(v)) => format!("START WITH {v}"),
        ("start", None) if descending => {
            format!("START WITH {}", to.shown("max").as_deref().unwrap_or("-1"))
        }
        ("start", None) => {
            format!("START WITH {}", to.shown("min").as_deref().unwrap_or("1"))
        }
        ("cache", v) => format!("CACHE {}", v.as_deref().unwrap_or("1")),
        ("cycle", Some(_)) => "CYCLE".to_owned(),
        ("cycle", None) => "NO CYCLE".to_owned(),
        (_, Some(v)) => format!("AS {v}"),
        (_, None) => String::new(),
    }
}

/// Options that turn one text of [`options_text`] into another.
pub(super) fn text_changes(from: &str, to: &str) -> Vec<String> {
    let parse = |text: &str| -> Attrs {
        let mut attrs = Attrs::default();
        let words: Vec<_> = text.split_whitespace().collect();
        for (i, word) in words.iter().enumerate() {
            let (name, at) = match *word {
                "INCREMENT" => ("increment", 2),
                "MINVALUE" => ("min", 1),
                "MAXVALUE" => ("max", 1),
                "START" => ("start", 2),
                "CACHE" => ("cache", 1),
                "CYCLE" => {
                    attrs.0.insert("cycle".to_owned(), true.into());
                    continue;
                }
                _ => continue,
            };
            if let Some(value) = words.get(i + at).and_then(|w| w.parse::<i64>().ok()) {
                attrs.0.insert(name.to_owned(), value.into());
            }
        }
        attrs
    };
    let (from, to) = (parse(from), parse(to));
    ["increment", "min", "max", "start", "cache", "cycle"]
        .into_iter()
        .filter(|o| from.get(o) != to.get(o))
        .map(|o| clause(o, &to))
        .collect()
}

/// Ties a sequence that is there to its column; only the table's owner's can be.
fn tie(o: &Object, there: &Object, live: &Side) -> Vec<Step> {
    let Some(tie) = owner(o) else { return Vec::new() };
    let of = |o: &Object| o.attrs().text("owner").map(str::to_owned);
    let table = |o: &Object| live.relation(&o.attrs().identity("owned_by")?.prefix(2)).and_then(of);
    let (now, to) = (of(there).or_else(|| table(there)), table(o));
    let mut steps = Vec::new();
    if now != to {
        // A table that is still to come is whose who makes it.
        let to = to.map_or_else(|| "CURRENT_USER".to_owned(), |owner| sql::ident(&owner));
        for what in ["OWNED BY NONE".to_owned(), format!("OWNER TO {to}")] {
            let sql = format!("ALTER SEQUENCE {} {what}", o.identity.sql());
            steps.push(Step::new(Phase::OwnSequence, sql));
        }
    }
    steps.push(tie);
    steps
}

/// For steps that make a table or a column: its sequence may be there.
pub(crate) fn take(made: &Object, steps: &mut Vec<Step>, live: &Side, declared: &Side) {
    let tie = |s: &Object, there: &Object| tie(s, there, live);
    taken(&made.identity.prefix(2), steps, live, declared, tie);
}

/// The same where the table is there, and is made anew: it is its maker's then,
/// until it gets its owner, and its sequences with it.
pub(super) fn take_back(table: &Identity, steps: &mut Vec<Step>, live: &Side, declared: &Side) {
    taken(table, steps, live, declared, |s, _| {
        let sql = format!("ALTER SEQUENCE {} OWNER TO CURRENT_USER", s.identity.sql());
        [Step::new(Phase::OwnSequence, sql)].into_iter().chain(owner(s)).collect()
    });
}

fn taken(
    table: &Identity,
    steps: &mut Vec<Step>,
    live: &Side,
    declared: &Side,
    tie: impl Fn(&Object, &Object) -> Vec<Step>,
) {
    for s in declared.children_of(table, KIND.name) {
        let Some(there) = live.get(s.kind, &s.identity) else { continue };
        let (create, own) = (create_alone(s), owner(s));
        steps.retain(|step| *step != create);
        if let Some(at) = steps.iter().position(|step| Some(step) == own.as_ref()) {
            steps.splice(at..=at, tie(s, there));
        }
    }
}

/// What takes a default away that draws on a sequence which goes.
pub(super) fn draw_no_more(holder: &Object) -> String {
    match holder.kind.name {
        "domain" => format!("ALTER DOMAIN {} DROP DEFAULT", holder.identity.sql()),
        _ => format!(
            "ALTER TABLE IF EXISTS ONLY {} ALTER COLUMN {} DROP DEFAULT",
            holder.identity.prefix(2).sql(),
            sql::ident(holder.identity.name())
        ),
    }
}

/// On a declared sequence that is no table's: who owns it, where the live one
/// is a table's, and with it the table's owner's.
pub(crate) const OWN_OWNER: &str = "_owner";

fn let_loose(c: &Change) -> Mend {
    let name = c.sql();
    let mend = Mend::step(Phase::OwnSequence, format!("ALTER SEQUENCE {name} OWNED BY NONE"));
    let table = c.from.identity("owned_by").and_then(|of| c.live_side.relation(&of.prefix(2)));
    let now = table.and_then(|t| t.attrs().text("owner").map(str::to_owned));
    match c.to.text(OWN_OWNER).filter(|to| now.as_deref() != Some(to)) {
        Some(owner) => {
            let owner = sql::ident(owner);
            mend.and(Phase::Owner, format!("ALTER SEQUENCE {name} OWNER TO {owner}"))
        }
        None => mend,
    }
}

fn alter(c: &Change) -> Mend {
    let name = c.sql();
    let what = match c.attribute {
        "owned_by" => match c.to.identity("owned_by") {
            Some(column) if c.live_side.relation(&column.prefix(2)).is_none() => {
                let sql = format!("-- tied when {} is made", column.prefix(2));
                return Mend::step(Phase::OwnSequence, sql);
            }
            Some(_) => return Mend::steps(tie(c.declared, c.live, c.live_side)),
            None => return let_loose(c),
        },
        "persistence" if c.to.text("persistence") == Some("unlogged") => "SET UNLOGGED".to_owned(),
        "persistence" => "SET LOGGED".to_owned(),
        option => clause(option, c.to),
    };
    Mend::step(
        if c.attribute == "owned_by" { Phase::OwnSequence } else { Phase::AlterTable },
        format!("ALTER SEQUENCE {name} {what}"),
    )
}

#[cfg(test)]
mod tests {
    use super::text_changes;

    #[test]
    fn options() {
        assert_eq!(text_changes("", "INCREMENT BY 5"), ["INCREMENT BY 5"]);
        assert_eq!(text_changes("INCREMENT BY 5 CYCLE", ""), ["INCREMENT BY 1", "NO CYCLE"]);
        assert_eq!(text_changes("START WITH 9", "MINVALUE 3"), ["MINVALUE 3", "START WITH 3"]);
        assert!(text_changes("CACHE 7", "CACHE 7").is_empty());
    }
}
