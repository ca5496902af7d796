//! Values by pattern: a tree of segments.

use std::cmp::Reverse;

use crate::{
    params::{Span, Spans},
    segments::Segments,
};

/// Values by pattern. A lookup visits no node twice, as each belongs to one depth of the path, and
/// allocates nothing up to four parameters.
#[derive(Clone)]
pub(super) struct Table<T> {
    value: Option<T>,
    literals: Segments<Table<T>>,
    /// Parameters with literal text around them, the longest text first.
    partials: Vec<(Around, Table<T>)>,
    parameter: Option<Box<Table<T>>>,
    rest: Option<T>,
}

/// The text around a parameter.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Around {
    length: usize,
    before: Box<[u8]>,
    after: Box<[u8]>,
}

impl<T> Default for Table<T> {
    fn default() -> Table<T> {
        Table {
            value: None,
            literals: Segments::default(),
            partials: Vec::new(),
            parameter: None,
            rest: None,
        }
    }
}

impl<T> Table<T> {
    /// Puts `value` at `pattern`, whose syntax is right. Gives the value that is there already,
    /// where one is: at a pattern that is the same but for the names of its parameters.
    pub(super) fn insert(&mut self, pattern: &str, value: T) -> Result<(), &T> {
        let mut node = self;
        for segment in pattern.split('/').skip(1) {
            match segment.split_once('{') {
                None => node = node.literals.get_or_default(segment.as_bytes()),
                Some(("", name)) if name.starts_with('*') => return fill(&mut node.rest, value),
                Some((before, name)) => {
                    let after = name.split_once('}').map_or("", |(_, after)| after);
                    node = node.around(before.as_bytes(), after.as_bytes());
                }
            }
        }
        fill(&mut node.value, value)
    }

    fn around(&mut self, before: &[u8], after: &[u8]) -> &mut Table<T> {
        if before.is_empty() && after.is_empty() {
            return self.parameter.get_or_insert_default();
        }
        let around = Around {
            length: before.len() + after.len(),
            before: before.into(),
            after: after.into(),
        };
        let place = self
            .partials
            .binary_search_by_key(&Reverse(&around), |(there, _)| Reverse(there))
            .unwrap_or_else(|place| {
                self.partials.insert(place, (around, Table::default()));
                place
            });
        &mut self.partials[place].1
    }

    /// The value whose pattern matches `path` from `start` on, where a `/` or nothing is. Adds the
    /// places of the parameters to `spans`.
    pub(super) fn find(&self, path: &[u8], start: usize, spans: &mut Spans) -> Option<&T> {
        let [b'/', rest @ ..] = path.get(start..)? else {
            return if start == path.len() {
                self.value.as_ref()
            } else {
                None
            };
        };
        let length = rest.iter().position(|byte| *byte == b'/');
        let segment = &rest[..length.unwrap_or(rest.len())];
        let (first, end) = (start + 1, start + 1 + segment.len());
        if let Some(node) = self.literals.get(segment)
            && let Some(found) = node.find(path, end, spans)
        {
            return Some(found);
        }
        for (around, node) in &self.partials {
            if around.fits(segment) {
                spans.push(Span::new(
                    first + around.before.len(),
                    end - around.after.len(),
                ));
                match node.find(path, end, spans) {
                    None => spans.pop(),
                    found => return found,
                };
            }
        }
        if let Some(node) = &self.parameter
            && !segment.is_empty()
        {
            spans.push(Span::new(first, end));
            match node.find(path, end, spans) {
                None => spans.pop(),
                found => return found,
            };
        }
        if self.rest.is_some() && !rest.is_empty() {
            spans.push(Span::new(first, path.len()));
            return self.rest.as_ref();
        }
        None
    }
}

impl Around {
    /// Whether `segment` is this text with something in it.
    fn fits(&self, segment: &[u8]) -> bool {
        segment.len() > self.length
            && segment.starts_with(&self.before)
            && segment.ends_with(&self.after)
    }
}

fn fill<T>(slot: &mut Option<T>, value: T) -> Result<(), &T> {
    match slot {
        Some(there) => Err(there),
        None => {
            *slot = Some(value);
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    /// How well each segment matches, less is better.
    type Rank = Vec<(u8, Reverse<Around>)>;

    /// How well `pattern` matches `path`, and its values.
    fn rank(pattern: &str, path: &str) -> Option<(Rank, Vec<String>)> {
        let (mut ranks, mut values) = (Vec::new(), Vec::new());
        let none = || Reverse(around("", ""));
        let mut segments = path.split('/').skip(1);
        for piece in pattern.split('/').skip(1) {
            if piece.starts_with("{*") {
                let rest = segments.collect::<Vec<_>>().join("/");
                ranks.push((3, none()));
                values.push(rest.clone());
                return (!rest.is_empty()).then_some((ranks, values));
            }
            let segment = segments.next()?;
            match piece.split_once('{') {
                None => {
                    ranks.push((0, none()));
                    (piece == segment).then_some(())?;
                }
                Some((before, name)) => {
                    let after = &name[name.find('}')? + 1..];
                    let value = segment.strip_prefix(before)?.strip_suffix(after)?;
                    (!value.is_empty()).then_some(())?;
                    values.push(value.to_owned());
                    let whole = before.is_empty() && after.is_empty();
                    ranks.push((if whole { 2 } else { 1 }, Reverse(around(before, after))));
                }
            }
        }
        segments.next().is_none().then_some((ranks, values))
    }

    fn around(before: &str, after: &str) -> Around {
        Around {
            length: before.len() + after.len(),
            before: before.as_bytes().into(),
            after: after.as_bytes().into(),
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(512))]

        #[test]
        fn it_finds_what_looking_at_every_pattern_finds(
            patterns in prop::collection::btree_set(
                "(/(a|b|ab|\\{x\\}|a\\{x\\}|\\{x\\}b|a\\{x\\}b)){1,3}(/|/\\{\\*y\\})?",
                1..7,
            ),
            path in "(/(a|b|ab|aab|abb|c|)){1,4}",
        ) {
            let mut table = Table::default();
            for pattern in &patterns {
                prop_assert!(table.insert(pattern, pattern.clone()).is_ok());
                prop_assert_eq!(table.insert(pattern, String::new()), Err(pattern));
            }
            let ranked: BTreeMap<_, _> = patterns
                .iter()
                .filter_map(|pattern| rank(pattern, &path).map(|(rank, v)| (rank, (pattern, v))))
                .collect();
            let mut spans = Spans::new();
            let found = table.find(path.as_bytes(), 0, &mut spans);
            let values: Vec<_> = spans.iter().map(|span| span.of(&path).unwrap_or("?").to_owned()).collect();
            let best = ranked.into_values().next();
            prop_assert_eq!(found.map(|found| (found, values)), best);
        }
    }
}
