//! Whole schemas: the set that uses every feature, the table of mistakes, and
//! any text at all. That the SQL is Prisma's own is for
//! `tests/cases/prisma_ddl.sh`.

use super::files::{join, place};
use super::{Mistake, Options, Pairs, Script, read};
use proptest::prelude::*;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

const AS_PRISMA_6: Options = Options { schema: "public", pairs: Pairs::PrimaryKey };

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/prisma")
}

/// The schemas of `tests/prisma/schemas`, one text each.
fn schemas() -> Vec<(String, String)> {
    let read = |path: &Path| std::fs::read_to_string(path).unwrap();
    let mut all: Vec<(String, String)> = std::fs::read_dir(folder().join("schemas"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "prisma"))
        .map(|path| (path.file_stem().unwrap().to_string_lossy().into_owned(), read(&path)))
        .collect();
    let files = ["base.prisma", "models/post.prisma", "models/user.prisma"];
    let texts = files.map(|name| (name, read(&folder().join("schemas/folder").join(name))));
    all.push(("folder".to_owned(), join(texts.iter().map(|(name, text)| (*name, text.as_str())))));
    all.sort();
    assert!(all.len() > 10, "the schema set is gone");
    all
}

fn sql(text: &str) -> String {
    match read(text, AS_PRISMA_6) {
        Ok(script) => script.sql,
        Err(mistakes) => panic!("{mistakes:#?}"),
    }
}

fn model(lines: &str) -> String {
    format!("model A {{\n  id Int @id\n{lines}\n}}\n")
}

/// Statements as Prisma writes them: with no schema's name where there is only
/// one, and backslashes as they are.
fn as_prisma_writes(sql: &str) -> String {
    let mut plain = String::new();
    let mut rest = sql;
    while let Some(start) = rest.find(" E'").or_else(|| rest.find("[E'")) {
        let (before, literal) = rest.split_at(start + 1);
        let end = literal[2..].find('\'').unwrap() + 3;
        plain.push_str(before);
        plain.push_str(&literal[1..end].replace("\\\\", "\\"));
        rest = &literal[end..];
    }
    plain.push_str(rest);
    plain
        .replace("\"public\".", "")
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with("-- "))
        .collect::<Vec<_>>()
        .join("\n")
}

/// What Prisma itself makes of the set stands beside it; that it still does
/// is for `tests/cases/prisma_ddl.sh`.
#[test]
fn the_sql_is_prismas_own() {
    for (name, text) in schemas() {
        let script = read(&text, AS_PRISMA_6).unwrap_or_else(|mistakes| {
            let shown: Vec<_> = mistakes.iter().map(|m| (place(&text, m.at), &m.message)).collect();
            panic!("{name}: {shown:#?}");
        });
        let path = folder().join(format!("schemas/{name}.sql"));
        let theirs = std::fs::read_to_string(path).unwrap();
        assert!(theirs.contains("CREATE TABLE"), "{name}");
        same_lines(&name, &as_prisma_writes(&script.sql), &as_prisma_writes(&theirs));
    }
}

fn same_lines(name: &str, ours: &str, theirs: &str) {
    for (own, their) in ours.lines().zip(theirs.lines()) {
        assert_eq!(own, their, "{name}");
    }
    assert_eq!(ours.lines().count(), theirs.lines().count(), "{name}");
}

/// One entry of `tests/prisma/mistakes.txt`.
struct Entry {
    title: String,
    schema: String,
    expected: Vec<String>,
}

fn entries() -> Vec<Entry> {
    let table = std::fs::read_to_string(folder().join("mistakes.txt")).unwrap();
    let mut entries: Vec<Entry> = Vec::new();
    for line in table.lines() {
        if let Some(title) = line.strip_prefix("== ") {
            let title = title.to_owned();
            entries.push(Entry { title, schema: String::new(), expected: Vec::new() });
        } else if let Some(entry) = entries.last_mut() {
            if line.starts_with("!! ") || line.starts_with("?? ") {
                entry.expected.push(line.to_owned());
            } else {
                entry.schema.push_str(line);
                entry.schema.push('\n');
            }
        }
    }
    entries
}

#[test]
fn mistakes_are_told_where_they_are() {
    let entries = entries();
    assert!(entries.len() >= 60, "the table of mistakes is gone");
    let mut wrong = String::new();
    for Entry { title, mut schema, expected } in entries {
        if !schema.contains("datasource ") {
            schema.push_str("\ndatasource db {\n  provider = \"postgresql\"\n}\n");
        }
        let found: Vec<String> = read(&schema, AS_PRISMA_6)
            .err()
            .unwrap_or_default()
            .iter()
            .flat_map(|mistake| {
                let at = place(&schema, mistake.at);
                [
                    format!("!! {}:{} {}", at.line, at.column, mistake.message),
                    format!("?? {}", mistake.hint),
                ]
            })
            .collect();
        if found != expected {
            wrong.push_str(&format!("== {title}\nexpected {expected:#?}\nfound {found:#?}\n"));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn quotes_are_doubled_where_prisma_forgets_it() {
    let text = "enum E {\n  A @map(\"it's\")\n\n  @@map(\"e\\\"x\")\n}\nmodel A {\n  id Int @id @map(\"i\\\"d\")\n  e E @default(A)\n\n  @@map(\"t\\\"x\")\n}\n";
    let sql = sql(text);
    assert!(sql.contains("CREATE TYPE \"public\".\"e\"\"x\" AS ENUM ('it''s')"), "{sql}");
    assert!(sql.contains("CREATE TABLE \"public\".\"t\"\"x\""), "{sql}");
    assert!(sql.contains("\"e\" \"public\".\"e\"\"x\" NOT NULL DEFAULT 'it''s'"), "{sql}");
    assert!(sql.contains("CONSTRAINT \"t\"\"x_pkey\" PRIMARY KEY (\"i\"\"d\")"), "{sql}");
}

#[test]
fn pairs_have_a_unique_index_up_to_prisma_5() {
    let text = "model A {\n  id Int @id\n  bs B[]\n}\nmodel B {\n  id Int @id\n  as A[]\n}\n";
    let five = read(text, Options { pairs: Pairs::UniqueIndex, ..AS_PRISMA_6 }).unwrap().sql;
    assert!(
        five.contains(
            "CREATE UNIQUE INDEX \"_AToB_AB_unique\" ON \"public\".\"_AToB\"(\"A\", \"B\")"
        )
    );
    assert!(!five.contains("_AToB_AB_pkey"));
    let six = sql(text);
    assert!(six.contains("CONSTRAINT \"_AToB_AB_pkey\" PRIMARY KEY (\"A\",\"B\")"));
    assert!(!six.contains("_AToB_AB_unique"));
}

#[test]
fn the_connection_may_say_the_schema() {
    let script = read(&model(""), Options { schema: "app", ..AS_PRISMA_6 }).unwrap();
    assert_eq!(script.schemas, ["app"]);
    assert!(script.sql.contains("CREATE TABLE \"app\".\"A\""));
}

#[test]
fn what_the_database_has_leads_back_to_the_schema() {
    let text = "model User {\n  id Int @id @map(\"user_id\")\n  posts Post[]\n  tags Tag[]\n\n  @@map(\"users\")\n}\nmodel Post {\n  id Int @id\n  author User @relation(fields: [authorId], references: [id])\n  authorId Int\n  kind Kind\n\n  @@index([authorId])\n}\nmodel Tag {\n  id Int @id\n  users User[]\n}\nenum Kind {\n  A @map(\"a\")\n}\n";
    let Script { origins, .. } = read(text, AS_PRISMA_6).unwrap();
    let key = |parts: &[&str]| -> Vec<String> { parts.iter().map(|p| (*p).to_owned()).collect() };
    let at = |origin: &super::origins::Origin| place(text, origin.at).line;
    let table = &origins.tables[&key(&["public", "users"])];
    assert_eq!((table.model.as_str(), table.field.as_deref(), at(table)), ("User", None, 1));
    let column = &origins.columns[&key(&["public", "users", "user_id"])];
    assert_eq!(
        (column.model.as_str(), column.field.as_deref(), at(column)),
        ("User", Some("id"), 2)
    );
    let constraint = &origins.constraints[&key(&["public", "Post", "Post_authorId_fkey"])];
    assert_eq!((constraint.field.as_deref(), at(constraint)), (Some("author"), 10));
    assert_eq!(at(&origins.constraints[&key(&["public", "users", "users_pkey"])]), 2);
    assert_eq!(at(&origins.indexes[&key(&["public", "Post_authorId_idx"])]), 14);
    let label = &origins.labels[&key(&["public", "Kind", "a"])];
    assert_eq!((label.model.as_str(), label.field.as_deref(), at(label)), ("Kind", Some("A"), 21));
    assert_eq!(at(&origins.enums[&key(&["public", "Kind"])]), 20);
    let pairs = &origins.tables[&key(&["public", "_TagToUser"])];
    assert_eq!((pairs.model.as_str(), pairs.field.as_deref()), ("Tag", Some("users")));
    let b = &origins.columns[&key(&["public", "_TagToUser", "B"])];
    assert_eq!((b.model.as_str(), b.field.as_deref()), ("User", Some("tags")));
}

/// The server's errors come back to where they were made.
#[test]
fn sql_leads_back_to_its_line() {
    let text = "model A {\n  id Int @id\n  a Int @default(dbgenerated(\"one()\"))\n  b Unsupported(\"two\")\n\n  @@index([b(ops: raw(\"three\"))], type: Gin)\n}\n";
    let script = read(text, AS_PRISMA_6).unwrap();
    for (piece, line) in
        [("one()", 3), ("\"b\" two", 4), ("three", 6), ("\"id\"", 2), ("CREATE TABLE", 1)]
    {
        let byte = script.sql.find(piece).unwrap();
        assert_eq!(place(text, script.place_of(byte)).line, line, "{piece}");
    }
    assert_eq!(place(text, script.place_of(usize::MAX)).line, 6);
}

#[test]
fn several_files_are_one_schema() {
    let text = join([
        ("a.prisma", "model A {\n  id Int @id\n  bs B[]\n}"),
        (
            "b.prisma",
            "model B {\n  id Int @id\n  a A @relation(fields: [aId], references: [id])\n  aId Int\n  c Nothing\n}\n",
        ),
    ]);
    let mistakes = read(&text, AS_PRISMA_6).unwrap_err();
    let at = place(&text, mistakes[0].at);
    assert_eq!((at.file.as_deref(), at.line, at.column), (Some("b.prisma"), 5, 5));
    assert!(sql(&text.replace("  c Nothing\n", "")).contains("B_aId_fkey"));
}

/// Neither depth nor length brings it down.
#[test]
fn odd_texts_come_to_an_end() {
    let deep = |open: &str, close: &str| {
        model(&format!("  a Int @default({}1{})", open.repeat(100_000), close.repeat(100_000)))
    };
    let many = |line: &str| model(&line.repeat(20_000));
    let texts = [
        deep("[", "]"),
        deep("f(", ")"),
        deep("{ a: ", " }"),
        deep("[", ""),
        many("  @@index([x])\n"),
        many("  a Int @default(1e1)\n"),
        model(&format!("  @@index([{}])", vec!["id"; 50_000].join(", "))),
        model(&format!("  a Int @default({})", vec!["1"; 50_000].join(", "))),
        model(&format!("  a Decimal @default(\"1e{}\")", "9".repeat(10))),
        "model A {\n".repeat(20_000),
        "{".repeat(100_000),
        "}\n".repeat(20_000),
        "/*".repeat(100_000),
        "\"".repeat(100_000),
        format!("model {} {{\n", "a".repeat(1_000_000)),
        (0..5_000).map(|n| format!("model M{n} {{\n  id Int @id\n  m M{n}[]\n}}\n")).collect(),
    ];
    for text in texts {
        let start = Instant::now();
        let _ = read(&text, AS_PRISMA_6);
        let taken = start.elapsed();
        assert!(taken < Duration::from_secs(20), "{taken:?} for {}…", &text[..60.min(text.len())]);
    }
}

/// A schema of that many models with keys, indexes and relations.
pub fn large(models: usize) -> String {
    let mut text = String::new();
    for n in 0..models {
        let parent = n / 2;
        text.push_str(&format!(
            "model Model{n} {{\n  id Int @id @default(autoincrement())\n  name String @db.VarChar(200)\n  email String? @unique\n  created DateTime @default(now()) @map(\"created_at\")\n  parentId Int?\n  parent Model{parent}? @relation(\"R{n}\", fields: [parentId], references: [id])\n"
        ));
        for child in [2 * n, 2 * n + 1].into_iter().filter(|child| *child < models) {
            text.push_str(&format!("  children{child} Model{child}[] @relation(\"R{child}\")\n"));
        }
        text.push_str("\n  @@index([name, created])\n}\n\n");
    }
    text
}

#[test]
fn a_thousand_models_are_read() {
    let script = read(&large(1000), AS_PRISMA_6).unwrap();
    assert_eq!(script.sql.matches("CREATE TABLE").count(), 1000);
    assert_eq!(script.sql.matches("FOREIGN KEY").count(), 1000);
}

/// Whatever is read, positions are of the text, and mistakes say something.
fn sound(text: &str) {
    match read(text, AS_PRISMA_6) {
        Ok(script) => {
            for byte in (0..script.sql.len()).step_by(97) {
                assert!(script.place_of(byte) <= text.len());
            }
        }
        Err(mistakes) => {
            assert!(!mistakes.is_empty());
            for Mistake { at, message, hint } in &mistakes[..mistakes.len().min(50)] {
                assert!(*at <= text.len() && !message.is_empty() && !hint.is_empty());
                let _ = place(text, *at);
            }
        }
    }
}

/// Changes a text at one place, as the numbers say.
fn changed(text: &str, at: usize, how: usize, other: usize) -> String {
    const PIECES: [&str; 40] = [
        "",
        "\n",
        " ",
        "@",
        "@@",
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        "\"",
        "\\",
        "?",
        "[]",
        ":",
        ",",
        ".",
        "model A {\n",
        "}\n",
        "@id",
        "@unique",
        "@default(",
        "@relation(",
        "@map(\"\")",
        "@db.",
        "Unsupported(\"x\")",
        "fields: [id]",
        "references: [id]",
        "null",
        "-1",
        "1.5",
        "// x",
        "/*",
        "*/",
        "é",
        "\u{feff}",
        "\r",
        "@@ignore",
        "@@schema(\"x\")",
    ];
    let boundary = |mut at: usize| {
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    let at = boundary(at % (text.len() + 1));
    let to = boundary((at + other % 40).min(text.len()));
    let from = boundary(other % (text.len() + 1));
    match how % 5 {
        0 => format!("{}{}", &text[..at], &text[to..]),
        1 => format!("{}{}{}", &text[..at], PIECES[other % PIECES.len()], &text[at..]),
        2 => format!("{}{}{}", &text[..at], PIECES[other % PIECES.len()], &text[to..]),
        3 => format!("{}{}", &text[..at], &text[from..]),
        _ => text[..at].to_owned(),
    }
}

/// Changes a text by its lines and words, as the numbers say, with those of
/// another: what is made is mostly still a schema.
fn rearranged(text: &str, other: &str, at: usize, how: usize, from: usize) -> String {
    fn pieces(text: &str, how: usize) -> Vec<&str> {
        match how % 2 {
            0 => text.split_inclusive('\n').collect(),
            _ => text.split_inclusive(|c: char| !c.is_alphanumeric() && c != '_').collect(),
        }
    }
    let (mut here, there) = (pieces(text, how), pieces(other, how));
    if here.is_empty() || there.is_empty() {
        return text.to_owned();
    }
    let (at, from) = (at % here.len(), from % there.len());
    match how / 2 % 5 {
        0 => here[at] = there[from],
        1 => here.insert(at, there[from]),
        2 => {
            here.remove(at);
        }
        3 => {
            let with = from % here.len();
            here.swap(at, with);
        }
        // A whole stretch, as when a model is copied.
        _ => {
            let stretch = &there[from..there.len().min(from + 12)];
            here.splice(at..at, stretch.iter().copied());
        }
    }
    here.concat()
}

/// Changes schemas at random for ten minutes: no panic, always an end. Not
/// part of an ordinary run: `cargo test --release --lib -- --ignored prisma`.
#[test]
#[ignore = "takes ten minutes, or FUZZ_SECONDS; FUZZ_SEED for other ones"]
fn ten_minutes_of_changes() {
    let mut seeds: Vec<String> = schemas().into_iter().map(|(_, text)| text).collect();
    seeds.extend(entries().into_iter().map(|entry| entry.schema));
    let number = |name: &str, default: u64| {
        std::env::var(name).ok().and_then(|n| n.parse().ok()).unwrap_or(default)
    };
    let mut state = number("FUZZ_SEED", 0x2545_f491_4f6c_dd1d);
    let mut random = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as usize
    };
    let start = Instant::now();
    let mut read = 0usize;
    while start.elapsed() < Duration::from_secs(number("FUZZ_SECONDS", 600)) {
        let mut text = seeds[random() % seeds.len()].clone();
        for _ in 0..1 + random() % 8 {
            // No longer than a text that is read at once.
            text.truncate(text.floor_char_boundary(60_000));
            text = match random() % 2 {
                0 => changed(&text, random(), random(), random()),
                _ => {
                    let other = &seeds[random() % seeds.len()];
                    rearranged(&text, other, random(), random(), random())
                }
            };
            let started = Instant::now();
            sound(&text);
            assert!(started.elapsed() < Duration::from_secs(20), "{text}");
            read += 1;
        }
    }
    println!("{read} texts");
}

proptest! {
    #[test]
    fn any_text_is_read(text in "(?s).{0,300}") {
        sound(&text);
    }

    #[test]
    fn any_words_are_read(text in "(model|enum|datasource|generator|view|type| |\n|\\{|\\}|@|@@|\\(|\\)|\\[|\\]|\"|[a-c]|Int|String|id|map|default|relation|fields|references|:|,|\\?|=|1|//|/\\*|\\*/|\\.){0,80}") {
        sound(&text);
    }

    #[test]
    fn a_changed_schema_is_read(which in any::<usize>(), changes in proptest::collection::vec(any::<(usize, usize, usize)>(), 1..6)) {
        let seeds = schemas();
        let mut text = seeds[which % seeds.len()].1.clone();
        for (at, how, other) in changes {
            text = changed(&text, at, how, other);
        }
        sound(&text);
    }
}
