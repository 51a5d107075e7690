//! Attributes and their arguments: each is asked for by name, and what
//! nobody asked for is a mistake.

use super::syntax::{Argument, Arguments, Attribute, Span, Value, Word};
use super::{Mistakes, list_of};

/// The attributes of one field or block.
pub struct Attributes<'a> {
    left: Vec<&'a Attribute<'a>>,
    sign: &'static str,
    known: &'static [&'static str],
}

impl<'a> Attributes<'a> {
    /// `known` are all names that are taken here; `sign` is `@` or `@@`.
    pub fn new(
        attributes: &'a [Attribute<'a>],
        sign: &'static str,
        known: &'static [&'static str],
    ) -> Self {
        Attributes { left: attributes.iter().collect(), sign, known }
    }

    /// The one attribute of this name, where there is one and it can be used.
    pub fn one(&mut self, name: &str, mistakes: &mut Mistakes) -> Option<Visit<'a>> {
        let found = self.all_named(name);
        if found.len() > 1 {
            for attribute in &found {
                mistakes.say(
                    attribute.at,
                    format!("{}{name} is here more than once", self.sign),
                    "Keep one of them.",
                );
            }
            return None;
        }
        found.first().and_then(|attribute| Visit::new(attribute, self.sign, mistakes))
    }

    /// Every attribute of this name.
    pub fn every(&mut self, name: &str, mistakes: &mut Mistakes) -> Vec<Visit<'a>> {
        let found = self.all_named(name);
        found.iter().filter_map(|a| Visit::new(a, self.sign, mistakes)).collect()
    }

    /// `@db.Text`: the attribute with a dot in its name.
    pub fn native(&mut self, mistakes: &mut Mistakes) -> Option<&'a Attribute<'a>> {
        let (dotted, left) = self.left.iter().partition(|a| a.name.text.contains('.'));
        self.left = left;
        let dotted: Vec<&'a Attribute<'a>> = dotted;
        for attribute in dotted.iter().skip(1) {
            mistakes.say(attribute.at, "a field has one native type", "Keep one of them.");
        }
        dotted.first().copied()
    }

    fn all_named(&mut self, name: &str) -> Vec<&'a Attribute<'a>> {
        let (found, left) = self.left.iter().partition(|a| a.name.text == name);
        self.left = left;
        found
    }

    /// What is left is not known here.
    pub fn finish(self, mistakes: &mut Mistakes) {
        for attribute in self.left {
            let known: Vec<String> =
                self.known.iter().map(|name| format!("{}{name}", self.sign)).collect();
            mistakes.say(
                attribute.at,
                format!("{}{} is no attribute that can stand here", self.sign, attribute.name.text),
                format!("Here can stand: {}.", list_of(&known)),
            );
        }
    }
}

/// More arguments than any attribute has.
const MOST: usize = 100;

/// One attribute, being read.
pub struct Visit<'a> {
    pub attribute: &'a Attribute<'a>,
    sign: &'static str,
    left: Vec<&'a Argument<'a>>,
    asked: Vec<&'static str>,
}

impl<'a> Visit<'a> {
    fn new(
        attribute: &'a Attribute<'a>,
        sign: &'static str,
        mistakes: &mut Mistakes,
    ) -> Option<Self> {
        let written = format!("{sign}{}", attribute.name.text);
        let usable = attribute.arguments.without_value.is_empty();
        let arguments = &attribute.arguments;
        let of_calls = arguments.list.iter().filter_map(|a| match &a.value {
            Value::Call(_, arguments, _) => Some(arguments),
            _ => None,
        });
        for arguments in std::iter::once(arguments).chain(of_calls) {
            without_value(arguments, mistakes);
            let of_items = arguments.list.iter().flat_map(|a| match &a.value {
                Value::Array(items, _) => items.as_slice(),
                _ => &[],
            });
            for item in of_items {
                if let Value::Call(_, arguments, _) = item {
                    without_value(arguments, mistakes);
                }
            }
            if let Some(at) = arguments.trailing_comma {
                mistakes.say(at, "arguments don't end with a comma", "Take the comma away.");
            }
        }
        if !usable {
            return None;
        }
        if arguments.list.len() > MOST {
            mistakes.say(
                attribute.at,
                format!("{} arguments are too many for {written}", arguments.list.len()),
                "Put several fields in brackets: [a, b].",
            );
            return None;
        }
        let mut left: Vec<&'a Argument<'a>> = Vec::new();
        for argument in &arguments.list {
            let name = argument.name.map(|n| n.text);
            if left.iter().any(|a| a.name.map(|n| n.text) == name) {
                match name {
                    Some(name) => mistakes.say(
                        argument.at,
                        format!("argument {name} is here twice"),
                        "Keep one of them.",
                    ),
                    None => mistakes.say(
                        argument.at,
                        format!("{written} has more than one argument without a name"),
                        "Put several fields in brackets: [a, b]; give each further argument its name.",
                    ),
                }
            } else {
                left.push(argument);
            }
        }
        Some(Visit { attribute, sign, left, asked: Vec::new() })
    }

    pub fn at(&self) -> Span {
        self.attribute.at
    }

    /// As it is written, `@@index`.
    pub fn written(&self) -> String {
        format!("{}{}", self.sign, self.attribute.name.text)
    }

    pub fn take(&mut self, name: &'static str) -> Option<&'a Value<'a>> {
        self.asked.push(name);
        let at = self.left.iter().position(|a| a.name.is_some_and(|n| n.text == name))?;
        Some(&self.left.remove(at).value)
    }

    /// The argument of this name, or the one without a name.
    pub fn take_first(
        &mut self,
        name: &'static str,
        mistakes: &mut Mistakes,
    ) -> Option<&'a Value<'a>> {
        let named = self.take(name);
        let unnamed =
            self.left.iter().position(|a| a.name.is_none()).map(|at| self.left.remove(at));
        match (named, unnamed) {
            (Some(_), Some(unnamed)) => {
                mistakes.say(
                    unnamed.at,
                    format!("argument {name} is here twice, once without its name"),
                    "Keep one of them.",
                );
                None
            }
            (Some(value), None) => Some(value),
            (None, unnamed) => unnamed.map(|a| &a.value),
        }
    }

    /// As [`Self::take_first`], and it has to be there.
    pub fn need_first(
        &mut self,
        name: &'static str,
        example: &str,
        mistakes: &mut Mistakes,
    ) -> Option<&'a Value<'a>> {
        let before = mistakes.count();
        let value = self.take_first(name, mistakes);
        if value.is_none() && mistakes.count() == before {
            mistakes.say(
                self.at(),
                format!("{} needs its argument {name}", self.written()),
                format!("Write {example}."),
            );
        }
        value
    }

    /// A name for the database, `map: "…"`.
    pub fn take_map(&mut self, mistakes: &mut Mistakes) -> Option<String> {
        self.take_text("map", mistakes)
    }

    /// A text that is not empty.
    pub fn take_text(&mut self, name: &'static str, mistakes: &mut Mistakes) -> Option<String> {
        let value = self.take(name)?;
        let text = text(value, mistakes)?;
        if text.is_empty() {
            mistakes.say(
                value.at(),
                format!("argument {name} is empty"),
                "Write a name, or leave the argument out.",
            );
            return None;
        }
        Some(text)
    }

    /// Whatever was not asked for is a mistake.
    pub fn finish(self, mistakes: &mut Mistakes) {
        for argument in &self.left {
            let asked: Vec<String> = self.asked.iter().map(|name| (*name).to_owned()).collect();
            let hint = if asked.is_empty() {
                "It takes none.".to_owned()
            } else {
                format!("It takes: {}.", list_of(&asked))
            };
            let what = match argument.name {
                Some(name) => format!("argument {}", name.text),
                None => "this argument".to_owned(),
            };
            mistakes.say(argument.at, format!("{} doesn't take {what}", self.written()), hint);
        }
    }
}

fn without_value(arguments: &Arguments, mistakes: &mut Mistakes) {
    for name in &arguments.without_value {
        mistakes.say(
            name.at,
            format!("argument {} has no value", name.text),
            "Write its value behind the colon, or leave it out.",
        );
    }
}

pub fn text(value: &Value, mistakes: &mut Mistakes) -> Option<String> {
    match value {
        Value::Text(text, _) => Some(text.clone()),
        other => {
            mistakes.say(
                other.at(),
                format!("here has to be a text, not {other}"),
                "Put it in double quotes.",
            );
            None
        }
    }
}

pub fn constant<'a>(value: &'a Value<'a>, mistakes: &mut Mistakes) -> Option<Word<'a>> {
    match value {
        Value::Constant(word) => Some(*word),
        other => {
            mistakes.say(
                other.at(),
                format!("here has to be a bare word, not {other}"),
                "Write it without quotes.",
            );
            None
        }
    }
}

/// The items of a list; a single value is a list of itself.
pub fn items<'a>(value: &'a Value<'a>) -> Vec<&'a Value<'a>> {
    match value {
        Value::Array(items, _) => items.iter().collect(),
        single => vec![single],
    }
}

/// Every item as a text; none where one isn't.
pub fn texts(value: &Value, mistakes: &mut Mistakes) -> Option<Vec<(String, Span)>> {
    let all: Vec<Option<(String, Span)>> =
        items(value).into_iter().map(|item| Some((text(item, mistakes)?, item.at()))).collect();
    all.into_iter().collect()
}
