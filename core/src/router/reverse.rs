//! From a route's name to a path: what `url_for_route` does.

use std::fmt::{self, Display};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::pattern::{Pattern, Piece};
use crate::{PathPolicy, Result, params::Params, path::link_start};

/// All but the unreserved characters (RFC 3986, section 2.3).
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// The same, with the `/` between segments.
const SEGMENTS: &AsciiSet = &SEGMENT.remove(b'/');

impl Params {
    /// The path of the route `name` with `values` in it, as seen from outside: behind the script
    /// name of the router that it belongs to. `path` is that of the request.
    pub(crate) fn url_for_route(
        &self,
        path: &str,
        name: &str,
        values: &[(&str, &dyn Display)],
    ) -> Result<String> {
        // The innermost router goes first, where two know the name.
        for passed in self.passed().iter().rev() {
            if let Some(pattern) = passed.routes.named(name) {
                let script_name = path.get(..passed.script_name as usize).unwrap_or("");
                return Ok(pattern.fill(script_name, values)?);
            }
        }
        let known = self
            .passed()
            .iter()
            .flat_map(|passed| passed.routes.names());
        Err(Mistake::NoRoute {
            name: name.to_owned(),
            known: known.map(str::to_owned).collect(),
        }
        .into())
    }
}

impl Pattern {
    /// The path behind `script_name` that matches with `values`.
    fn fill(&self, script_name: &str, values: &[(&str, &dyn Display)]) -> Result<String, Mistake> {
        let of_pattern = |problem| Mistake::Values {
            pattern: self.text().to_owned(),
            problem,
        };
        if let Some((extra, _)) = values
            .iter()
            .find(|(name, _)| !self.names().any(|n| n == *name))
        {
            return Err(of_pattern(format!("it has no parameter `{extra}`")));
        }
        let mut path = script_name.to_owned();
        for piece in self.pieces() {
            let (name, kept) = match piece {
                Piece::Literal(text) => {
                    path.push_str(text);
                    continue;
                }
                Piece::Parameter(name) => (name, SEGMENT),
                Piece::Rest(name) => (name, SEGMENTS),
            };
            let value = values.iter().find(|(given, _)| *given == &**name);
            let value = value.map(|(_, value)| value.to_string());
            match value {
                Some(value) if !value.is_empty() => path.extend(utf8_percent_encode(&value, kept)),
                Some(_) => return Err(of_pattern(format!("`{name}` may not be empty"))),
                None => return Err(of_pattern(format!("`{name}` has no value"))),
            }
        }
        // Dots, `\` and the like in a value cannot be said in a path.
        match PathPolicy::Strict.apply(&path) {
            Ok(_) => Ok(link_start(&path).to_owned() + &path),
            Err(reason) => Err(of_pattern(format!("with these values, {reason}"))),
        }
    }
}

/// What is wrong with an app, and not with a request: a 500.
#[derive(Debug)]
enum Mistake {
    NoRoute { name: String, known: Vec<String> },
    Values { pattern: String, problem: String },
}

impl Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Mistake::NoRoute { name, known } if known.is_empty() => {
                write!(f, "no route is named `{name}`: no route here has a name")
            }
            Mistake::NoRoute { name, known } => {
                let known = known.join("`, `");
                write!(f, "no route is named `{name}`: there are `{known}`")
            }
            Mistake::Values { pattern, problem } => {
                write!(f, "no path for the route `{pattern}`: {problem}")
            }
        }
    }
}

impl std::error::Error for Mistake {}

#[cfg(test)]
mod tests {
    use percent_encoding::percent_decode_str;
    use proptest::prelude::*;

    use super::*;
    use crate::{params::Spans, router::table::Table};

    #[test]
    fn a_link_never_names_another_host() {
        for (script_name, text, value) in [
            ("", "/{*path}", "/evil.example/x"),
            ("//evil.example", "/{*path}", "x"),
        ] {
            let pattern = Pattern::parse(text).expect("a pattern");
            let path = pattern.fill(script_name, &[("path", &value)]);
            assert_eq!(path.expect("a path"), "/.//evil.example/x");
        }
    }

    proptest! {
        /// What was put into a path is what the route finds in it.
        #[test]
        fn a_link_leads_to_its_route_with_its_values(
            text in prop::sample::select(vec!["/u/{a}", "/{a}.png/{b}", "/x-{a}/y/{*b}"]),
            a in "[a-zé/%.~+ ?\\\\]{0,4}",
            b in "[a-zé/%.~+ ?\\\\]{0,6}",
        ) {
            let pattern = Pattern::parse(text).expect("a pattern");
            let values: [(&str, &dyn Display); 2] = [("a", &a), ("b", &b)];
            let values = &values[..pattern.names().count()];
            if let Ok(path) = pattern.fill("/site", values) {
                let mut table = Table::default();
                prop_assert!(table.insert(text, ()).is_ok());
                let mut spans = Spans::new();
                prop_assert!(table.find(path.as_bytes(), "/site".len(), &mut spans).is_some());
                let found: Vec<_> = spans
                    .iter()
                    .filter_map(|span| percent_decode_str(span.of(&path)?).decode_utf8().ok())
                    .collect();
                let given: Vec<_> = [a.as_str(), b.as_str()].into_iter().take(values.len()).collect();
                prop_assert_eq!(found, given);
            } else {
                let hopeless = |value: &String| {
                    value.is_empty() || value.contains('\\')
                        || value.split('/').any(|segment| matches!(segment, "." | ".."))
                };
                prop_assert!(hopeless(&a) || hopeless(&b), "{text} {a:?} {b:?}");
            }
        }
    }
}
