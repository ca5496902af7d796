//! A fixed list of tokens: [`Tokens`].

use std::fmt;

use subtle::ConditionallySelectable;

use super::{Check, Invalid};
use crate::{
    Identity, User,
    auth::{is_token68, same},
};

/// Tokens, and whose they are.
pub(super) struct Tokens(Vec<Token>);

struct Token {
    user: User,
    token: Box<str>,
}

impl Tokens {
    #[track_caller]
    pub(super) fn new<U: AsRef<str>, T: AsRef<str>>(
        tokens: impl IntoIterator<Item = (U, T)>,
    ) -> Tokens {
        let mut list: Vec<Token> = Vec::new();
        for (user, token) in tokens {
            let (user, token) = (User::new(user.as_ref()), token.as_ref());
            assert!(
                is_token68(token),
                "the token of {user} is empty or holds other than letters, digits and -._~+/"
            );
            assert!(
                list.iter().all(|known| *known.token != *token),
                "the token of {user} occurs twice"
            );
            let token = token.into();
            list.push(Token { user, token });
        }
        Tokens(list)
    }

    /// Whose token this is. Takes the same time for every outcome: all are compared, to the end.
    fn find(&self, token: &str) -> Option<&User> {
        // One past the end stands for nobody.
        let mut found = self.0.len() as u64;
        for (index, known) in (0_u64..).zip(&self.0) {
            found.conditional_assign(&index, same(known.token.as_bytes(), token.as_bytes()));
        }
        let found = usize::try_from(found).ok()?;
        self.0.get(found).map(|known| &known.user)
    }
}

impl Check for Tokens {
    fn check(&self, token: &str) -> Result<Identity, Invalid> {
        let user = self.find(token).ok_or(Invalid::unknown())?;
        Ok(Identity::new(user.clone()))
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tokens({})", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_whole_or_it_is_none() {
        let tokens = Tokens::new([("a", "abcd"), ("b", "abcde"), ("a", "xyz")]);
        for (token, user) in [
            ("abcd", Some("a")),
            ("abcde", Some("b")),
            ("xyz", Some("a")),
            ("", None),
            ("abc", None),
            ("abcdef", None),
            ("abcd\0", None),
            ("abcD", None),
            ("\0\0\0\0", None),
        ] {
            assert_eq!(tokens.find(token).map(User::name), user, "{token:?}");
        }
        assert_eq!(Tokens::new([("", ""); 0]).find(""), None);
    }

    #[test]
    fn tokens_that_cannot_be_meant_are_refused_when_they_are_set() {
        for tokens in [
            vec![("a", "")],
            vec![("a", "===")],
            vec![("a", "with space")],
            vec![("a", "ünicode")],
            vec![("", "abc")],
            vec![("a", "abc"), ("b", "abc")],
        ] {
            let refused = std::panic::catch_unwind(|| Tokens::new(tokens.clone()));
            assert!(refused.is_err(), "{tokens:?}");
        }
    }
}
