//! Several files as one text: that is how a schema of a folder is stored,
//! and how it is read. A line between them tells which file begins.

use crate::source::sql::line_and_column;

const MARK: &str = "// schemaguard file: ";

/// The files as one text, each behind a line with its name.
pub fn join<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let mut text = String::new();
    for (name, contents) in files {
        let name: String = name.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        text.push_str(&format!("{MARK}{name}\n{contents}"));
        if !contents.ends_with('\n') {
            text.push('\n');
        }
    }
    text
}

/// Where a byte of the text stands for somebody who has the files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file's name, where the text has several.
    pub file: Option<String>,
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    /// The line itself.
    pub text: String,
}

/// The place of a byte.
pub fn place(text: &str, at: usize) -> Place {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    let mut file = None;
    let mut start = 0;
    let mut line_start = 0;
    for line in text.split_inclusive('\n') {
        if line_start > at {
            break;
        }
        if let Some(name) = line.strip_prefix(MARK)
            && line_start + line.len() <= at
        {
            file = Some(name.trim_end().to_owned());
            start = line_start + line.len();
        }
        line_start += line.len();
    }
    let (line, column) = line_and_column(&text[start..], at - start);
    let shown = text[start..].lines().nth(line - 1).unwrap_or_default().trim_end();
    Place { file, line, column, text: shown.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lines_count_from_their_file() {
        let text = join([("a.prisma", "one\ntwo"), ("b/c.prisma", "three\nfour\n")]);
        let at = text.find("four").unwrap();
        let found = place(&text, at + 2);
        assert_eq!(found.file.as_deref(), Some("b/c.prisma"));
        assert_eq!((found.line, found.column, found.text.as_str()), (2, 3, "four"));
        let found = place(&text, text.find("two").unwrap());
        assert_eq!((found.file.as_deref(), found.line), (Some("a.prisma"), 2));
        assert_eq!(
            place("one\ntwo", 4),
            Place { file: None, line: 2, column: 1, text: "two".into() }
        );
    }

    proptest! {
        #[test]
        fn any_byte_has_a_place(text in "(?s).{0,60}", at in 0usize..100) {
            let _ = place(&text, at);
            let joined = join([("x", text.as_str()), ("y\n", text.as_str())]);
            let _ = place(&joined, at);
        }
    }
}
