//! What a bearer of a token may do: [`Scopes`].

use std::{fmt, sync::Arc};

/// What the bearer of a token may do: names, separated by spaces ([RFC 6749, section 3.3]).
///
/// The default is none. Verified credentials that have scopes leave them in the request's extensions.
///
/// ```
/// use enfilade_middleware::Scopes;
///
/// let scopes = Scopes::new("orders:read orders:write");
/// assert!(scopes.contains("orders:read"));
/// assert!(!scopes.contains("orders"));
/// ```
///
/// [RFC 6749, section 3.3]: https://www.rfc-editor.org/rfc/rfc6749#section-3.3
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scopes(Arc<str>);

impl Scopes {
    /// The scopes that `names` lists.
    ///
    /// # Panics
    ///
    /// If a name holds anything but printable ASCII, or `"` or `\`.
    #[must_use]
    #[track_caller]
    pub fn new(names: impl Into<Arc<str>>) -> Scopes {
        Scopes::checked(names).expect("a scope is printable ASCII without \" and \\")
    }

    /// The same for names that come from outside: nothing where [`Scopes::new`] would panic.
    #[must_use]
    pub fn checked(names: impl Into<Arc<str>>) -> Option<Scopes> {
        let names = names.into();
        let allowed = |byte| matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\';
        names.bytes().all(allowed).then_some(Scopes(names))
    }

    /// Whether `name` is among them.
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        self.iter().any(|scope| scope == name)
    }

    /// Whether each of `others` is among them.
    #[must_use]
    pub fn cover(&self, others: &Scopes) -> bool {
        others.iter().all(|scope| self.contains(scope))
    }

    /// The names, one by one.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.split(' ').filter(|name| !name.is_empty())
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_could_forge_a_challenge_are_refused() {
        for names in ["a\" b=\"c", "a\\", "a\tb", "a\r\nb", "é"] {
            assert_eq!(Scopes::checked(names), None, "{names:?}");
        }
    }

    #[test]
    fn scopes_cover_others_by_whole_names() {
        let scopes = Scopes::new("read  write ");
        for (others, covered) in [
            ("", true),
            ("write", true),
            ("write read", true),
            ("rea", false),
            ("READ", false),
            ("read delete", false),
        ] {
            assert_eq!(scopes.cover(&Scopes::new(others)), covered, "{others:?}");
        }
    }
}
