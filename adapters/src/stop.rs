//! What tells a host to stop: [`Stop`].

use std::{future::pending, pin::Pin};

use enfilade_core::HostError;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// A future of the program around a host, which tells it to stop.
pub(crate) type Shutdown = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Tells a host to stop: SIGINT and SIGTERM, or a future.
pub(crate) enum Stop {
    Signals(Signal, Signal),
    When(Option<Shutdown>),
}

impl Stop {
    /// `shutdown` where it is given, else the signals.
    pub(crate) fn new(shutdown: Option<Shutdown>) -> Result<Stop, HostError> {
        let stop = match shutdown {
            Some(shutdown) => Ok(Stop::When(Some(shutdown))),
            None => signal(SignalKind::interrupt()).and_then(|interrupt| {
                Ok(Stop::Signals(interrupt, signal(SignalKind::terminate())?))
            }),
        };
        stop.map_err(|error| {
            HostError::new(
                "cannot listen to signals; give the host a future that stops it (`with_shutdown`)",
            )
            .because(error)
        })
    }

    /// Waits to be told. A future tells it once; signals may come again.
    pub(crate) async fn told(&mut self) {
        match self {
            Stop::Signals(interrupt, terminate) => {
                tokio::select! {
                    _ = interrupt.recv() => {}
                    _ = terminate.recv() => {}
                }
            }
            Stop::When(Some(running)) => {
                running.as_mut().await;
                *self = Stop::When(None);
            }
            Stop::When(None) => pending().await,
        }
    }
}
