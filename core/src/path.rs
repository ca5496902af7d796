//! The canonical path: one spelling for what a client asked for, before anything looks at it.
//!
//! Two spellings of one path are how a guard sees another path than the app behind it. So a host
//! settles the path once, at the edge, and every middleware, mount and app sees the same one:
//!
//! * Unreserved characters (RFC 3986, section 2.3) stand for themselves: `%7Euser` is `~user`.
//! * Hexadecimal digits of an escape are upper case: `%c3%a9` is `%C3%A9`.
//! * What may not stand in a path, such as text outside of ASCII, is escaped: `é` is `%C3%A9`.
//! * Dot segments are resolved (section 5.2.4), also escaped ones: `/a/%2E%2E/b` is `/b`.
//! * `%2F` stays as it is. It is a character of a segment and never splits one.
//! * `//` stays as it is. An empty segment is a segment.
//!
//! What has no canonical form is refused with 400: see [`PathError`].

use std::{borrow::Cow, fmt};

mod admit;
mod rewrite;
mod scan;

#[cfg(feature = "lint")]
pub(crate) use admit::is_split;

/// What is done about a path that is not canonical.
///
/// [`Gateway::with_path_policy`](crate::Gateway::with_path_policy) sets it for a host. The default
/// is `Canonical`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PathPolicy {
    /// It is made canonical; what has no canonical form is refused with 400.
    #[default]
    Canonical,
    /// It is refused with 400.
    Strict,
    /// It is passed on as it is, whatever it holds. Then a guard by prefix can be walked around by
    /// another spelling, and a path may climb with `..`: for apps that must see what was sent, and
    /// that check every path themselves.
    Raw,
}

impl PathPolicy {
    /// `path` as this policy wants it. One that is canonical already, as nearly all are, costs one
    /// scan and no allocation.
    ///
    /// ```
    /// use enfilade_core::{PathError, PathPolicy};
    ///
    /// let canonical = |path| PathPolicy::Canonical.apply(path);
    /// assert_eq!(canonical("/%7Eme/./notes").unwrap(), "/~me/notes");
    /// assert_eq!(canonical("/a%2fb//c").unwrap(), "/a%2Fb//c");
    /// assert_eq!(canonical("/a/%2e%2e/.."), Err(PathError::AboveRoot));
    /// assert_eq!(PathPolicy::Strict.apply("/%7Eme"), Err(PathError::NotCanonical));
    /// assert_eq!(PathPolicy::Raw.apply("/../x").unwrap(), "/../x");
    /// ```
    ///
    /// # Errors
    ///
    /// Where the policy refuses it.
    pub fn apply(self, path: &str) -> Result<Cow<'_, str>, PathError> {
        if matches!(self, PathPolicy::Raw) || scan::is_canonical(path) {
            return Ok(Cow::Borrowed(path));
        }
        let canonical = rewrite::rewrite(path)?;
        match self {
            PathPolicy::Strict => Err(PathError::NotCanonical),
            _ => Ok(Cow::Owned(canonical)),
        }
    }
}

/// What stands in front of `path` in a link: two slashes would begin the name of a host (RFC 3986,
/// section 4.2), and a dot segment is no part of what the client then asks for.
pub(crate) fn link_start(path: &str) -> &'static str {
    if path.starts_with("//") { "/." } else { "" }
}

/// Why a path is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PathError {
    /// It does not begin with `/`.
    NotAbsolute,
    /// Its dot segments lead above the root, or out of the prefix that an outer server serves.
    AboveRoot,
    /// A `%` without two hexadecimal digits.
    BadEscape,
    /// `\` or `%5C`, which some systems take for `/`.
    Backslash,
    /// A control character, or `%00`.
    Control,
    /// It has a canonical form, and it is not this one: only where the policy is strict.
    NotCanonical,
}

impl fmt::Display for PathError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            PathError::NotAbsolute => "the path does not begin with `/`",
            PathError::AboveRoot => "the dot segments of the path lead too high",
            PathError::BadEscape => "a `%` in the path is not followed by two hexadecimal digits",
            PathError::Backslash => "the path holds a backslash",
            PathError::Control => "the path holds a control character",
            PathError::NotCanonical => "the path is not canonical",
        })
    }
}

impl std::error::Error for PathError {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn canonical(path: &str) -> Result<Cow<'_, str>, PathError> {
        PathPolicy::Canonical.apply(path)
    }

    #[test]
    fn what_has_no_canonical_form_is_refused() {
        for (path, error) in [
            ("", PathError::NotAbsolute),
            ("*", PathError::NotAbsolute),
            ("a/b", PathError::NotAbsolute),
            ("/..", PathError::AboveRoot),
            ("/.%2E", PathError::AboveRoot),
            ("/%2e%2e/etc/passwd", PathError::AboveRoot),
            ("/a/../../b", PathError::AboveRoot),
            ("/a/..//../..", PathError::AboveRoot),
            ("/%", PathError::BadEscape),
            ("/%2", PathError::BadEscape),
            ("/%zz", PathError::BadEscape),
            ("/%u0041", PathError::BadEscape),
            ("/%%32%65", PathError::BadEscape),
            ("/%+1", PathError::BadEscape),
            ("/a\\b", PathError::Backslash),
            ("/a%5cb", PathError::Backslash),
            ("/..%5C..", PathError::Backslash),
            ("/a%00.png", PathError::Control),
            ("/a\0", PathError::Control),
            ("/a\r\nb", PathError::Control),
            ("/a\x7f", PathError::Control),
        ] {
            assert_eq!(canonical(path), Err(error), "{path:?}");
        }
    }

    #[test]
    fn one_spelling_is_left() {
        for (path, expected) in [
            ("/%41%7a%30%2d%2E%5f%7e", "/Az0-._~"),
            ("/%c3%a9", "/%C3%A9"),
            ("/é", "/%C3%A9"),
            ("/a b|\"{}", "/a%20b%7C%22%7B%7D"),
            ("/a%2fb", "/a%2Fb"),
            ("/..%2fb", "/..%2Fb"),
            ("/%252e%2e%252E/", "/%252e.%252E/"),
            ("/a//../b", "/a/b"),
            ("//..", "/"),
            ("/.", "/"),
            ("/a/.", "/a/"),
            ("/a/..", "/"),
            ("/a/./b/../c", "/a/c"),
            ("/a/b/%2e%2E", "/a/"),
            ("/.//./a", "//a"),
        ] {
            assert_eq!(canonical(path).as_deref(), Ok(expected), "{path:?}");
        }
    }

    #[test]
    fn what_is_canonical_is_borrowed() {
        for path in [
            "/",
            "//",
            "/a//",
            "/a.b/...",
            "/.well-known/x",
            "/..a/.b.",
            "/a%2F%20%C3%A9%25",
            "/a;v=1,2/b:c@d",
            "/!$&'()*+,;=",
            "/%0A",
        ] {
            assert!(matches!(canonical(path), Ok(Cow::Borrowed(_))), "{path:?}");
            assert!(PathPolicy::Strict.apply(path).is_ok(), "{path:?}");
        }
    }

    #[test]
    fn strict_refuses_what_canonical_would_mend_and_raw_passes_all() {
        let strict = |path| PathPolicy::Strict.apply(path);
        assert_eq!(strict("/a/./b"), Err(PathError::NotCanonical));
        assert_eq!(strict("/.."), Err(PathError::AboveRoot));
        assert_eq!(
            PathPolicy::Raw.apply("/%zz/..\\").as_deref(),
            Ok("/%zz/..\\")
        );
    }

    /// Paths out of the pieces that matter, so that most draws meet a rule.
    fn paths() -> impl Strategy<Value = String> {
        let piece = prop::sample::select(vec![
            "/", ".", "..", "%2e", "%2E", "%2f", "%2F", "%5C", "\\", "%00", "%25", "%7e", "%C3",
            "é", "%", "a", "B", "~", ";", "%61", "//", "{", "%0a", "\t", "2", "e",
        ]);
        prop::collection::vec(piece, 0..12).prop_map(|pieces| format!("/{}", pieces.concat()))
    }

    /// The bytes that a segment stands for.
    fn decoded(segment: &str) -> Vec<u8> {
        percent_encoding::percent_decode_str(segment).collect()
    }

    fn below(path: &str, prefix: &str) -> bool {
        path.strip_prefix(prefix)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// `path` with the unreserved characters escaped that `choice` picks, in lower case.
    fn respelled(path: &str, choice: &[bool]) -> String {
        let mut out = String::new();
        let mut escape = 0;
        for (n, c) in path.chars().enumerate() {
            if c == '%' {
                escape = 3;
            }
            if escape == 0 && scan::is_unreserved(c as u8) && choice[n % choice.len()] {
                out.push_str(&format!("%{:02x}", c as u8));
            } else {
                out.push(c);
            }
            escape = i32::max(escape - 1, 0);
        }
        out
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4_000))]

        #[test]
        fn canonical_is_idempotent_and_canonical_paths_are_borrowed(path in paths()) {
            if let Ok(once) = canonical(&path) {
                let again = canonical(&once);
                prop_assert!(matches!(again, Ok(Cow::Borrowed(same)) if same == once));
                prop_assert_eq!(once == path, matches!(once, Cow::Borrowed(_)));
            }
        }

        #[test]
        fn no_segment_is_added_and_none_grows(path in paths()) {
            if let Ok(canonical) = canonical(&path) {
                let sent: Vec<_> = path.split('/').map(decoded).collect();
                let kept: Vec<_> = canonical.split('/').map(decoded).collect();
                prop_assert!(kept.len() <= sent.len());
                // Every segment that is left was sent, in this order; dots at the end leave an
                // empty one.
                let mut rest = sent.iter();
                for (n, segment) in kept.iter().enumerate() {
                    let empty_end = n + 1 == kept.len() && segment.is_empty();
                    prop_assert!(empty_end || rest.any(|sent| sent == segment));
                }
            }
        }

        #[test]
        fn nothing_stands_above_the_root(path in paths()) {
            if let Ok(canonical) = canonical(&path) {
                prop_assert!(canonical.starts_with('/'));
                for segment in canonical.split('/').map(decoded) {
                    prop_assert!(segment != b"." && segment != b"..");
                    prop_assert!(!segment.contains(&0) && !segment.contains(&b'\\'));
                }
            }
        }

        #[test]
        fn all_spellings_of_a_path_split_the_same_for_every_prefix(
            path in paths(),
            choice in prop::collection::vec(any::<bool>(), 1..40),
            prefix in prop::sample::select(vec!["", "/a", "/B", "/a/B", "/~", "/a~", "/%2F"]),
        ) {
            if let Ok(once) = canonical(&path) {
                let other = respelled(&once, &choice);
                let again = canonical(&other);
                prop_assert_eq!(again.as_deref(), Ok(&*once));
                let split = again.is_ok_and(|path| below(&path, prefix));
                prop_assert_eq!(split, below(&once, prefix));
            }
        }

        #[test]
        fn no_text_makes_it_panic(path in any::<String>()) {
            for policy in [PathPolicy::Canonical, PathPolicy::Strict, PathPolicy::Raw] {
                let _ = policy.apply(&path);
            }
        }
    }
}
