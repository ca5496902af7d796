//! The host half: [`Host`], and what every host does around an app.

use std::{error::Error as StdError, fmt, future::Future, pin::Pin};

pub use crate::early_hints::{EARLY_HINTS, EARLY_HINTS_BYTES};
use crate::{App, BoxError, Error, Response};

mod commit;
mod hop_by_hop;
mod trailers;

pub use commit::commit;
pub(crate) use commit::commit_now;
#[cfg(feature = "lint")]
pub(crate) use hop_by_hop::HOP_BY_HOP;
pub use hop_by_hop::strip_hop_by_hop;
pub(crate) use hop_by_hop::{Names, strip_all_but_an_upgrade};
pub use trailers::{BARRED_FROM_TRAILERS, is_barred_from_trailers, strip_trailers};

/// Whatever calls an app: the bundled server, CGI, FastCGI, a test.
///
/// What a host owes an app is the rule book in `SPEC.md`. Much of it is done here, once, for all
/// hosts: a host makes a request with its [`Environ`](crate::Environ), answers it through a
/// [`Gateway`](crate::Gateway), and sends what comes back.
pub trait Host {
    /// Serves `app` until it is told to stop.
    fn serve(self, app: impl App + 'static) -> impl Future<Output = Result<(), HostError>> + Send;
}

/// An answer that is being made, as a [`Gateway`](crate::Gateway) gives it. Dropping it cancels the
/// app.
pub trait Answer: Future<Output = Response> + Send {
    /// The client has left, and the host would drop this. Gives whether the app is to go on all the
    /// same, because it asked to ([`OnDisconnect::Finish`](crate::OnDisconnect::Finish)).
    ///
    /// Then a host that can polls it to its end, in a task for which a graceful stop waits. What
    /// comes is a response without a body, and nobody to send it to. A host that cannot says so in
    /// [`Capabilities::finish`](crate::Capabilities::finish), and drops it.
    fn leave(self: Pin<&mut Self>) -> bool;
}

/// Why a host could not start or go on.
///
/// The message says what, where, and how to mend it. `Debug` prints the same, with the causes, so
/// that a `main` that returns it tells its user something readable.
pub struct HostError {
    message: String,
    cause: Option<BoxError>,
}

impl HostError {
    /// An error with a message for whoever runs the host.
    pub fn new(message: impl Into<String>) -> HostError {
        HostError {
            message: message.into(),
            cause: None,
        }
    }

    /// The app did not start, because of `error`, which the message tells with its causes.
    pub fn not_started(error: &Error) -> HostError {
        let cause = error.cause().map(|cause| format!(": {}", cause.chain()));
        let cause = cause.unwrap_or_default();
        HostError::new(format!("the app did not start: {error}{cause}"))
    }

    /// Keeps what caused it.
    #[must_use]
    pub fn because(mut self, cause: impl Into<BoxError>) -> HostError {
        self.cause = Some(cause.into());
        self
    }
}

impl fmt::Display for HostError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl fmt::Debug for HostError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        let mut cause = self.source();
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}

impl StdError for HostError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.cause
            .as_ref()
            .map(|cause| &**cause as &(dyn StdError + 'static))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_start_that_failed_tells_why() {
        let error = Error::from(std::io::Error::other("no such table"));
        let message = HostError::not_started(&error).to_string();
        assert!(message.starts_with("the app did not start: "), "{message}");
        assert!(message.ends_with(": no such table"), "{message}");
    }

    #[test]
    fn a_main_that_returns_the_error_prints_a_sentence_with_its_causes() {
        let error = HostError::new("cannot listen on port 80")
            .because(HostError::new("not permitted").because("EACCES"));
        assert_eq!(
            format!("{error:?}"),
            "cannot listen on port 80: not permitted: EACCES"
        );
        assert_eq!(error.to_string(), "cannot listen on port 80");
    }
}
