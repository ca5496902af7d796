//! What a case expected and did not get: [`Failure`].

use std::fmt;

/// What a case expected, and what it got instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What was expected.
    pub expected: String,
    /// What was there instead.
    pub got: String,
}

impl Failure {
    /// A failure in words.
    pub fn new(expected: impl fmt::Display, got: impl fmt::Display) -> Failure {
        Failure {
            expected: expected.to_string(),
            got: got.to_string(),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected {}; got {}", self.expected, self.got)
    }
}

impl std::error::Error for Failure {}

/// Fails unless `got` equals `expected`; `what` names it.
pub(crate) fn equal<T: PartialEq<U> + fmt::Debug, U: fmt::Debug>(
    what: &str,
    got: T,
    expected: U,
) -> Result<(), Failure> {
    if got == expected {
        return Ok(());
    }
    Err(Failure::new(
        format_args!("{what} {expected:?}"),
        format_args!("{got:?}"),
    ))
}

/// Fails unless `holds`.
pub(crate) fn that(
    holds: bool,
    expected: impl fmt::Display,
    got: impl fmt::Debug,
) -> Result<(), Failure> {
    if holds {
        return Ok(());
    }
    Err(Failure::new(expected, format_args!("{got:?}")))
}
