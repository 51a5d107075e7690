//! Who may do what. Of each grantee only what isn't so by default is kept:
//! so an object that was never granted reads as one where the default was
//! spelled out, and the owner is "its owner" whoever that is.

use std::collections::HashSet;
use std::fmt::Write as _;

use super::Facet;
use crate::model::mend::{Phase, Side, Step};
use crate::model::{Attribute, Attrs, Object, column, fragment, sql};

pub static FACET: Facet = Facet {
    word: Some("grants"),
    attributes: &[
        Attribute::error("grants").absent("default"),
        Attribute::error("column_grants").absent("none"),
        Attribute::error("sequence_grants").absent("default").within("identity"),
    ],
    query,
    alter,
};

fn query(catalogs: &HashSet<&str>) -> Option<String> {
    let of = |catalog: &'static str, owner: &str, acl: &str, of: &str, more: &str| {
        let part = format!(
            "SELECT '{catalog}'::regclass::oid AS classid, o.oid AS objid, 0 AS subid, 'grants' AS attribute,
                    NULL::name AS part, o.{owner} AS owner, o.{acl} AS acl, ({of})::\"char\" AS type
               FROM {catalog} o {more} AND o.{acl} IS NOT NULL {}",
            fragment::only("o.oid")
        );
        (catalog, part)
    };
    let parts = [
        of(
            "pg_class",
            "relowner",
            "relacl",
            "CASE o.relkind WHEN 'S' THEN 's' ELSE 'r' END",
            "JOIN ns ON ns.oid = o.relnamespace WHERE o.relkind IN ('r', 'p', 'f', 'v', 'm', 'S')",
        ),
        // Columns are objects of their own in tables only.
        ("pg_class", format!(
            "SELECT 'pg_class'::regclass::oid, c.oid,
                CASE WHEN c.relkind IN ('r', 'p', 'f') THEN a.attnum ELSE 0 END::integer,
                CASE WHEN c.relkind IN ('r', 'p', 'f') THEN 'grants' ELSE 'column_grants' END,
                CASE WHEN c.relkind IN ('r', 'p', 'f') THEN NULL ELSE a.attname END,
                c.relowner, a.attacl, 'c'::\"char\"
           FROM pg_class c JOIN ns ON ns.oid = c.relnamespace
           JOIN pg_attribute a ON a.attrelid = c.oid
          WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm') AND a.attnum > 0 AND NOT a.attisdropped
            AND a.attacl IS NOT NULL {}",
            fragment::only("c.oid")
        )),
        // The sequence of an identity is its column's.
        ("pg_class", format!(
            "SELECT 'pg_class'::regclass::oid, d.refobjid, d.refobjsubid, 'sequence_grants', NULL,
                c.relowner, c.relacl, 's'::\"char\"
           FROM pg_class c JOIN ns ON ns.oid = c.relnamespace
           JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.objsubid = 0
                           AND d.refclassid = 'pg_class'::regclass AND d.deptype = 'i'
          WHERE c.relkind = 'S' AND c.relacl IS NOT NULL {}",
            fragment::only("d.refobjid")
        )),
        of("pg_proc", "proowner", "proacl", "'f'", "JOIN ns ON ns.oid = o.pronamespace WHERE true"),
        of("pg_type", "typowner", "typacl", "'T'", "JOIN ns ON ns.oid = o.typnamespace WHERE true"),
        of("pg_namespace", "nspowner", "nspacl", "'n'", "JOIN ns ON ns.oid = o.oid WHERE true"),
        of("pg_language", "lanowner", "lanacl", "'l'", "WHERE o.oid >= 16384"),
        of("pg_foreign_data_wrapper", "fdwowner", "fdwacl", "'F'", "WHERE o.oid >= 16384"),
        of("pg_foreign_server", "srvowner", "srvacl", "'S'", "WHERE o.oid >= 16384"),
    ];
    let parts: Vec<_> = parts
        .into_iter()
        .filter(|(catalog, _)| catalogs.contains(catalog))
        .map(|(_, part)| part)
        .collect();
    if parts.is_empty() {
        return None;
    }
    Some(format!(
        // Most objects have one of a few lists: each is looked at once.
        "WITH {}, holder AS MATERIALIZED (
         SELECT o.*, o.owner || ' ' || o.acl::text AS said FROM ({}) o),
         granted AS MATERIALIZED (
         SELECT DISTINCT ON (said, type) said, type, owner, acl FROM holder), {}
         SELECT h.classid, h.objid, h.subid, h.attribute,
                CASE WHEN h.attribute <> 'column_grants' THEN (json_agg(u.list) -> 0)
                     ELSE json_object_agg(coalesce(h.part, ''), u.list ORDER BY h.part) END::text
           FROM holder h
           JOIN unusual u ON u.said = h.said AND u.type = h.type
          GROUP BY h.classid, h.objid, h.subid, h.attribute",
        fragment::SCHEMAS,
        parts.join("\n UNION ALL "),
        unusual("said, type", "acldefault(o.type, o.owner)"),
    ))
}

/// From `granted` (some key, owner, acl, type) to `unusual`: the key and the
/// list of what isn't as `usual` has it.
pub(in crate::model) fn unusual(key: &str, usual: &str) -> String {
    let both = |alias: &str| {
        let columns = key.split(", ").map(|c| format!("{alias}.{c}")).collect::<Vec<_>>();
        columns.join(", ")
    };
    let of = |acl: &str| {
        format!(
            "SELECT {key}, owner, grantee,
                    string_agg(privilege_type || CASE WHEN grantable THEN '*' ELSE '' END, ', '
                               ORDER BY privilege_type) AS privileges
               FROM (SELECT {}, o.owner, e.grantee, e.privilege_type,
                            bool_or(e.is_grantable) AND e.grantee <> o.owner AS grantable
                       FROM granted o, aclexplode({acl}) e
                      GROUP BY {}, o.owner, e.grantee, e.privilege_type) p
              GROUP BY {key}, owner, grantee",
            both("o"),
            both("o"),
        )
    };
    format!(
        "told AS (
         SELECT {key}, owner, grantee, max(held) AS held, max(usual) AS usual FROM (
             SELECT {key}, owner, grantee, privileges AS held, NULL::text AS usual FROM ({}) h
             UNION ALL
             SELECT {key}, owner, grantee, NULL, privileges FROM ({}) u) x
          GROUP BY {key}, owner, grantee),
         unusual AS (
         SELECT {key}, json_agg(coalesce(held, 'nothing') || ' TO ' || who ORDER BY who COLLATE \"C\") AS list
           FROM (SELECT told.*, CASE WHEN grantee = owner THEN 'its owner' WHEN grantee = 0 THEN 'PUBLIC'
                                     ELSE quote_ident(pg_get_userbyid(grantee)) END AS who
                   FROM told) t
          WHERE held IS DISTINCT FROM usual
          GROUP BY {key})",
        of("o.acl"),
        of(usual),
    )
}

/// One line of such a list: `SELECT, UPDATE* TO alice`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Privileges {
    grantee: String,
    plain: Vec<String>,
    grantable: Vec<String>,
}

/// Reads the lines.
fn privileges(list: &[String]) -> Vec<Privileges> {
    list.iter()
        .filter_map(|line| {
            let (held, grantee) = line.split_once(" TO ")?;
            let (mut plain, mut grantable) = (Vec::new(), Vec::new());
            for privilege in held.split(", ").filter(|p| *p != "nothing") {
                match privilege.strip_suffix('*') {
                    Some(privilege) => grantable.push(privilege.to_owned()),
                    None => plain.push(privilege.to_owned()),
                }
            }
            Some(Privileges { grantee: grantee.to_owned(), plain, grantable })
        })
        .collect()
}

impl Privileges {
    /// Statements that give this instead of what there is. `on` is what comes
    /// after the privileges, with `columns` behind each of them.
    fn give(&self, from: Option<&Privileges>, grantee: &str, what: &What) -> Vec<String> {
        let mut statements = Vec::new();
        let all = |p: &Privileges| [p.plain.clone(), p.grantable.clone()].concat();
        match from {
            Some(from) => {
                let (to, now) = (all(self), all(from));
                let gone: Vec<_> = now.iter().filter(|p| !to.contains(p)).cloned().collect();
                let kept = |p: &&String| self.plain.contains(p);
                let option: Vec<_> = from.grantable.iter().filter(kept).cloned().collect();
                statements.extend(what.revoke("", &gone, grantee));
                statements.extend(what.revoke("GRANT OPTION FOR ", &option, grantee));
                let new: Vec<_> = self.plain.iter().filter(|p| !now.contains(p)).cloned().collect();
                statements.extend(what.grant(&new, grantee, ""));
                let new = self.grantable.iter().filter(|p| !from.grantable.contains(p));
                let new: Vec<_> = new.cloned().collect();
                statements.extend(what.grant(&new, grantee, " WITH GRANT OPTION"));
            }
            None => {
                statements.extend(what.revoke("", &["ALL".to_owned()], grantee));
                statements.extend(what.grant(&self.plain, grantee, ""));
                statements.extend(what.grant(&self.grantable, grantee, " WITH GRANT OPTION"));
            }
        }
        statements
    }
}

/// What is granted on.
pub(in crate::model) struct What {
    /// `ALTER DEFAULT PRIVILEGES … `, or nothing.
    pub head: String,
    /// ` ON TABLE public.t`.
    pub on: String,
    /// ` (a)`, behind each privilege.
    pub columns: String,
    /// What PUBLIC has by default.
    pub public: Option<&'static str>,
    pub owner: String,
}

impl What {
    fn list(&self, privileges: &[String]) -> String {
        let mut text = String::new();
        for (i, privilege) in privileges.iter().enumerate() {
            let comma = if i > 0 { ", " } else { "" };
            let _ = write!(text, "{comma}{privilege}{}", self.columns);
        }
        text
    }

    fn grant(&self, privileges: &[String], to: &str, option: &str) -> Option<String> {
        let Self { head, on, .. } = self;
        let list = self.list(privileges);
        (!privileges.is_empty()).then(|| format!("{head}GRANT {list}{on} TO {to}{option}"))
    }

    fn revoke(&self, option: &str, privileges: &[String], from: &str) -> Option<String> {
        let Self { head, on, .. } = self;
        let list = self.list(privileges);
        (!privileges.is_empty()).then(|| format!("{head}REVOKE {option}{list}{on} FROM {from}"))
    }

    /// Statements that turn one list into the other.
    pub fn change(&self, from: &[String], to: &[String]) -> Vec<String> {
        let (from, to) = (privileges(from), privileges(to));
        let named = |p: &Privileges| match p.grantee.as_str() {
            "its owner" => self.owner.clone(),
            other => other.to_owned(),
        };
        let find = |list: &[Privileges], grantee: &str| {
            list.iter().find(|p| p.grantee == grantee).cloned()
        };
        let mut statements = Vec::new();
        // Back to the default.
        for was in from.iter().filter(|p| find(&to, &p.grantee).is_none()) {
            let grantee = named(was);
            let usual = match was.grantee.as_str() {
                "its owner" if self.columns.is_empty() => Some("ALL"),
                "PUBLIC" => self.public,
                _ => None,
            };
            match usual {
                Some(usual) => {
                    let none = Privileges {
                        grantable: Vec::new(),
                        plain: vec![usual.to_owned()],
                        ..was.clone()
                    };
                    statements.extend(none.give(None, &grantee, self));
                }
                None => statements.extend(self.revoke("", &["ALL".to_owned()], &grantee)),
            }
        }
        for is in &to {
            let was = find(&from, &is.grantee);
            if was.as_ref() != Some(is) {
                // Others have nothing by default.
                let none = Privileges { plain: Vec::new(), grantable: Vec::new(), ..is.clone() };
                let has = match is.grantee.as_str() {
                    "its owner" | "PUBLIC" if self.columns.is_empty() => was,
                    _ => Some(was.unwrap_or(none)),
                };
                statements.extend(is.give(has.as_ref(), &named(is), self));
            }
        }
        statements
    }
}

/// What is granted on an object as a whole.
fn on(o: &Object, owner: Option<&str>) -> What {
    let mut what = What {
        head: String::new(),
        on: String::new(),
        columns: String::new(),
        public: None,
        owner: owner.map_or_else(|| "CURRENT_USER".to_owned(), sql::ident),
    };
    let name = o.identity.sql();
    what.on = match o.kind.name {
        "table" | "view" | "materialized view" | "foreign table" => format!(" ON TABLE {name}"),
        "column" => {
            what.columns = format!(" ({})", sql::ident(o.identity.name()));
            format!(" ON TABLE {}", o.identity.prefix(2).sql())
        }
        "function" | "procedure" | "aggregate" => {
            what.public = Some("EXECUTE");
            format!(" ON ROUTINE {name}")
        }
        "enum" | "composite" | "range" | "base type" | "domain" => {
            what.public = Some("USAGE");
            format!(" ON TYPE {name}")
        }
        "language" => {
            what.public = Some("USAGE");
            format!(" ON LANGUAGE {name}")
        }
        "foreign server" => format!(" ON FOREIGN SERVER {name}"),
        "foreign data wrapper" => format!(" ON FOREIGN DATA WRAPPER {name}"),
        "sequence" => format!(" ON SEQUENCE {name}"),
        _ => format!(" ON SCHEMA {name}"),
    };
    what
}

/// What takes from a new object what default privileges may have given it when
/// it was made: by whom it will be made isn't known.
pub(super) fn not_by_default(o: &Object, side: &Side) -> Vec<Step> {
    let on_all = match o.kind.name {
        "table" | "view" | "materialized view" | "foreign table" => "tables",
        "sequence" => "sequences",
        "function" | "procedure" | "aggregate" => "functions",
        "enum" | "composite" | "range" | "base type" | "domain" => "types",
        "schema" => "schemas",
        _ => return Vec::new(),
    };
    let schema = o.identity.parts.first();
    let mut given: Vec<String> = side
        .all("default privileges")
        .filter(|d| {
            let parts = &d.identity.parts;
            parts.get(1).is_some_and(|on| on == on_all)
                && (parts.len() < 3 || parts.get(2) == schema)
        })
        .flat_map(|d| d.attrs().list("granted"))
        .filter(|line| !line.ends_with(" TO its owner"))
        .collect();
    if given.is_empty() {
        return Vec::new();
    }
    let mut attrs = o.attrs();
    // Nothing is granted on a type that is only announced.
    if o.kind.name == "base type" && attrs.get("input").is_none() {
        return Vec::new();
    }
    super::of_whole(o, &mut attrs, &[side]);
    let what = on(o, attrs.text("owner"));
    // What the owner and PUBLIC have is said whole where it is said.
    let public = attrs.list("grants").iter().any(|line| line.ends_with(" TO PUBLIC"));
    given.retain(|line| {
        let to = |grantee: &str| line.ends_with(&format!(" TO {grantee}"));
        !(to(&what.owner) || public && to("PUBLIC"))
    });
    given.sort();
    given.dedup();
    let statements = what.change(&given, &[]).into_iter();
    statements.map(|sql| Step::new(Phase::Finish, sql)).collect()
}

fn alter(attribute: &str, o: &Object, from: &Attrs, to: &Attrs) -> Vec<Step> {
    let owner = to.text("owner").or(from.text("owner"));
    let mut what = on(o, owner);
    if attribute == "sequence_grants" {
        what.columns.clear();
        what.on = format!(" ON SEQUENCE {}", column::sequence_name(&o.identity, from, to).sql());
    }
    let statements = if attribute != "column_grants" {
        let mut from = from.list(attribute);
        // What the new owner was granted before has become the owner's own.
        from.retain(|line| !line.ends_with(&format!(" TO {}", what.owner)));
        let mut statements = what.change(&from, &to.list(attribute));
        // What is revoked on a view is revoked on its columns.
        if attribute == "grants" && statements.iter().any(|s| s.starts_with("REVOKE")) {
            for column in to.differing("column_grants", &Attrs::default()) {
                what.columns = format!(" ({})", sql::ident(column));
                let list = super::super::strings(to.within("column_grants", column));
                statements.extend(what.change(&[], &list));
            }
        }
        statements
    } else {
        let mut statements = Vec::new();
        for column in to.differing(attribute, from) {
            what.columns = format!(" ({})", sql::ident(column));
            let list = |attrs: &Attrs| super::super::strings(attrs.within(attribute, column));
            statements.extend(what.change(&list(from), &list(to)));
        }
        statements
    };
    statements.into_iter().map(|sql| Step::new(Phase::Finish, sql)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(public: Option<&'static str>, from: &[&str], to: &[&str]) -> Vec<String> {
        let list = |lines: &[&str]| lines.iter().map(|l| (*l).to_owned()).collect::<Vec<_>>();
        let what = What {
            head: String::new(),
            on: " ON x".to_owned(),
            columns: String::new(),
            public,
            owner: "boss".to_owned(),
        };
        what.change(&list(from), &list(to))
    }

    #[test]
    fn one_list_becomes_the_other() {
        assert_eq!(
            change(None, &[], &["SELECT, UPDATE* TO a"]),
            ["GRANT SELECT ON x TO a", "GRANT UPDATE ON x TO a WITH GRANT OPTION"]
        );
        assert_eq!(change(None, &["SELECT TO a"], &[]), ["REVOKE ALL ON x FROM a"]);
        assert_eq!(
            change(None, &["INSERT, SELECT* TO a"], &["SELECT TO a"]),
            ["REVOKE INSERT ON x FROM a", "REVOKE GRANT OPTION FOR SELECT ON x FROM a"]
        );
        assert_eq!(
            change(None, &["SELECT TO a"], &["SELECT* TO a"]),
            ["GRANT SELECT ON x TO a WITH GRANT OPTION"]
        );
    }

    #[test]
    fn the_default_is_given_back() {
        assert_eq!(
            change(Some("EXECUTE"), &["nothing TO PUBLIC"], &[]),
            ["REVOKE ALL ON x FROM PUBLIC", "GRANT EXECUTE ON x TO PUBLIC"]
        );
        assert_eq!(
            change(Some("EXECUTE"), &[], &["nothing TO PUBLIC"]),
            ["REVOKE ALL ON x FROM PUBLIC"]
        );
        assert_eq!(
            change(None, &["SELECT TO its owner"], &[]),
            ["REVOKE ALL ON x FROM boss", "GRANT ALL ON x TO boss"]
        );
    }
}
