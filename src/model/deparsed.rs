//! Texts that the server makes out of stored expressions, which costs more than
//! all else that a reading asks of it. Where two rows agree in all that such a
//! text depends on, it is made for one of them and holds for both: databases
//! are full of the same checks and the same partial indexes.

use super::{constraint, index};

/// The column of a kind's query with what the text is made of: the stored row
/// with its node trees. Null where there is no text or the query says it
/// itself, empty where it has to be made for this row.
pub const SHAPE: &str = "?shape";
/// The column with the OID of the table whose columns the node trees name.
pub const TABLE: &str = "?table";
/// The columns of a column's query with what an index on it depends on.
pub const COLUMN_TYPE: &str = "?type";
pub const COLUMN_COLLATION: &str = "?collation";

/// How a query names column numbers that aren't in a node tree; ends with `|`.
pub const COLUMNS: &str = ":columns ";

/// An attribute whose text the server makes.
pub struct Deparsed {
    /// The kind that has it.
    pub kind: &'static str,
    pub attribute: &'static str,
    /// The text (as JSON) of some rows: `$2` is their OIDs; columns are OID and
    /// text.
    pub query: &'static str,
}

pub static DEPARSED: &[&Deparsed] = &[&constraint::EXPRESSION, &index::DEFINITION];

/// A shape without what no text depends on (where in a statement an expression
/// stood), and the numbers of the columns it names. None where the text depends
/// on more than these: a whole row is named as its table is.
pub fn essence(shape: &str) -> Option<(String, Vec<i16>)> {
    let mut key = String::with_capacity(shape.len());
    let mut columns = Vec::new();
    let mut rest = shape;
    // The server puts a backslash before a space in a text: none of these
    // can be one.
    while let Some(at) = rest.find(':') {
        let (before, word) = rest.split_at(at);
        key.push_str(before);
        let (kept, after) = match number_after(word, ":location ") {
            Some((_, after)) => ("", after),
            None => {
                if let Some((number, _)) = number_after(word, ":varattno ") {
                    columns.push(i16::try_from(number).ok().filter(|n| *n != 0)?);
                } else if let Some(list) = word.strip_prefix(COLUMNS) {
                    for number in list.split('|').next()?.split_whitespace() {
                        let number: i16 = number.parse().ok()?;
                        // An index has 0 for an expression.
                        if number != 0 {
                            columns.push(number);
                        }
                    }
                }
                word.split_at(1)
            }
        };
        key.push_str(kept);
        rest = after;
    }
    key.push_str(rest);
    (!shape.is_empty()).then_some((key, columns))
}

/// The number behind a word, and what follows.
fn number_after<'a>(text: &'a str, word: &str) -> Option<(i32, &'a str)> {
    let rest = text.strip_prefix(word)?;
    let end = rest.find(|c: char| !c.is_ascii_digit() && c != '-').unwrap_or(rest.len());
    Some((rest[..end].parse().ok()?, &rest[end..]))
}

#[cfg(test)]
mod tests {
    use super::essence;

    #[test]
    fn only_where_it_stood_is_left_out() {
        let tree = |column: &str, constant: &str, location: i64| {
            format!(
                "{{OPEXPR :opno 1757 :args ({{VAR :varno 1 :varattno {column} :vartype 1700 :location {location}}} \
                 {{CONST :consttype 1700 :constvalue 4 [ {constant} ] :location {}}}) :location -1}}",
                location + 8
            )
        };
        let one = essence(&tree("5", "1 0", 166));
        assert_eq!(one, essence(&tree("5", "1 0", 70_000)));
        assert_eq!(one.unwrap().1, [5]);
        assert_ne!(essence(&tree("5", "1 0", 166)), essence(&tree("5", "2 0", 166)));
        assert_ne!(essence(&tree("5", "1 0", 166)), essence(&tree("6", "1 0", 166)));
        assert_eq!(essence(&tree("-6", "1 0", 1)).unwrap().1, [-6]);
    }

    #[test]
    fn what_depends_on_more_has_none() {
        assert_eq!(essence(""), None);
        assert_eq!(essence("{VAR :varno 1 :varattno 0 :location 1}"), None);
        assert_eq!(essence("{VAR :varno 1 :varattno 70000 :location 1}"), None);
    }

    #[test]
    fn columns_of_an_index() {
        let (key, columns) = essence(":columns 0 3 -2|1978 3124|{VAR :varattno 7}").unwrap();
        assert_eq!(columns, [3, -2, 7]);
        assert_eq!(key, ":columns 0 3 -2|1978 3124|{VAR :varattno 7}");
    }

    #[test]
    fn texts_are_no_words() {
        let text = r"{A :name \ :location\ 5 :location 7}";
        assert_eq!(essence(text).unwrap().0, r"{A :name \ :location\ 5 }");
    }
}
