//! A server's place among processes: who watches it, and who takes over from it.

use std::{future::pending, sync::Arc};

use enfilade_core::{ErrorSink, HostError};
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::{
    door::Door,
    restart::{self, Restart},
    supervisor::Supervisor,
};

/// What a server tells the processes around it, and is told by them, beside that it shall stop.
pub(crate) struct Takeover {
    /// SIGUSR2, where the server listens to it.
    signal: Option<Signal>,
    restart: Restart,
    supervisor: Supervisor,
    errors: Arc<dyn ErrorSink>,
    successor: Option<u32>,
}

impl Takeover {
    /// `restarts`: whether SIGUSR2 restarts the program.
    pub(crate) fn prepare(
        restarts: bool,
        errors: Arc<dyn ErrorSink>,
    ) -> Result<Takeover, HostError> {
        let signal = restarts
            .then(|| signal(SignalKind::user_defined2()))
            .transpose()
            .map_err(|error| {
                HostError::new(
                    "cannot listen to SIGUSR2, which restarts the server; serve it \
                     `without_restart`",
                )
                .because(error)
            })?;
        Ok(Takeover {
            signal,
            restart: Restart::prepare(),
            supervisor: Supervisor::new(Arc::clone(&errors)),
            errors,
            successor: None,
        })
    }

    /// Tells whoever waits for it that the server listens. What an older process had is this one's
    /// from then on.
    pub(crate) fn ready(&self, doors: &[Door]) -> Result<(), HostError> {
        restart::is_ready()?;
        doors.iter().for_each(Door::own_file);
        self.supervisor.ready();
        Ok(())
    }

    /// Ends when another process has taken over from this one. What keeps one from it is reported.
    pub(crate) async fn taken_over(&mut self, doors: &[&Door]) {
        let Some(signal) = &mut self.signal else {
            return pending().await;
        };
        loop {
            signal.recv().await;
            match self.restart.run(doors).await {
                Ok(successor) => {
                    self.successor = Some(successor);
                    return;
                }
                Err(error) => self.errors.report(&format!("cannot restart: {error:?}")),
            }
        }
    }

    /// Tells whoever watches that the server stops.
    pub(crate) fn stopping(&self) {
        self.supervisor.stopping(self.successor);
    }

    /// Tells whoever watches that the runtime is alive, again and again. Never ends.
    pub(crate) fn feed_watchdog(&self) -> impl Future<Output = ()> + use<> {
        self.supervisor.clone().feed_watchdog()
    }
}
