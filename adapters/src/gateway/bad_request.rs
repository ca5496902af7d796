//! Why variables are no request: [`BadRequest`].

use std::{error::Error as StdError, fmt};

use enfilade_core::Error;

/// Why the variables that a web server sent are no request.
///
/// A host answers with [`into_error`](BadRequest::into_error), and the app does not see it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BadRequest {
    /// The bytes are no packet of the protocol. The host closes the connection, and reports it: the
    /// other side is no web server, or one that was told of another protocol. The message is to be
    /// read by itself.
    Frame(&'static str),
    /// There are more variables than fit. 431.
    TooLarge,
    /// The body has no length, and the protocol has no other way to tell its end. 411.
    NoLength,
    /// A variable that must be there is not. 400.
    Missing(&'static str),
    /// A variable is not what it must be. 400.
    Malformed {
        /// Its name.
        variable: String,
        /// What is wrong with it, to be read behind the name.
        why: &'static str,
    },
}

impl BadRequest {
    pub(super) fn malformed(variable: impl Into<String>, why: &'static str) -> BadRequest {
        BadRequest::Malformed {
            variable: variable.into(),
            why,
        }
    }

    /// The answer to it, with the message for the client.
    #[must_use]
    pub fn into_error(self) -> Error {
        let status = match self {
            BadRequest::TooLarge => 431,
            BadRequest::NoLength => 411,
            BadRequest::Frame(_) | BadRequest::Missing(_) | BadRequest::Malformed { .. } => 400,
        };
        Error::status(status).message(self.to_string())
    }
}

impl fmt::Display for BadRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BadRequest::Frame(why) => f.write_str(why),
            BadRequest::TooLarge => f.write_str("the head of the request is too large"),
            BadRequest::NoLength => f.write_str("the body of the request has no length"),
            BadRequest::Missing(variable) => write!(f, "{variable} is missing"),
            BadRequest::Malformed { variable, why } => write!(f, "{variable} {why}"),
        }
    }
}

impl StdError for BadRequest {}
