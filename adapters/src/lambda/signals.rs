//! What tells a process to stop.

use std::pin::Pin;

use enfilade_core::HostError;
use tokio::signal::unix::{SignalKind, signal};

/// Ends when SIGINT or SIGTERM comes.
pub(super) fn by_signals() -> Result<Pin<Box<dyn Future<Output = ()> + Send>>, HostError> {
    let listen = |kind| {
        signal(kind).map_err(|error| {
            HostError::new(
                "cannot listen to signals; give the host a future that stops it (`with_shutdown`)",
            )
            .because(error)
        })
    };
    let mut interrupt = listen(SignalKind::interrupt())?;
    let mut terminate = listen(SignalKind::terminate())?;
    Ok(Box::pin(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    }))
}
