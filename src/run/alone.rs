//! Hosts that have their process for themselves: CGI and Lambda.

use enfilade_core::{App, HostError, Lifecycle, Result};

/// Answers the one request that the process was started for.
#[cfg(all(unix, feature = "cgi"))]
pub(super) fn cgi<A: App + 'static>(
    start: impl AsyncFnOnce(&Lifecycle) -> Result<A>,
) -> Result<(), HostError> {
    enfilade_adapters::Cgi::new().launch(start)
}

#[cfg(not(all(unix, feature = "cgi")))]
pub(super) fn cgi<A: App + 'static>(
    _: impl AsyncFnOnce(&Lifecycle) -> Result<A>,
) -> Result<(), HostError> {
    Err(super::kind::missing("CGI", "cgi"))
}

/// Answers the invocations of a function.
#[cfg(all(unix, feature = "lambda"))]
pub(super) fn lambda<A: App + 'static>(
    is_streaming: bool,
    start: impl AsyncFnOnce(&Lifecycle) -> Result<A>,
) -> Result<(), HostError> {
    let lambda = enfilade_adapters::Lambda::from_env()?;
    let lambda = if is_streaming {
        lambda.with_streaming()
    } else {
        lambda
    };
    lambda.launch(start)
}

#[cfg(not(all(unix, feature = "lambda")))]
pub(super) fn lambda<A: App + 'static>(
    _: bool,
    _: impl AsyncFnOnce(&Lifecycle) -> Result<A>,
) -> Result<(), HostError> {
    Err(super::kind::missing("AWS Lambda", "lambda"))
}
