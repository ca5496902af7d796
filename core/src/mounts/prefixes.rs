//! Values by path prefix, the longest first: a tree of segments.

use crate::segments::Segments;

/// Values by path prefix. A lookup goes down the tree as far as the path's segments lead, and
/// allocates nothing.
#[derive(Clone)]
pub(crate) struct Prefixes<T> {
    value: Option<T>,
    below: Segments<Prefixes<T>>,
}

impl<T> Default for Prefixes<T> {
    fn default() -> Prefixes<T> {
        Prefixes {
            value: None,
            below: Segments::default(),
        }
    }
}

impl<T> Prefixes<T> {
    /// Puts `value` at `prefix`, whole segments with a `/` before each, or nothing for the root.
    /// Gives the value that is there already, where one is.
    pub(crate) fn insert(&mut self, prefix: &str, value: T) -> Result<(), &T> {
        let mut node = self;
        for segment in prefix.split('/').skip(1) {
            node = node.below.get_or_default(segment.as_bytes());
        }
        match node.value {
            Some(ref there) => Err(there),
            None => {
                node.value = Some(value);
                Ok(())
            }
        }
    }

    /// The value at the longest prefix of `path` that is whole segments, and its length.
    pub(crate) fn find(&self, path: &str) -> Option<(usize, &T)> {
        let path = path.as_bytes();
        let mut node = self;
        let mut end = 0;
        let mut longest = self.value.as_ref().map(|value| (0, value));
        while let Some([b'/', rest @ ..]) = path.get(end..)
            && !node.below.is_empty()
        {
            let length = rest.iter().position(|byte| *byte == b'/');
            let segment = &rest[..length.unwrap_or(rest.len())];
            let Some(below) = node.below.get(segment) else {
                break;
            };
            node = below;
            end += 1 + segment.len();
            if let Some(value) = &node.value {
                longest = Some((end, value));
            }
        }
        longest
    }

    /// The prefixes and their values; those below a prefix before it.
    pub(crate) fn iter(&self) -> Box<dyn Iterator<Item = (String, &T)> + '_> {
        let below = self.below.iter().flat_map(|(segment, node)| {
            let segment = String::from_utf8_lossy(segment);
            node.iter()
                .map(move |(rest, value)| (format!("/{segment}{rest}"), value))
        });
        let here = self.value.iter().map(|value| (String::new(), value));
        Box::new(below.chain(here))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_prefix_is_taken_once() {
        let mut prefixes = Prefixes::default();
        assert_eq!(prefixes.insert("/a/b", 1), Ok(()));
        assert_eq!(prefixes.insert("/a", 2), Ok(()));
        assert_eq!(prefixes.insert("", 3), Ok(()));
        assert_eq!(prefixes.insert("/a/b", 4), Err(&1));
        let all: Vec<_> = prefixes.iter().collect();
        assert_eq!(
            all,
            [("/a/b".into(), &1), ("/a".into(), &2), (String::new(), &3)]
        );
    }

    proptest! {
        #[test]
        fn it_finds_what_looking_at_every_prefix_finds(
            prefixes in prop::collection::btree_set("(/[ab]{1,2}){0,3}", 0..12),
            path in "(/[ab]{0,2}){0,5}|\\*",
        ) {
            let mut tree = Prefixes::default();
            for prefix in &prefixes {
                prop_assert!(tree.insert(prefix, prefix.clone()).is_ok());
            }
            let longest = prefixes
                .iter()
                .filter(|prefix| {
                    path.strip_prefix(&***prefix)
                        .is_some_and(|rest| prefix.is_empty() || rest.is_empty() || rest.starts_with('/'))
                })
                .max_by_key(|prefix| prefix.len());
            prop_assert_eq!(tree.find(&path), longest.map(|prefix| (prefix.len(), prefix)));
        }
    }
}
