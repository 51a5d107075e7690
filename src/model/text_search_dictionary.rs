use super::mend::{Change, Mend, Phase, Step};
use super::{Attribute, Kind, Object, Scope, Severity, fragment, named, no_parent};

pub static KIND: Kind = Kind {
    name: "text search dictionary",
    object_type: "text search dictionary",
    catalog: "pg_ts_dict",
    letters: "",
    scope: Scope::Schema,
    sql_name: named,
    query: |_| {
        format!(
            "WITH {}, {}
             SELECT ARRAY[ns.nspname, d.dictname]::text[], NULL::text,
                    json_strip_nulls(json_build_object(
                        'template', quote_ident(tn.nspname) || '.' || quote_ident(t.tmplname),
                        'options', d.dictinitoption))::text, d.oid
               FROM pg_ts_dict d
               JOIN ns ON ns.oid = d.dictnamespace
               JOIN pg_ts_template t ON t.oid = d.dicttemplate
               JOIN pg_namespace tn ON tn.oid = t.tmplnamespace
              WHERE d.oid NOT IN (SELECT objid FROM ext) {only}",
            fragment::SCHEMAS,
            fragment::members("pg_ts_dict"),
            only = fragment::only("d.oid"),
        )
    },
    attributes: &[Attribute::error("template"), Attribute::error("options")],
    missing: Severity::Error,
    extra: Severity::Warning,
    drop_loses: false,
    parent: no_parent,
    create: |o, _| vec![Step::new(Phase::CreateType, create(o))],
    drop: |o, _| Mend::step(Phase::DropType, drop(o)),
    alter: |c: &Change| match c.attribute {
        "options" => {
            let to = c.to.text("options").unwrap_or_default();
            let from = c.from.text("options").unwrap_or_default();
            // A name without a value takes the option away.
            let declared = names(to);
            let mut options: Vec<String> = names(from);
            options.retain(|name| !declared.contains(name));
            if !to.is_empty() {
                options.push(to.to_owned());
            }
            let sql = format!("ALTER TEXT SEARCH DICTIONARY {} ({})", c.sql(), options.join(", "));
            Mend::step(Phase::CreateType, sql)
        }
        _ => Mend::step(Phase::CreateType, drop(c.live))
            .and(Phase::CreateType, create(c.declared))
            .dressed(c.declared, c.declared_side),
    },
};

fn create(o: &Object) -> String {
    let attrs = o.attrs();
    let mut text = format!(
        "CREATE TEXT SEARCH DICTIONARY {} (TEMPLATE = {}",
        o.identity.sql(),
        attrs.text("template").unwrap_or_default()
    );
    if let Some(options) = attrs.text("options") {
        text.push_str(&format!(", {options}"));
    }
    text.push(')');
    text
}

fn drop(o: &Object) -> String {
    format!("DROP TEXT SEARCH DICTIONARY IF EXISTS {}", o.identity.sql())
}

/// The names in `name = 'value', other = 'value'`, as the server writes it.
fn names(options: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut rest = options;
    while let Some((name, value)) = rest.split_once(" = ") {
        names.push(name.to_owned());
        // Past the value: its quotes are doubled inside.
        let bytes = value.as_bytes();
        let mut at = value.find('\'').map_or(value.len(), |quote| quote + 1);
        while at < bytes.len() {
            if bytes[at] == b'\'' {
                if bytes.get(at + 1) == Some(&b'\'') {
                    at += 1;
                } else {
                    break;
                }
            }
            at += 1;
        }
        rest = value.get(at + 1..).unwrap_or_default().trim_start_matches([',', ' ']);
    }
    names
}

#[cfg(test)]
mod tests {
    use super::names;

    #[test]
    fn options_are_told_by_their_names() {
        assert_eq!(
            names("stopwords = 'a, b = ''c''', language = 'english'"),
            ["stopwords", "language"]
        );
        assert!(names("").is_empty());
    }
}
