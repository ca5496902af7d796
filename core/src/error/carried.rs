//! An [`Error`] where a [`std::error::Error`] is wanted, and back.

use std::{error::Error as StdError, fmt};

use crate::{BoxError, Error};

impl Error {
    /// This error where a boxed one is wanted: as the error of a stream, of a tower service, of a
    /// library. (`Error` itself is no [`std::error::Error`], or `?` could not make one from all
    /// others.)
    ///
    /// `?` makes of it what it was, with its status and its message.
    ///
    /// ```
    /// use enfilade_core::{BoxError, Error, Result};
    ///
    /// fn in_a_library() -> Result<(), BoxError> {
    ///     Err(Error::status(409).message("taken").into_boxed())
    /// }
    /// fn app() -> Result<()> {
    ///     Ok(in_a_library()?)
    /// }
    /// assert_eq!(app().unwrap_err().status_code(), 409);
    /// ```
    #[must_use]
    pub fn into_boxed(self) -> BoxError {
        Box::new(Carried::new(self))
    }
}

/// The [`Error`] that `error` carries, itself or behind what was wrapped around it.
pub(super) fn find<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a Error> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(Link(error)) = error.downcast_ref() {
            return Some(error);
        }
        next = error.source();
    }
    None
}

/// An [`Error`] as a [`std::error::Error`].
///
/// Wrappers such as `anyhow::Error` hide the type of what they wrap, but hand on its source. So
/// the error is in a source, which nobody wraps.
#[derive(Debug)]
pub(super) struct Carried {
    link: Link,
}

impl Carried {
    pub(super) fn new(error: Error) -> Carried {
        Carried { link: Link(error) }
    }
}

impl fmt::Display for Carried {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.link.0.0.message {
            "" => f.write_str("the request failed"),
            message => f.write_str(message),
        }
    }
}

impl StdError for Carried {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&self.link)
    }
}

#[derive(Debug)]
struct Link(Error);

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "answered with {}", self.0.status_code())
    }
}

impl StdError for Link {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        let cause = self.0.cause()?;
        Some(cause.error())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::BodyError;

    #[test]
    fn an_error_comes_back_from_behind_its_wrappers() {
        let error = Error::status(409)
            .message("taken")
            .because("a unique key")
            .into_boxed();
        // A `BodyError` is such a wrapper.
        let back = Error::from(BodyError::new(error));
        assert_eq!(back.to_string(), "409 Conflict: taken");
        assert_eq!(
            back.cause().expect("a cause").chain(),
            "the body broke off: taken: answered with 409 Conflict: a unique key"
        );
    }

    #[test]
    fn an_error_without_a_message_says_something_in_a_log() {
        let boxed = Error::not_found().into_boxed();
        assert_eq!(boxed.to_string(), "the request failed");
    }
}
