//! When two expressions that read differently are the same.
//!
//! The server's deparser and parser are no exact inverse of each other: what
//! it prints of a schema, read again, may print differently. So a dump that
//! was restored, or declared, differs in spelling from the schema that it was
//! taken of. The known cases are brought to one form here:
//! `(ARRAY['a'::varchar])::text[]` becomes `ARRAY[('a'::varchar)::text]`, and
//! `((a AND b) AND c)` becomes `(a AND b AND c)`. So is the empty array,
//! which people write one way and tools the other. Everything else counts, to
//! the letter of every literal and name; only white space doesn't.

use sqlparser::dialect::PostgreSqlDialect;
use sqlparser::tokenizer::{Token, Tokenizer};

/// Attributes that hold what the server deparsed.
const DEPARSED: &[&str] = &["expression", "default", "definition", "generated", "using", "check"];

/// Whether an attribute's two texts say the same.
pub fn same(attribute: &str, a: &str, b: &str) -> bool {
    a == b
        || DEPARSED.contains(&attribute)
            && matches!((canonical(a), canonical(b)), (Some(a), Some(b)) if a == b)
}

/// What a text consists of, in the same form; None where it doesn't parse.
pub fn tokens(text: &str) -> Option<Vec<String>> {
    fn collect(nodes: Vec<Node>, out: &mut Vec<String>) {
        for node in nodes {
            match node {
                Node::Token(token) => out.push(token),
                Node::Group(open, inner) => {
                    out.push(open.to_string());
                    collect(inner, out);
                    // Which group ends is told by which began.
                    out.push(")".to_owned());
                }
            }
        }
    }
    let mut out = Vec::new();
    collect(canonical(text)?, &mut out);
    Some(out)
}

#[derive(Clone, Debug, PartialEq)]
enum Node {
    Token(String),
    /// What stands in parentheses or brackets.
    Group(char, Vec<Node>),
}

fn canonical(text: &str) -> Option<Vec<Node>> {
    let tokens =
        Tokenizer::new(&PostgreSqlDialect {}, text).with_unescape(false).tokenize().ok()?;
    let mut tokens = tokens.into_iter().filter(|t| !matches!(t, Token::Whitespace(_)));
    let nodes = group(&mut tokens, None)?;
    Some(simplify(nodes))
}

/// Tokens up to a closing one; None where they don't pair.
fn group(tokens: &mut impl Iterator<Item = Token>, until: Option<&Token>) -> Option<Vec<Node>> {
    let mut nodes = Vec::new();
    loop {
        let Some(token) = tokens.next() else { return until.is_none().then_some(nodes) };
        match token {
            Token::LParen => nodes.push(Node::Group('(', group(tokens, Some(&Token::RParen))?)),
            Token::LBracket => nodes.push(Node::Group('[', group(tokens, Some(&Token::RBracket))?)),
            Token::RParen | Token::RBracket => return (until == Some(&token)).then_some(nodes),
            other => nodes.push(Node::Token(other.to_string())),
        }
    }
}

fn simplify(nodes: Vec<Node>) -> Vec<Node> {
    let inner = nodes.into_iter().map(|node| match node {
        Node::Group(kind, nodes) => match simplify(nodes) {
            // ((x)) is (x).
            mut one if kind == '(' && matches!(one[..], [Node::Group('(', _)]) => one.remove(0),
            nodes => Node::Group(kind, nodes),
        },
        token => token,
    });
    let mut nodes = cast_elements(empty_arrays(inner.collect()));
    // JOIN … ON TRUE comes back as ON (true).
    for i in 1..nodes.len() {
        if is(nodes.get(i - 1), "ON") && is(nodes.get(i), "true") {
            nodes[i] = Node::Group('(', vec![Node::Token("true".into())]);
        }
    }
    flatten("OR", flatten("AND", nodes))
}

fn is(node: Option<&Node>, word: &str) -> bool {
    matches!(node, Some(Node::Token(t)) if t.eq_ignore_ascii_case(word))
}

/// `ARRAY[]::type[]` becomes `'{}'::type[]`.
fn empty_arrays(mut nodes: Vec<Node>) -> Vec<Node> {
    let empty = Node::Group('[', Vec::new());
    while let Some(at) =
        (1..nodes.len()).find(|&i| nodes[i] == empty && is(nodes.get(i - 1), "ARRAY"))
    {
        nodes.splice(at - 1..=at, [Node::Token("'{}'".into())]);
    }
    nodes
}

/// A cast of an array becomes a cast of each element.
fn cast_elements(nodes: Vec<Node>) -> Vec<Node> {
    let mut out = Vec::new();
    let mut at = 0;
    while at < nodes.len() {
        if let Some((elements, type_name, next)) = array_cast(&nodes, at) {
            out.push(Node::Token("ARRAY".into()));
            let mut cast = Vec::new();
            for (i, element) in elements.split(|n| is(Some(n), ",")).enumerate() {
                if i > 0 {
                    cast.push(Node::Token(",".into()));
                }
                cast.push(match element {
                    [one @ Node::Group('(', _)] => one.clone(),
                    many => Node::Group('(', many.to_vec()),
                });
                cast.push(Node::Token("::".into()));
                cast.extend(type_name.iter().cloned());
            }
            out.push(Node::Group('[', cast));
            at = next;
        } else {
            out.push(nodes[at].clone());
            at += 1;
        }
    }
    out
}

/// `(ARRAY[elements])::type[]` at a place: elements, type, and what comes after.
fn array_cast(nodes: &[Node], at: usize) -> Option<(&[Node], &[Node], usize)> {
    let Node::Group('(', array) = nodes.get(at)? else { return None };
    let [word, Node::Group('[', elements)] = &array[..] else { return None };
    if !is(Some(word), "ARRAY") || !is(nodes.get(at + 1), "::") || elements.is_empty() {
        return None;
    }
    let from = at + 2;
    let length = nodes[from..].iter().position(|n| *n == Node::Group('[', Vec::new()))?;
    let type_name = &nodes[from..from + length];
    let is_type = !type_name.is_empty()
        && type_name.iter().all(|n| match n {
            Node::Token(t) => {
                t == "." || t.starts_with(['"', '_']) || t.starts_with(char::is_alphabetic)
            }
            Node::Group('(', _) => true,
            Node::Group(..) => false,
        });
    is_type.then_some((elements, type_name, from + length + 1))
}

/// `(a AND b) AND c` becomes `a AND b AND c`, where all of them stand in
/// parentheses, as the server prints them.
fn flatten(operator: &str, nodes: Vec<Node>) -> Vec<Node> {
    if !joined_by(operator, &nodes) {
        return nodes;
    }
    let mut out = Vec::new();
    for node in nodes {
        match node {
            Node::Group('(', inner) if joined_by(operator, &inner) => out.extend(inner),
            other => out.push(other),
        }
    }
    out
}

fn joined_by(operator: &str, nodes: &[Node]) -> bool {
    nodes.len() >= 3
        && nodes.len() % 2 == 1
        && nodes.iter().enumerate().all(|(i, node)| {
            if i % 2 == 1 { is(Some(node), operator) } else { matches!(node, Node::Group('(', _)) }
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_server_prints_twice_is_the_same() {
        for (a, b) in [
            (
                "((c)::text = ANY ((ARRAY['x'::character varying, 'y'::character varying])::text[]))",
                "((c)::text = ANY (ARRAY[('x'::character varying)::text, ('y'::character varying)::text]))",
            ),
            ("(((a > 1) AND (b > 2)) AND (c > 3))", "((a > 1) AND (b > 2) AND (c > 3))"),
            ("((a > 1) OR ((b > 2) OR (c > 3)))", "((a > 1) OR (b > 2) OR (c > 3))"),
            (" SELECT a\n   FROM t", "SELECT a FROM t"),
            ("(t LEFT JOIN u ON TRUE)", "(t LEFT JOIN u ON (true))"),
            ("ARRAY[]::text[]", "'{}'::text[]"),
            ("COALESCE(a, (ARRAY[]::integer[])[1])", "COALESCE(a, ('{}'::integer[])[1])"),
        ] {
            assert!(same("expression", a, b), "{a}\n{b}");
        }
    }

    #[test]
    fn what_differs_differs() {
        for (a, b) in [
            ("(((a > 1) AND (b > 2)) OR (c > 3))", "((a > 1) AND ((b > 2) OR (c > 3)))"),
            ("(a - (b - c))", "((a - b) - c)"),
            ("(v = 'a b'::text)", "(v = 'a  b'::text)"),
            ("(v = 'A'::text)", "(v = 'a'::text)"),
            ("(\"A\" = 1)", "(a = 1)"),
            ("ARRAY[]::text[]", "'{}'::integer[]"),
            ("ARRAY[]::text[]", "'{a}'::text[]"),
            ("\"ARRAY\"[]", "'{}'"),
            (
                "((c)::text = ANY ((ARRAY['x'::character varying])::text[]))",
                "((c)::text = ANY (ARRAY[('y'::character varying)::text]))",
            ),
            (
                "sum(x) OVER (ROWS BETWEEN 1 PRECEDING AND 2 FOLLOWING)",
                "sum(x) OVER (ROWS BETWEEN 2 PRECEDING AND 1 FOLLOWING)",
            ),
        ] {
            assert!(!same("definition", a, b), "{a}\n{b}");
        }
    }

    #[test]
    fn a_function_body_is_compared_to_the_letter() {
        assert!(!same("body", "SELECT 1", "SELECT  1"));
    }
}
