//! Who is asking: [`User`], the name that an authentication has proved.

use std::{fmt, sync::Arc};

use http::Extensions;

use crate::Request;

/// The name of the user that an authentication has proved, as a typed extension.
///
/// Authentication puts it into the request's extensions, for the app behind, and into the
/// response's, for what stands outside and logs on the way out. So does a host whose web server has
/// authenticated the user, where it is told to trust it. It is cheap to clone. The name is
/// whatever the source of accounts calls the user: it may hold any character but control
/// characters, so escape it where it is shown.
///
/// ```
/// use enfilade_core::{Error, Request, Result, User};
///
/// async fn whoami(request: Request) -> Result<String> {
///     let user = User::of(&request).ok_or_else(Error::unauthorized)?;
///     Ok(format!("you are {user}"))
/// }
/// # let _ = |request: Request| whoami(request);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct User(Arc<str>);

impl User {
    /// A user of this name: for middleware that authenticates by other means.
    ///
    /// # Panics
    ///
    /// If the name is empty or holds control characters: it would not be safe in a log.
    #[must_use]
    #[track_caller]
    pub fn new(name: impl Into<Arc<str>>) -> User {
        User::checked(name).expect("a user's name is not empty and holds no control characters")
    }

    /// The same for names that come from outside: nothing where [`User::new`] would panic.
    #[must_use]
    pub fn checked(name: impl Into<Arc<str>>) -> Option<User> {
        let name = name.into();
        let printable = !name.is_empty() && !name.chars().any(char::is_control);
        printable.then_some(User(name))
    }

    /// The user of `request`, where it passed an authentication.
    #[must_use]
    pub fn of(request: &Request) -> Option<&User> {
        User::in_extensions(request.extensions())
    }

    /// The user in the extensions of a request or a response.
    #[must_use]
    pub fn in_extensions(extensions: &Extensions) -> Option<&User> {
        extensions.get()
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_could_forge_a_log_line_is_refused() {
        for name in ["", "eve\n", "a\0b", "\u{7f}", "c1\u{85}"] {
            assert_eq!(User::checked(name), None, "{name:?}");
        }
        assert_eq!(User::new("Zoë").to_string(), "Zoë");
    }

    #[test]
    fn the_user_of_a_request_is_the_one_in_its_extensions() {
        let mut request = Request::default();
        assert_eq!(User::of(&request), None);
        request.extensions_mut().insert(User::new("alice"));
        assert_eq!(User::of(&request).map(User::name), Some("alice"));
    }
}
