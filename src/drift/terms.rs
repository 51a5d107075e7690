//! On what terms a declaration is compared: what of it counts, what it leaves
//! to others, and what it says nothing of.

use std::collections::HashSet;

use crate::model::facet::{self, Facet};
use crate::model::like::like;
use crate::model::mend::Side;
use crate::model::{Attrs, Identity, Model, Object, Scope, sequence};

use super::Difference;

/// What `declare(…, compare => …)` can name.
pub const WORDS: [&str; 4] = ["comments", "column_order", "owners", "grants"];

/// What is compared where nothing else is asked for: what migrations say.
/// Owners and grants are mostly given by whoever runs them.
pub const DEFAULT: [&str; 2] = ["comments", "column_order"];

/// The same for a Prisma schema: where a field stands in it says nothing of
/// the order of columns, to which Prisma itself only ever appends.
pub const DEFAULT_OF_PRISMA: [&str; 1] = ["comments"];

/// What a declaration is compared by, besides the structure, and which
/// objects it doesn't manage.
#[derive(Clone, Debug)]
pub struct Terms {
    words: Vec<String>,
    unmanaged: Vec<Vec<String>>,
    by_prisma: bool,
}

impl Terms {
    /// From the words and patterns that were declared; the error says which of
    /// them means nothing.
    pub fn new(words: &[String], unmanaged: &[String]) -> Result<Terms, String> {
        if let Some(word) = words.iter().find(|w| !WORDS.contains(&w.as_str())) {
            return Err(format!("compare knows no \"{word}\": it can name {}", WORDS.join(", ")));
        }
        let unmanaged = unmanaged.iter().map(|p| pattern(p)).collect::<Result<_, _>>()?;
        Ok(Terms { words: words.to_vec(), unmanaged, by_prisma: false })
    }

    /// The same terms for a schema that Prisma declares.
    pub fn by_prisma(self, yes: bool) -> Terms {
        Terms { by_prisma: yes, ..self }
    }

    /// Whether the schema is one that Prisma declares.
    pub fn is_by_prisma(&self) -> bool {
        self.by_prisma
    }

    fn compares(&self, word: &str) -> bool {
        self.words.iter().any(|w| w == word)
    }

    /// Whether a facet is compared.
    pub fn counts(&self, facet: &Facet) -> bool {
        facet.word.is_none_or(|word| self.compares(word))
    }

    /// Leaves out what isn't compared: objects that aren't managed, and kinds
    /// of the whole database of which nothing is declared. What the declared
    /// side says nothing of is as it is live, so that what has to be made
    /// anew gets it back.
    fn apply(&self, declared: &mut Model, live: &mut Model) {
        if self.by_prisma {
            super::prisma::leave_history(declared, live);
        }
        let kinds = kinds(declared);
        self.narrow(declared, &kinds);
        self.narrow(live, &kinds);
        self.adopt(declared, live);
    }

    /// Makes a model comparable with another one that `apply` has dealt with.
    pub fn liken(&self, model: &mut Model, like: &Model, declared: &Model) {
        if self.by_prisma {
            super::prisma::leave_history(declared, model);
        }
        self.narrow(model, &kinds(declared));
        self.adopt(model, like);
    }

    fn narrow(&self, model: &mut Model, kinds: &HashSet<&str>) {
        model.objects.retain(|o| {
            let counts = match o.kind.name {
                "default privileges" => self.compares("grants"),
                _ => o.kind.scope == Scope::Schema || kinds.contains(o.kind.name),
            };
            counts && !self.is_unmanaged(o)
        });
    }

    /// Whether an object is one that the declaration manages.
    pub fn manages(&self, object: &Object) -> bool {
        !self.is_unmanaged(object)
    }

    fn is_unmanaged(&self, object: &Object) -> bool {
        !self.unmanaged.is_empty()
            && (self.leaves_out(&object.identity)
                || (object.kind.parent)(object).is_some_and(|p| self.leaves_out(&p)))
    }

    fn leaves_out(&self, identity: &Identity) -> bool {
        self.unmanaged.iter().any(|pattern| {
            pattern.len() <= identity.parts.len()
                && pattern.iter().zip(&identity.parts).all(|(p, part)| like(part, p))
        })
    }

    /// Gives one model what isn't compared of another.
    fn adopt(&self, to: &mut Model, from: &Model) {
        let counterparts = Side::new(from).counterparts(&to.objects);
        for (object, other) in to.objects.iter_mut().zip(counterparts) {
            let other = other.map(|at| &from.objects[at]);
            if other.is_some_and(|o| o.attributes == object.attributes) {
                continue;
            }
            let texts = [Some(&*object), other];
            let concerned = object.kind.name == "extension"
                || facet::FACETS.iter().any(|f| {
                    (!self.counts(f) || f.word == Some("owners"))
                        && f.attributes.iter().any(|a| {
                            texts.iter().flatten().any(|o| o.attributes.get().contains(a.name))
                        })
                });
            if concerned {
                let mut attrs = object.attrs();
                let from = other.map(Object::attrs);
                self.silence(object, &mut attrs, from.as_ref());
                object.set(attrs);
            }
        }
    }

    fn silence(&self, object: &Object, to: &mut Attrs, from: Option<&Attrs>) {
        let (there, none) = (from.is_some(), Attrs::default());
        let from = from.unwrap_or(&none);
        let mut take = |name: &str| match from.get(name) {
            Some(value) => drop(to.0.insert(name.to_owned(), value.clone())),
            None => drop(to.0.remove(name)),
        };
        for facet in facet::FACETS.iter().filter(|f| !self.counts(f)) {
            facet.attributes.iter().for_each(|a| take(a.name));
        }
        // A text that names no owner and no version asks for none.
        let silent: &[&str] =
            if object.kind.name == "extension" { &["owner", "version"] } else { &["owner"] };
        for name in silent {
            match (to.get(name), from.get(name)) {
                (None, Some(value)) => drop(to.0.insert((*name).to_owned(), value.clone())),
                (Some(_), None) if there => {
                    let owner = to.0.remove(*name).expect("just seen");
                    // A sequence has its own again once it is no table's.
                    if object.kind.name == "sequence" {
                        to.0.insert(sequence::OWN_OWNER.to_owned(), owner);
                    }
                }
                _ => {}
            }
        }
    }

    /// Takes out of a model what isn't compared.
    pub fn forget(&self, model: &mut Model) {
        let none = Model {
            reader: model.reader,
            server: model.server,
            schemas: Vec::new(),
            objects: Vec::new(),
        };
        self.adopt(model, &none);
    }

    /// Holds two models against each other on these terms.
    pub fn compare(&self, declared: &mut Model, live: &mut Model) -> Vec<Difference> {
        self.apply(declared, live);
        let mut differences = super::compare(declared, live);
        self.settle(&mut differences);
        if self.by_prisma {
            super::prisma::weigh(&mut differences, declared, live);
        }
        differences
    }

    /// Leaves out the order of columns where it isn't compared.
    fn settle(&self, differences: &mut Vec<Difference>) {
        if !self.compares("column_order") {
            differences.retain(|d| d.attribute.as_deref() != Some("position"));
        }
    }
}

fn kinds(model: &Model) -> HashSet<&'static str> {
    model.objects.iter().map(|o| o.kind.name).collect()
}

/// `schema.name` or `schema`, quoted as in SQL where need be; `*` and `%`
/// stand for any characters.
fn pattern(text: &str) -> Result<Vec<String>, String> {
    let mut parts = vec![String::new()];
    let mut quoted = false;
    let mut chars = text.trim().chars().peekable();
    while let Some(c) = chars.next() {
        let part = parts.last_mut().expect("never empty");
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                part.push('"');
            }
            '"' => quoted = !quoted,
            '.' if !quoted => parts.push(String::new()),
            '*' => part.push('%'),
            c if quoted => part.push(c),
            c => part.extend(c.to_lowercase()),
        }
    }
    if quoted || parts.len() > 2 || parts.iter().any(String::is_empty) {
        return Err(format!(
            "the pattern \"{text}\" names nothing: unmanaged takes schema or schema.name, with * for any characters"
        ));
    }
    if parts.iter().all(|p| p.chars().all(|c| c == '%')) {
        return Err(format!("the pattern \"{text}\" would leave out everything"));
    }
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model(objects: &str) -> Model {
        Model::from_json(&format!(
            r#"{{"reader":1,"server":15,"schemas":["public"],"objects":[{objects}]}}"#
        ))
        .expect("a model")
    }

    fn terms(words: &[&str], unmanaged: &[&str]) -> Terms {
        let own = |list: &[&str]| list.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>();
        Terms::new(&own(words), &own(unmanaged)).expect("known words")
    }

    fn rows(terms: &Terms, declared: &str, live: &str) -> Vec<String> {
        let found = terms.compare(&mut model(declared), &mut model(live));
        found.iter().map(|d| format!("{} {:?} {}", d.object(), d.attribute, d.fix)).collect()
    }

    const OURS: &str = r#"{"kind":"schema","identity":["app"],"attributes":{"owner":"me"}}"#;
    const THEIRS: &str = r#"{"kind":"schema","identity":["app"],"attributes":{"comment":"x","grants":["USAGE TO a"],"owner":"you"}}"#;

    #[test]
    fn only_what_is_asked_for_counts() {
        assert!(rows(&terms(&[], &[]), OURS, THEIRS).is_empty());
        assert_eq!(
            rows(&terms(&["comments"], &[]), OURS, THEIRS),
            ["app Some(\"comment\") COMMENT ON SCHEMA app IS NULL;"]
        );
        assert_eq!(
            rows(&terms(&["grants"], &[]), OURS, THEIRS),
            ["app Some(\"grants\") REVOKE ALL ON SCHEMA app FROM a;"]
        );
        assert_eq!(
            rows(&terms(&["owners"], &[]), OURS, THEIRS),
            ["app Some(\"owner\") ALTER SCHEMA app OWNER TO me;"]
        );
        // A text that names no owner asks for none.
        let nobody = OURS.replace(r#""owner":"me""#, "");
        assert!(rows(&terms(&["owners"], &[]), &nobody, THEIRS).is_empty());
    }

    #[test]
    fn what_is_made_anew_keeps_what_is_not_compared() {
        let of = |definition: &str, more: &str| {
            format!(
                r#"{{"kind":"materialized view","identity":["app","v"],"attributes":{{"definition":"{definition}"{more}}}}}"#
            )
        };
        let live = of("SELECT 1", r#","grants":["SELECT TO a"],"owner":"you""#);
        let found = rows(&terms(&[], &[]), &of("SELECT 2", r#","owner":"me""#), &live);
        assert_eq!(found.len(), 1);
        assert!(found[0].contains("GRANT SELECT ON TABLE app.v TO a"), "{found:?}");
        assert!(found[0].contains("OWNER TO you"), "{found:?}");
    }

    #[test]
    fn what_is_unmanaged_is_left_out_with_its_parts() {
        let of = |kind: &str, identity: &str, attributes: &str| {
            format!(r#"{{"kind":"{kind}","identity":{identity},"attributes":{{{attributes}}}}}"#)
        };
        let live = [
            of("table", r#"["app","tmp_1"]"#, ""),
            of("column", r#"["app","tmp_1","a"]"#, r#""type":"integer""#),
            of("index", r#"["app","other"]"#, r#""table":{"name":["app","tmp_1"]}"#),
            of("table", r#"["app","Tmp_1"]"#, ""),
        ]
        .join(",");
        let seen = |pattern: &str| rows(&terms(&[], &[pattern]), "", &live).len();
        assert_eq!(seen("app.tmp_*"), 1);
        assert_eq!(seen("app.\"Tmp_1\""), 1);
        assert_eq!(seen("app"), 0);
        assert_eq!(seen("ap*.*mp_%"), 0);
        assert_eq!(seen("app.tmp"), 2);
    }

    #[test]
    fn what_means_nothing_is_refused() {
        let new = |words: &[&str], unmanaged: &[&str]| {
            let own = |list: &[&str]| list.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>();
            Terms::new(&own(words), &own(unmanaged)).expect_err("refused")
        };
        assert!(new(&["owner"], &[]).contains("\"owner\""));
        for pattern in ["", "a.b.c", "a.", "\"a", "*", "%.*"] {
            assert!(new(&[], &[pattern]).contains("pattern"), "{pattern}");
        }
    }
}
