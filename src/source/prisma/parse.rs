//! From text to blocks. The language goes by lines: a field, an attribute of
//! a block, a property each have one, and a line that can't be read is one
//! mistake.

use super::Mistake;
use super::syntax::*;

/// How deep values may be nested: nobody writes more than three.
const DEEPEST: usize = 64;

/// Reads the whole text; what could not be read is among the mistakes.
pub fn parse<'a>(text: &'a str, mistakes: &mut Vec<Mistake>) -> File<'a> {
    let mut parser = Parser { text, at: 0, mistakes };
    let mut file = File::default();
    parser.file(&mut file);
    file
}

struct Parser<'a, 'm> {
    text: &'a str,
    at: usize,
    mistakes: &'m mut Vec<Mistake>,
}

/// A line that isn't what it was tried as.
struct NotThis;
type Try<T> = Result<T, NotThis>;

impl<'a> Parser<'a, '_> {
    fn file(&mut self, file: &mut File<'a>) {
        loop {
            self.spaces();
            if self.rest().is_empty() {
                return;
            }
            if self.newline() || self.comment() {
                continue;
            }
            let start = self.at;
            if self.block(file).is_err() {
                self.at = start;
                if let Some(span) = self.foreign_block() {
                    self.mistake(
                        span,
                        "this block begins with no word that Prisma knows",
                        "Blocks are: model, enum, view, datasource, generator.",
                    );
                    continue;
                }
                if self.block_without_brace() {
                    continue;
                }
                let span = self.rest_of_line();
                self.mistake(
                    span,
                    "this line belongs to no block",
                    "A block begins with its kind, its name and an opening brace on one line, for example model User {.",
                );
            }
        }
    }

    fn block(&mut self, file: &mut File<'a>) -> Try<()> {
        const KINDS: [&str; 6] = ["model", "view", "type", "enum", "datasource", "generator"];
        let start = self.at;
        let kind = *KINDS.iter().find(|kind| self.rest().starts_with(*kind)).ok_or(NotThis)?;
        self.at += kind.len();
        self.spaces();
        let name = self.identifier()?;
        self.spaces();
        if kind == "type" && self.rest().starts_with('=') {
            let line = self.rest_of_line();
            self.mistake(
                Span { from: start, to: line.to },
                "Prisma has no type aliases",
                "Write the type itself at each field.",
            );
            return Ok(());
        }
        self.symbol("{")?;
        let behind = self.rest_of_line();
        let one_line = self.text[behind.from..behind.to].contains('}');
        if !self.newline() {
            return Err(NotThis);
        }
        let mut contents = Contents::default();
        if !self.contents(kind, &mut contents) {
            let (message, hint) = if one_line {
                (
                    "can't stand on one line",
                    "Begin a new line behind the opening brace, and one for the closing brace.",
                )
            } else {
                (
                    "is never closed",
                    "Put a closing brace on a line of its own behind its last line.",
                )
            };
            self.mistake(name.at, format!("{kind} {} {message}", name.text), hint);
        }
        let Contents { fields, values, attributes, properties } = contents;
        match kind {
            "model" | "view" => {
                file.models.push(Model { name, is_view: kind == "view", fields, attributes });
            }
            "enum" => file.enums.push(Enum { name, values, attributes }),
            "type" => file.types.push(name),
            "datasource" => file.datasources.push(Config { name, properties }),
            _ => file.generators.push(Config { name, properties }),
        }
        Ok(())
    }

    /// The lines up to the closing brace; whether there was one.
    fn contents(&mut self, kind: &str, into: &mut Contents<'a>) -> bool {
        loop {
            self.spaces();
            if self.rest().is_empty() {
                return false;
            }
            if self.newline() || self.comment() {
                continue;
            }
            let start = self.at;
            let before = self.mistakes.len();
            let read = match kind {
                "datasource" | "generator" => self.property().map(|p| into.properties.push(p)),
                "enum" => self.enum_value().map(|v| into.values.push(v)),
                _ => self.field().map(|field| into.fields.extend(field)),
            };
            if read.is_ok() {
                continue;
            }
            self.at = start;
            self.mistakes.truncate(before);
            if !matches!(kind, "datasource" | "generator") {
                if let Ok(attribute) = self.block_attribute() {
                    into.attributes.push(attribute);
                    continue;
                }
                self.at = start;
                self.mistakes.truncate(before);
            }
            if self.symbol("}").is_ok() {
                return true;
            }
            // The brace was forgotten, not this line.
            if self.begins_block() {
                return false;
            }
            let span = self.rest_of_line();
            let line = &self.text[span.from..span.to];
            if self.goes_on(line) {
                self.mistake(
                    span,
                    "this line ends within its brackets",
                    "Write all of it on one line, however long that is.",
                );
                continue;
            }
            let (message, hint) = match kind {
                _ if line.trim_end().ends_with([';', ',']) => {
                    ("a line ends without a sign".to_owned(), "Take the sign at its end away.")
                }
                "datasource" | "generator" => (
                    format!("this is no line of a {kind}"),
                    "A line is name = value, all on one line.",
                ),
                "enum" => (
                    "this is no value of an enum".to_owned(),
                    "A line is one value, or an attribute such as @@map(\"name\").",
                ),
                _ => (
                    "this is neither a field nor an attribute of the block".to_owned(),
                    "A field is name Type @attribute(…), an attribute @@name(…), each all on one line.",
                ),
            };
            self.mistake(span, message, hint);
        }
    }

    fn property(&mut self) -> Try<Property<'a>> {
        let name = self.identifier()?;
        self.spaces();
        self.symbol("=")?;
        self.spaces();
        let value = match self.value(0) {
            Ok(value) => Some(value),
            Err(NotThis) if self.line_ends() => None,
            Err(NotThis) => return Err(NotThis),
        };
        let at = Span { from: name.at.from, to: self.at };
        self.end_of_line()?;
        Ok(Property { name, value, at })
    }

    fn enum_value(&mut self) -> Try<EnumValue<'a>> {
        let name = self.identifier()?;
        let attributes = self.field_attributes()?;
        self.end_of_line()?;
        Ok(EnumValue { name, attributes })
    }

    /// A field, or none where the line is a field of which something is wrong
    /// that has been said.
    fn field(&mut self) -> Try<Option<Field<'a>>> {
        let name = self.identifier()?;
        self.spaces();
        let colon = self.symbol(":").is_ok();
        self.spaces();
        let start = self.at;
        let bracket = self.symbol("[").is_ok();
        self.spaces();
        let type_name = self.type_name();
        let typed = type_name.is_ok();
        let mut arity = Arity::Required;
        let mut wrong = None;
        if !typed {
            self.at = start;
        } else if bracket {
            self.spaces();
            self.symbol("]")?;
            wrong = Some(("a list is written differently", "Write Type[], not [Type]."));
        } else {
            let end = self.at;
            self.spaces();
            if self.symbol("[]").is_ok() {
                arity = Arity::List;
                let end = self.at;
                self.spaces();
                if self.symbol("?").is_ok() {
                    wrong = Some((
                        "a list can't be optional",
                        "Write Type[] or Type?: an empty list says the same.",
                    ));
                } else {
                    self.at = end;
                }
            } else if self.symbol("?").is_ok() {
                arity = Arity::Optional;
            } else if self.symbol("!").is_ok() {
                wrong = Some(("a field is required without a sign", "Leave the ! away."));
            } else {
                self.at = end;
            }
        }
        let attributes = self.field_attributes()?;
        let line = Span { from: name.at.from, to: self.at };
        self.end_of_line()?;
        if colon {
            self.mistake(
                line,
                "a field has no colon behind its name",
                "Write the name, a space and the type.",
            );
        }
        if let Some((message, hint)) = wrong {
            self.mistake(line, message, hint);
        }
        let Ok(type_name) = type_name else {
            if !colon {
                self.mistake(
                    line,
                    format!("field {} has no type", name.text),
                    "Write its type behind its name, for example String or Int?.",
                );
            }
            return Ok(None);
        };
        Ok(Some(Field { name, type_name, arity, attributes }))
    }

    fn type_name(&mut self) -> Try<TypeName<'a>> {
        let start = self.at;
        if self.symbol("Unsupported(").is_ok() {
            self.spaces();
            if let Ok((text, _)) = self.string() {
                self.spaces();
                if self.symbol(")").is_ok() {
                    return Ok(TypeName::Unsupported(text));
                }
            }
            self.at = start;
        }
        self.identifier().map(TypeName::Named)
    }

    fn field_attributes(&mut self) -> Try<Vec<Attribute<'a>>> {
        let mut attributes = Vec::new();
        loop {
            let end = self.at;
            self.spaces();
            let from = self.at;
            if self.symbol("@").is_err() {
                self.at = end;
                return Ok(attributes);
            }
            attributes.push(self.attribute(from)?);
        }
    }

    fn block_attribute(&mut self) -> Try<Attribute<'a>> {
        let from = self.at;
        self.symbol("@@")?;
        let attribute = self.attribute(from)?;
        self.end_of_line()?;
        Ok(attribute)
    }

    fn attribute(&mut self, from: usize) -> Try<Attribute<'a>> {
        self.spaces();
        let name = self.path()?;
        let end = self.at;
        self.spaces();
        let arguments = if self.rest().starts_with('(') {
            self.arguments(0)?
        } else {
            self.at = end;
            Arguments::default()
        };
        Ok(Attribute { name, arguments, at: Span { from, to: self.at } })
    }

    fn arguments(&mut self, depth: usize) -> Try<Arguments<'a>> {
        self.symbol("(")?;
        let mut arguments = Arguments::default();
        loop {
            self.spaces();
            if self.symbol(")").is_ok() {
                return Ok(arguments);
            }
            if !(arguments.list.is_empty() && arguments.without_value.is_empty()) {
                let comma = self.at;
                self.symbol(",")?;
                self.spaces();
                if self.symbol(")").is_ok() {
                    arguments.trailing_comma = Some(Span { from: comma, to: comma + 1 });
                    return Ok(arguments);
                }
            } else if self.rest().starts_with(',') {
                let comma = self.at;
                self.at += 1;
                self.spaces();
                self.symbol(")")?;
                arguments.trailing_comma = Some(Span { from: comma, to: comma + 1 });
                return Ok(arguments);
            }
            let from = self.at;
            let mut name = None;
            if let Ok(word) = self.identifier() {
                self.spaces();
                if self.symbol(":").is_ok() {
                    name = Some(word);
                } else {
                    self.at = from;
                }
            }
            let end = self.at;
            self.spaces();
            match (self.value(depth + 1), name) {
                (Ok(value), name) => {
                    let at = Span { from, to: self.at };
                    arguments.list.push(Argument { name, value, at });
                }
                (Err(NotThis), Some(name)) => {
                    self.at = end;
                    arguments.without_value.push(name);
                }
                (Err(NotThis), None) => return Err(NotThis),
            }
        }
    }

    fn value(&mut self, depth: usize) -> Try<Value<'a>> {
        let from = self.at;
        if depth > DEEPEST {
            return Err(NotThis);
        }
        match self.rest().chars().next() {
            Some('[') => {
                self.at += 1;
                let mut items = Vec::new();
                loop {
                    self.spaces();
                    if items.is_empty() && self.symbol("]").is_ok() {
                        break;
                    }
                    items.push(self.value(depth + 1)?);
                    self.spaces();
                    if self.symbol("]").is_ok() {
                        break;
                    }
                    self.symbol(",")?;
                }
                Ok(Value::Array(items, Span { from, to: self.at }))
            }
            Some('{') => {
                self.at += 1;
                let mut members = Vec::new();
                loop {
                    self.spaces();
                    if members.is_empty() && self.symbol("}").is_ok() {
                        break;
                    }
                    let name = self.identifier()?;
                    self.spaces();
                    self.symbol(":")?;
                    self.spaces();
                    members.push((name, self.value(depth + 1)?));
                    self.spaces();
                    if self.symbol("}").is_ok() {
                        break;
                    }
                    self.symbol(",")?;
                }
                Ok(Value::Object(members, Span { from, to: self.at }))
            }
            Some('"') => self.string().map(|(text, at)| Value::Text(text, at)),
            _ => {
                if let Ok(name) = self.path() {
                    let end = self.at;
                    self.spaces();
                    if self.rest().starts_with('(') {
                        let arguments = self.arguments(depth + 1)?;
                        return Ok(Value::Call(name, arguments, Span { from, to: self.at }));
                    }
                    self.at = end;
                    if !name.text.starts_with(|c: char| c.is_ascii_digit()) {
                        return Ok(Value::Constant(name));
                    }
                    self.at = from;
                }
                self.number().map(Value::Number)
            }
        }
    }

    fn number(&mut self) -> Try<Word<'a>> {
        let rest = self.rest().as_bytes();
        let digits = |from: usize| {
            rest[from.min(rest.len())..].iter().take_while(|b| b.is_ascii_digit()).count()
        };
        let sign = usize::from(rest.first() == Some(&b'-'));
        let whole = digits(sign);
        if whole == 0 {
            return Err(NotThis);
        }
        let mut len = sign + whole;
        if rest.get(len) == Some(&b'.') {
            let fraction = digits(len + 1);
            if fraction > 0 {
                len += 1 + fraction;
            }
        }
        Ok(self.take(len))
    }

    /// A text in quotes, with its escapes resolved as in JSON.
    fn string(&mut self) -> Try<(String, Span)> {
        let from = self.at;
        self.symbol("\"")?;
        let mut text = String::new();
        let inside = self.at;
        let mut chars = self.text[inside..].char_indices();
        loop {
            let (at, c) = chars.next().ok_or(NotThis)?;
            match c {
                '"' => {
                    self.at = inside + at + 1;
                    return Ok((text, Span { from, to: self.at }));
                }
                '\\' => {
                    let (_, escaped) = chars.next().ok_or(NotThis)?;
                    match escaped {
                        '"' | '\\' | '/' => text.push(escaped),
                        'b' => text.push('\u{8}'),
                        'f' => text.push('\u{c}'),
                        'n' => text.push('\n'),
                        'r' => text.push('\r'),
                        't' => text.push('\t'),
                        'u' => {
                            let rest = &self.text[inside + at..];
                            match unicode_escape(rest) {
                                Some((c, len)) => {
                                    text.push(c);
                                    while chars.clone().next().is_some_and(|(i, _)| i < at + len) {
                                        chars.next();
                                    }
                                    if c == '\0' {
                                        self.mistake(
                                            Span { from: inside + at, to: inside + at + len },
                                            "PostgreSQL stores no zero character",
                                            "Leave \\u0000 out.",
                                        );
                                    }
                                }
                                None => self.mistake(
                                    Span { from: inside + at, to: inside + at + 2 },
                                    "this is no Unicode escape",
                                    "Write \\u and four hexadecimal digits; characters above \\uffff are a pair of surrogates.",
                                ),
                            }
                        }
                        other => self.mistake(
                            Span { from: inside + at, to: inside + at + 1 + other.len_utf8() },
                            format!("\\{} is no escape", other.escape_debug()),
                            "A backslash itself is written \\\\.",
                        ),
                    }
                }
                c if c < ' ' => return Err(NotThis),
                c => text.push(c),
            }
        }
    }

    /// Words with dots between: `db.VarChar`.
    fn path(&mut self) -> Try<Word<'a>> {
        let from = self.at;
        self.identifier()?;
        while self.symbol(".").is_ok() {
            let _ = self.identifier();
        }
        Ok(Word { text: &self.text[from..self.at], at: Span { from, to: self.at } })
    }

    fn identifier(&mut self) -> Try<Word<'a>> {
        let rest = self.rest();
        if !rest.starts_with(char::is_alphanumeric) {
            return Err(NotThis);
        }
        let len = rest
            .find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '-'))
            .unwrap_or(rest.len());
        Ok(self.take(len))
    }

    fn take(&mut self, len: usize) -> Word<'a> {
        let at = Span { from: self.at, to: self.at + len };
        self.at = at.to;
        Word { text: &self.text[at.from..at.to], at }
    }

    fn symbol(&mut self, symbol: &str) -> Try<()> {
        if !self.rest().starts_with(symbol) {
            return Err(NotThis);
        }
        self.at += symbol.len();
        Ok(())
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn spaces(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start_matches(is_space).len();
    }

    fn newline(&mut self) -> bool {
        ["\r\n", "\n", "\r"].iter().any(|end| self.symbol(end).is_ok())
    }

    fn comment(&mut self) -> bool {
        let rest = self.rest();
        if rest.starts_with("//") {
            self.at += rest.find(['\n', '\r']).unwrap_or(rest.len());
            return true;
        }
        if let Some(end) = rest.strip_prefix("/*").and_then(|inside| inside.find("*/")) {
            self.at += end + 4;
            return true;
        }
        false
    }

    fn line_ends(&self) -> bool {
        let rest = self.rest();
        rest.is_empty() || rest.starts_with(['\n', '\r']) || rest.starts_with("//")
    }

    /// Perhaps one comment, and the line's end.
    fn end_of_line(&mut self) -> Try<()> {
        self.spaces();
        if self.comment() {
            self.spaces();
        }
        if self.newline() { Ok(()) } else { Err(NotThis) }
    }

    /// What is left of the line, without its end.
    fn rest_of_line(&mut self) -> Span {
        let from = self.at;
        let rest = self.rest();
        self.at += rest.find(['\n', '\r']).unwrap_or(rest.len());
        Span { from, to: self.at }
    }

    /// Whether a line that can't be read goes on in the next ones; these are
    /// skipped then.
    fn goes_on(&mut self, line: &str) -> bool {
        let mut open = brackets(line);
        if open <= 0 {
            return false;
        }
        let mut lines = self.rest().split_inclusive('\n');
        let mut end = self.at + lines.next().map_or(0, str::len);
        for line in lines {
            end += line.len();
            open += brackets(line);
            if line.trim_start().starts_with(['}', '@']) && open > 0 {
                return false;
            }
            if open <= 0 {
                self.at = end.min(self.text.len());
                self.at -= line.len() - line.trim_end().len();
                return true;
            }
        }
        false
    }

    /// `model User` with its brace on the next line: all of the block is
    /// skipped then.
    fn block_without_brace(&mut self) -> bool {
        let rest = self.rest();
        let (line, after) = rest.split_once('\n').unwrap_or((rest, ""));
        let mut words = line.split_whitespace();
        let known =
            matches!(words.next(), Some("model" | "view" | "enum" | "datasource" | "generator"));
        if !known || words.count() != 1 || !after.trim_start().starts_with('{') {
            return false;
        }
        let at = Span { from: self.at, to: self.at + line.len() };
        self.at += rest.find('}').map_or(rest.len(), |end| end + 1);
        self.mistake(
            at,
            "the opening brace is missing on this line",
            "Put it behind the name, not on a line of its own.",
        );
        true
    }

    fn begins_block(&self) -> bool {
        let line = self.rest().lines().next().unwrap_or_default();
        let mut words = line.split_whitespace();
        matches!(
            words.next(),
            Some("model" | "view" | "enum" | "type" | "datasource" | "generator")
        ) && words.nth(1).is_some_and(|brace| brace.starts_with('{'))
    }

    /// `word {` and what follows up to the closing brace.
    fn foreign_block(&mut self) -> Option<Span> {
        let from = self.at;
        let opened = self.identifier().is_ok() && {
            self.spaces();
            self.symbol("{").is_ok()
        };
        let closed = self.rest().find('}').filter(|_| opened);
        match closed {
            Some(len) => {
                self.at += len + 1;
                Some(Span { from, to: self.at })
            }
            None => {
                self.at = from;
                None
            }
        }
    }

    fn mistake(&mut self, at: Span, message: impl Into<String>, hint: impl Into<String>) {
        self.mistakes.push(Mistake { at: at.from, message: message.into(), hint: hint.into() });
    }
}

/// How many more brackets a line opens than it closes, outside of texts.
fn brackets(line: &str) -> i64 {
    let mut open = 0;
    let mut in_text = false;
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' => in_text = !in_text,
            '\\' if in_text => {
                chars.next();
            }
            '(' | '[' if !in_text => open += 1,
            ')' | ']' if !in_text => open -= 1,
            _ => {}
        }
    }
    open
}

/// Lines of a block by what they are.
#[derive(Default)]
struct Contents<'a> {
    fields: Vec<Field<'a>>,
    values: Vec<EnumValue<'a>>,
    attributes: Vec<Attribute<'a>>,
    properties: Vec<Property<'a>>,
}

/// Unicode's separators and the tab. A byte order mark is no part of the
/// language; editors put it there.
fn is_space(c: char) -> bool {
    matches!(
        c,
        ' ' | '\t' | '\u{a0}' | '\u{1680}' | '\u{2000}'
            ..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}' | '\u{feff}'
    )
}

/// The character of `\uXXXX` or of a pair of them, and its length.
fn unicode_escape(rest: &str) -> Option<(char, usize)> {
    let unit = |at: usize| {
        let digits = rest.get(at..)?.strip_prefix("\\u")?.get(..4)?;
        if !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            return None;
        }
        u16::from_str_radix(digits, 16).ok()
    };
    let first = unit(0)?;
    if let Some(c) = char::from_u32(first.into()) {
        return Some((c, 6));
    }
    let c = char::decode_utf16([first, unit(6)?]).next()?.ok()?;
    Some((c, 12))
}
