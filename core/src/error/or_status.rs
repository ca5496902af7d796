//! A status for whatever failed: [`OrStatus`].

use crate::{Error, Result};

/// Gives the error of a `Result`, or the lack of an `Option`, its status.
///
/// ```
/// use enfilade_core::{OrStatus, Result};
///
/// fn port(text: &str) -> Result<u16> {
///     text.parse().or_status(400)
/// }
/// assert_eq!(port("x").unwrap_err().status_code(), 400);
/// assert_eq!(None::<u8>.or_status(404).unwrap_err().status_code(), 404);
/// ```
pub trait OrStatus<T> {
    /// The value, or an [`Error`] with `status` that keeps the cause.
    ///
    /// # Errors
    ///
    /// Where there is no value.
    ///
    /// # Panics
    ///
    /// If `status` is not a number from 400 to 599.
    fn or_status(self, status: u16) -> Result<T>;
}

/// Where the error is an [`Error`], its message, fields and cause stay.
impl<T, E: Into<Error>> OrStatus<T> for Result<T, E> {
    #[track_caller]
    fn or_status(self, status: u16) -> Result<T> {
        match self {
            Ok(value) => Ok(value),
            Err(error) => Err(error.into().with_status(status)),
        }
    }
}

impl<T> OrStatus<T> for Option<T> {
    #[track_caller]
    fn or_status(self, status: u16) -> Result<T> {
        match self {
            Some(value) => Ok(value),
            None => Err(Error::status(status)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::BoxError;

    #[test]
    fn any_result_gets_a_status_and_keeps_what_is_known() {
        let number: Result<u8, _> = "x".parse();
        let error = number.or_status(400).expect_err("no number");
        assert_eq!(error.status_code(), 400);
        assert_eq!(
            error.cause().expect("a cause").chain(),
            "invalid digit found in string"
        );

        let boxed: Result<(), BoxError> = Err("text".into());
        assert_eq!(boxed.or_status(503).expect_err("text").status_code(), 503);

        let ours: Result<()> = Err(Error::not_found().message("no such user"));
        let error = ours.or_status(410).expect_err("ours");
        assert_eq!(error.to_string(), "410 Gone: no such user");
    }

    #[test]
    #[should_panic = "400 to 599"]
    fn a_success_is_no_status_of_an_error() {
        let _ = None::<()>.or_status(200);
    }
}
