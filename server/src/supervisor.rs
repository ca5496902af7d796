//! Telling systemd how the server fares: [`Supervisor`].

use std::{io, sync::Arc, time::Duration};

use enfilade_core::ErrorSink;
use sd_notify::NotifyState;

/// The service manager that has started this process, where it wants to know (`Type=notify`,
/// `WatchdogSec=`): sd_notify(3). Where nobody asked, each of these does nothing.
#[derive(Clone)]
pub(crate) struct Supervisor {
    errors: Arc<dyn ErrorSink>,
}

impl Supervisor {
    pub(crate) const fn new(errors: Arc<dyn ErrorSink>) -> Supervisor {
        Supervisor { errors }
    }

    /// The server listens.
    pub(crate) fn ready(&self) {
        self.tell(&[NotifyState::Ready]);
    }

    /// The server stops: for good, or because the process `successor` has taken over.
    pub(crate) fn stopping(&self, successor: Option<u32>) {
        match successor {
            Some(process) => self.tell(&[NotifyState::MainPid(process), NotifyState::Ready]),
            None => self.tell(&[NotifyState::Stopping]),
        }
    }

    /// Says again and again that the runtime is alive, twice in the time that the manager allows.
    /// Never ends.
    pub(crate) async fn feed_watchdog(self) {
        let Some(allowed) = sd_notify::watchdog_enabled() else {
            return std::future::pending().await;
        };
        let mut beat = tokio::time::interval((allowed / 2).max(Duration::from_millis(1)));
        loop {
            beat.tick().await;
            self.tell(&[NotifyState::Watchdog]);
        }
    }

    fn tell(&self, state: &[NotifyState<'_>]) {
        let told: io::Result<()> = sd_notify::notify(state);
        if let Err(error) = told {
            self.errors
                .report(&format!("cannot notify the service manager: {error}"));
        }
    }
}
