//! Names with a sign for any characters: `%`. Everything else stands for
//! itself, `_` too, which half of all names hold.

/// Whether `%`-separated pieces follow each other in `name`: the first at its
/// start, the last at its end.
pub fn like(name: &str, pattern: &str) -> bool {
    let Some((first, others)) = pattern.split_once('%') else {
        return name == pattern;
    };
    let Some(mut rest) = name.strip_prefix(first) else {
        return false;
    };
    let (middle, last) = others.rsplit_once('%').unwrap_or(("", others));
    for piece in middle.split('%').filter(|p| !p.is_empty()) {
        match rest.find(piece) {
            Some(at) => rest = &rest[at + piece.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}
