//! Names of constraints and indexes that a schema doesn't give: Prisma's
//! own rule, which cuts by other bytes than the server's.

/// Bytes of a name, for Prisma and for the server.
pub const LONGEST: usize = 63;

pub fn primary_key(table: &str) -> String {
    with_suffix(table.to_owned(), "_pkey")
}

pub fn unique(table: &str, columns: &[&str]) -> String {
    with_suffix(joined(table, columns), "_key")
}

pub fn index(table: &str, columns: &[&str]) -> String {
    with_suffix(joined(table, columns), "_idx")
}

pub fn foreign_key(table: &str, columns: &[&str]) -> String {
    with_suffix(joined(table, columns), "_fkey")
}

/// What the server makes of a name that is too long for it.
pub fn as_stored(name: &str) -> &str {
    cut(name, LONGEST)
}

/// A table of pairs counts characters where all others count bytes.
pub fn pairs_table(relation: &str) -> String {
    format!("_{relation}").chars().take(LONGEST).collect()
}

pub fn pairs_key(table: &str, suffix: &str) -> String {
    let base: String = table.chars().take(LONGEST - suffix.len()).collect();
    format!("{base}{suffix}")
}

/// `suffix` is `_A_fkey` or `_B_fkey`.
pub fn pairs_foreign_key(table: &str, suffix: &str) -> String {
    format!("{}{suffix}", cut(table, LONGEST - suffix.len()))
}

fn joined(table: &str, columns: &[&str]) -> String {
    format!("{table}_{}", columns.join("_"))
}

fn with_suffix(mut name: String, suffix: &str) -> String {
    name.truncate(cut(&name, LONGEST - suffix.len()).len());
    name.push_str(suffix);
    name
}

/// The longest beginning that has no more bytes, and whole characters only.
fn cut(name: &str, most: usize) -> &str {
    let mut len = name.len().min(most);
    while !name.is_char_boundary(len) {
        len -= 1;
    }
    &name[..len]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_are_cut_before_the_suffix() {
        assert_eq!(primary_key("User"), "User_pkey");
        assert_eq!(unique("User", &["a", "b"]), "User_a_b_key");
        assert_eq!(primary_key(&"x".repeat(58)), format!("{}_pkey", "x".repeat(58)));
        assert_eq!(primary_key(&"x".repeat(59)), format!("{}_pkey", "x".repeat(58)));
        assert_eq!(unique(&"ü".repeat(15), &[&"é".repeat(29)]).len(), 63);
        assert_eq!(index("é", &[&"é".repeat(40)]), format!("é_{}_idx", "é".repeat(28)));
        assert_eq!(
            pairs_foreign_key(&"m".repeat(60), "_A_fkey"),
            format!("{}_A_fkey", "m".repeat(56))
        );
    }

    proptest! {
        #[test]
        fn no_name_is_too_long(table in "\\PC{0,80}", column in "\\PC{0,80}") {
            for name in [primary_key(&table), unique(&table, &[&column]), foreign_key(&table, &[&column])] {
                prop_assert!(name.len() <= LONGEST);
            }
            let name = unique(&table, &[&column]);
            prop_assert_eq!(as_stored(&name), name.as_str());
        }
    }
}
