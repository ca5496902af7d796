//! What verified credentials say about whoever sent them: [`Identity`].

use enfilade_core::{Request, Response};
use http::Extensions;

use crate::{Scopes, User};

/// What verified credentials say about whoever sent them: what a verifier function answers when a
/// name alone will not do.
///
/// ```
/// use enfilade_middleware::{Identity, Scopes, User};
///
/// #[derive(Clone)]
/// struct Tenant(u64);
///
/// let identity = Identity::new(User::new("alice"))
///     .with_scopes(Scopes::new("orders:read"))
///     .with_extension(Tenant(7));
/// # let _ = identity;
/// ```
#[derive(Clone, Debug, Default)]
pub struct Identity {
    user: Option<User>,
    scopes: Option<Scopes>,
    extensions: Extensions,
}

impl Identity {
    /// The identity of `user`.
    #[must_use]
    pub fn new(user: User) -> Identity {
        Identity {
            user: Some(user),
            ..Identity::default()
        }
    }

    /// Credentials that are good, of nobody in particular. The request then has no [`User`].
    #[must_use]
    pub fn unnamed() -> Identity {
        Identity::default()
    }

    /// What the user may do; none by default.
    #[must_use]
    pub fn with_scopes(mut self, scopes: Scopes) -> Identity {
        self.scopes = Some(scopes);
        self
    }

    /// Anything else that the app shall find in the request's extensions, by its type.
    #[must_use]
    pub fn with_extension<T: Clone + Send + Sync + 'static>(mut self, value: T) -> Identity {
        self.extensions.insert(value);
        self
    }

    pub(crate) fn user(&self) -> Option<User> {
        self.user.clone()
    }

    /// Whether each of `scopes` is granted.
    pub(crate) fn may(&self, scopes: &Scopes) -> bool {
        match &self.scopes {
            Some(granted) => granted.cover(scopes),
            None => scopes.iter().next().is_none(),
        }
    }

    /// Puts it into the extensions of `request`, in the place of any identity that is there.
    pub(crate) fn enter(self, request: &mut Request) -> Option<User> {
        let extensions = request.extensions_mut();
        if !self.extensions.is_empty() {
            extensions.extend(self.extensions);
        }
        match self.scopes {
            Some(scopes) => extensions.insert(scopes),
            None => extensions.remove(),
        };
        match self.user.clone() {
            Some(user) => extensions.insert(user),
            None => extensions.remove(),
        };
        self.user
    }
}

impl From<User> for Identity {
    fn from(user: User) -> Identity {
        Identity::new(user)
    }
}

/// Leaves the user in `response`, for whatever logs outside. A user that is there was proved
/// further inside, and is the one that the app saw.
pub(crate) fn leave(user: Option<User>, response: &mut Response) {
    if let Some(user) = user {
        response.extensions_mut().get_or_insert_with(|| user);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identity_takes_the_place_of_one_from_further_outside() {
        let mut request = Request::default();
        let outer = Identity::new(User::new("proxy")).with_scopes(Scopes::new("all"));
        outer.enter(&mut request);
        let user = Identity::unnamed().with_extension(7_u8).enter(&mut request);
        assert_eq!(user, None);
        assert_eq!(User::of(&request), None);
        assert_eq!(request.extensions().get::<Scopes>(), None);
        assert_eq!(request.extensions().get::<u8>(), Some(&7));
    }

    #[test]
    fn a_response_keeps_the_user_that_the_app_saw() {
        let mut response = Response::default();
        leave(Some(User::new("alice")), &mut response);
        leave(Some(User::new("proxy")), &mut response);
        let user = User::in_extensions(response.extensions());
        assert_eq!(user.map(User::name), Some("alice"));
    }

    #[test]
    fn nobody_has_scopes_that_were_not_granted() {
        let required = Scopes::new("read");
        assert!(!Identity::new(User::new("alice")).may(&required));
        assert!(
            !Identity::unnamed()
                .with_scopes(Scopes::new("write"))
                .may(&required)
        );
        assert!(
            Identity::unnamed()
                .with_scopes(Scopes::new("read"))
                .may(&required)
        );
        assert!(Identity::unnamed().may(&Scopes::new("")));
    }
}
