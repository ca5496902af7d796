//! The pattern of a route: literal text and parameters.

use std::borrow::Cow;

use crate::PathPolicy;

/// A pattern, read.
#[derive(Clone, Debug)]
pub(crate) struct Pattern {
    text: Box<str>,
    pieces: Box<[Piece]>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Piece {
    Literal(Box<str>),
    /// Some or all of a segment.
    Parameter(Box<str>),
    /// All segments that are left.
    Rest(Box<str>),
}

impl Pattern {
    /// Reads `text`, or says what is wrong with it.
    pub(super) fn parse(text: &str) -> Result<Pattern, String> {
        if !text.starts_with('/') {
            return Err(format!("a pattern begins with `/`: write `/{text}`"));
        }
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some(open) = rest.find(['{', '}']) {
            if !rest[open..].starts_with('{') {
                return Err("a `}` has no `{` before it".into());
            }
            let close = rest[open..].find('}').ok_or("a `{` has no `}` behind it")?;
            let name = &rest[open + 1..open + close];
            pieces.extend((open > 0).then(|| Piece::Literal(rest[..open].into())));
            pieces.push(parameter(name)?);
            rest = &rest[open + close + 1..];
        }
        pieces.extend((!rest.is_empty()).then(|| Piece::Literal(rest.into())));
        check_places(&pieces)?;
        check_names(&pieces)?;
        check_literals(&pieces)?;
        Ok(Pattern {
            text: text.into(),
            pieces: pieces.into(),
        })
    }

    /// That of a mount: `prefix` has been checked.
    pub(super) fn of_mount(prefix: &str) -> Pattern {
        let text = if prefix.is_empty() { "/" } else { prefix };
        Pattern {
            text: text.into(),
            pieces: [Piece::Literal(text.into())].into(),
        }
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn pieces(&self) -> &[Piece] {
        &self.pieces
    }

    /// The names of the parameters, in order.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.pieces.iter().filter_map(Piece::name)
    }

    /// The literal segments that every path begins with that matches; a `/` may be left at its end.
    pub(super) fn literal_start(&self) -> &str {
        match &self.pieces[..] {
            [Piece::Literal(all)] => all,
            [Piece::Literal(start), ..] => &start[..start.rfind('/').map_or(0, |slash| slash + 1)],
            _ => "",
        }
    }
}

impl Piece {
    fn name(&self) -> Option<&str> {
        match self {
            Piece::Literal(_) => None,
            Piece::Parameter(name) | Piece::Rest(name) => Some(name),
        }
    }
}

fn parameter(name: &str) -> Result<Piece, String> {
    let bare = name.strip_prefix('*').unwrap_or(name);
    if bare.is_empty() {
        return Err(format!("`{{{name}}}` has no name"));
    }
    if !bare
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    {
        return Err(format!(
            "`{{{name}}}` is no parameter: write `{{name}}`, or `{{*name}}` for all that is left, \
             with letters, digits and `_`; a brace itself is written `%7B` or `%7D`"
        ));
    }
    Ok(if bare.len() < name.len() {
        Piece::Rest(bare.into())
    } else {
        Piece::Parameter(bare.into())
    })
}

fn check_places(pieces: &[Piece]) -> Result<(), String> {
    for (n, piece) in pieces.iter().enumerate() {
        let before = n.checked_sub(1).map(|before| &pieces[before]);
        let whole = matches!(before, Some(Piece::Literal(text)) if text.ends_with('/'));
        match piece {
            Piece::Rest(name) if !whole || n + 1 < pieces.len() => {
                return Err(format!("`{{*{name}}}` stands behind a `/` and at the end"));
            }
            Piece::Parameter(name) if shares_its_segment(&pieces[..n]) => {
                return Err(format!(
                    "`{{{name}}}` is the second parameter of its segment"
                ));
            }
            Piece::Literal(text) => {
                // A literal that follows a parameter begins within a segment.
                let segments = text.split('/').skip(usize::from(n > 0));
                for segment in segments {
                    if let Some(name) = segment.strip_prefix([':', '*']) {
                        return Err(format!("`{segment}` is no parameter: write `{{{name}}}`"));
                    }
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// Whether a parameter stands behind the last `/` of `before`.
fn shares_its_segment(before: &[Piece]) -> bool {
    match before {
        [.., Piece::Literal(text)] if text.contains('/') => false,
        [.., Piece::Parameter(_), Piece::Literal(_)] | [.., Piece::Parameter(_)] => true,
        _ => false,
    }
}

fn check_names(pieces: &[Piece]) -> Result<(), String> {
    let names: Vec<_> = pieces.iter().filter_map(Piece::name).collect();
    for (n, name) in names.iter().enumerate() {
        if names[..n].contains(name) {
            return Err(format!("two parameters are named `{name}`"));
        }
    }
    Ok(())
}

/// Refuses what no canonical path can match, and says what to write.
fn check_literals(pieces: &[Piece]) -> Result<(), String> {
    let stand_in = |n: usize| format!("~{n}~");
    let mut path = String::new();
    for (n, piece) in pieces.iter().enumerate() {
        match piece {
            Piece::Literal(text) => path.push_str(text),
            _ => path.push_str(&stand_in(n)),
        }
    }
    if path.contains(['?', '#']) {
        return Err("a pattern is a path, without query and fragment".into());
    }
    match PathPolicy::Canonical.apply(&path) {
        Ok(Cow::Borrowed(_)) => Ok(()),
        Ok(Cow::Owned(mut canonical)) => {
            for (n, piece) in pieces.iter().enumerate() {
                let parameter = match piece {
                    Piece::Literal(_) => continue,
                    Piece::Parameter(name) => format!("{{{name}}}"),
                    Piece::Rest(name) => format!("{{*{name}}}"),
                };
                canonical = canonical.replace(&stand_in(n), &parameter);
            }
            Err(format!("no path is spelled so: write `{canonical}`"))
        }
        Err(reason) => Err(reason.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_syntax_is_refused_and_the_message_says_what_to_write() {
        for (pattern, says) in [
            ("", "write `/`"),
            ("users", "write `/users`"),
            ("{id}", "write `/{id}`"),
            ("/{id", "no `}`"),
            ("/id}", "no `{`"),
            ("/{}", "no name"),
            ("/{*}", "no name"),
            ("/{{id}}", "%7B"),
            ("/{id:[0-9]+}", "write `{name}`"),
            ("/{a/b}", "write `{name}`"),
            ("/:id", "write `{id}`"),
            ("/users/:id/x", "write `{id}`"),
            ("/*rest", "write `{rest}`"),
            ("/{*rest}/x", "at the end"),
            ("/x{*rest}", "at the end"),
            ("/{a}{b}", "second parameter"),
            ("/{a}-{b}", "second parameter"),
            ("/{a}/{a}", "two parameters"),
            ("/a/../{b}", "write `/{b}`"),
            ("/%7e{b}/%c3", "write `/~{b}/%C3`"),
            ("/café/{*b}", "write `/caf%C3%A9/{*b}`"),
            ("/a\\b", "backslash"),
            ("/a?b={b}", "query"),
        ] {
            let message = Pattern::parse(pattern).expect_err(pattern);
            assert!(message.contains(says), "{pattern}: {message}");
        }
    }

    #[test]
    fn a_pattern_is_read_into_its_pieces() {
        let pattern = Pattern::parse("/a/img-{id}.png/{x}/{*rest}").expect("a pattern");
        assert_eq!(pattern.names().collect::<Vec<_>>(), ["id", "x", "rest"]);
        assert_eq!(pattern.pieces()[0], Piece::Literal("/a/img-".into()));
        assert_eq!(pattern.pieces()[2], Piece::Literal(".png/".into()));
    }

    #[test]
    fn the_literal_start_is_whole_segments() {
        for (pattern, start) in [
            ("/", "/"),
            ("/a/b", "/a/b"),
            ("/a/{b}", "/a/"),
            ("/a/b{c}", "/a/"),
            ("/{a}/b", "/"),
        ] {
            let pattern = Pattern::parse(pattern).expect(pattern);
            assert_eq!(pattern.literal_start(), start);
        }
    }
}
