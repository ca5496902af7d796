//! What tells a server to stop: [`Stop`].

use std::{future::pending, pin::Pin};

use enfilade_core::HostError;

/// Tells a server to stop: a signal, or a future of the program around it.
pub(crate) enum Stop {
    Signals(Signals),
    When(Option<Pin<Box<dyn Future<Output = ()> + Send>>>),
}

impl Stop {
    /// SIGINT and SIGTERM (Ctrl-C elsewhere).
    pub(crate) fn by_signals() -> Result<Stop, HostError> {
        Signals::install().map(Stop::Signals).map_err(|error| {
            HostError::new(
                "cannot listen to signals; give the server a future that stops it \
                 (`with_shutdown`)",
            )
            .because(error)
        })
    }

    /// Waits to be told. A future tells it once; signals may come again.
    pub(crate) async fn told(&mut self) {
        match self {
            Stop::Signals(signals) => signals.next().await,
            Stop::When(future) => match future {
                Some(running) => {
                    running.as_mut().await;
                    *future = None;
                }
                None => pending().await,
            },
        }
    }
}

#[cfg(unix)]
pub(crate) struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn install() -> std::io::Result<Signals> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Signals {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

#[cfg(not(unix))]
pub(crate) struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn install() -> std::io::Result<Signals> {
        Ok(Signals)
    }

    async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            pending().await
        }
    }
}
