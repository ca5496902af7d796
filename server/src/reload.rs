//! Certificates that are renewed while the server runs: [`Reload`].

use std::{io, sync::Arc, time::Duration};

use enfilade_core::{ErrorSink, HostError};
use tokio::time::interval;

use crate::door::Handshake;

/// How often files are looked at.
const EVERY: Duration = Duration::from_secs(10);

/// Takes up what has changed in the files of handshakes: when SIGHUP comes, where the server
/// listens to signals, and within ten seconds by itself. What cannot be used is reported, and what
/// was there stays in use.
pub(crate) struct Reload {
    handshakes: Vec<Arc<dyn Handshake>>,
    hangup: Hangup,
    errors: Arc<dyn ErrorSink>,
}

impl Reload {
    pub(crate) fn new(
        handshakes: Vec<Arc<dyn Handshake>>,
        by_signal: bool,
        errors: Arc<dyn ErrorSink>,
    ) -> Result<Reload, HostError> {
        let by_signal = by_signal && !handshakes.is_empty();
        let hangup = Hangup::install(by_signal).map_err(|error| {
            HostError::new("cannot listen to SIGHUP, which reloads certificates").because(error)
        })?;
        Ok(Reload {
            handshakes,
            hangup,
            errors,
        })
    }

    /// Never ends.
    pub(crate) async fn run(mut self) {
        if self.handshakes.is_empty() {
            return std::future::pending().await;
        }
        let mut watch = interval(EVERY);
        loop {
            let forced = tokio::select! {
                () = self.hangup.next() => true,
                _ = watch.tick() => false,
            };
            for handshake in &self.handshakes {
                let handshake = Arc::clone(handshake);
                let reloading = move || handshake.reload(forced);
                // A panic would be a bug of a parser, and no reason to end.
                if let Ok(Err(error)) = tokio::task::spawn_blocking(reloading).await {
                    self.errors
                        .report(&format!("certificates stay as they were: {error:?}"));
                }
            }
        }
    }
}

#[cfg(unix)]
struct Hangup(Option<tokio::signal::unix::Signal>);

#[cfg(unix)]
impl Hangup {
    fn install(wanted: bool) -> io::Result<Hangup> {
        use tokio::signal::unix::{SignalKind, signal};
        wanted
            .then(|| signal(SignalKind::hangup()))
            .transpose()
            .map(Hangup)
    }

    async fn next(&mut self) {
        match &mut self.0 {
            Some(signal) => drop(signal.recv().await),
            None => std::future::pending().await,
        }
    }
}

#[cfg(not(unix))]
struct Hangup;

#[cfg(not(unix))]
impl Hangup {
    fn install(_: bool) -> io::Result<Hangup> {
        Ok(Hangup)
    }

    async fn next(&mut self) {
        std::future::pending().await
    }
}
