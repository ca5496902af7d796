//! A host with a runtime of its own.

use std::time::Duration;

use enfilade_core::{App, HostError, Lifecycle, Result as AppResult};
use tokio::runtime::Runtime;

use crate::closing::Closing;

/// How long work that cannot be cancelled (`spawn_blocking`, a read of the standard input) may hold
/// the end of the process up.
const BLOCKING_WAIT: Duration = Duration::from_secs(1);

/// Starts an app in `runtime`, and has `serve` serve it. Where the start fails, what was already
/// opened is closed.
pub(crate) fn launch<A: App + 'static>(
    runtime: Runtime,
    closing: Closing,
    start: impl AsyncFnOnce(&Lifecycle) -> AppResult<A>,
    serve: impl AsyncFnOnce(A) -> Result<(), HostError>,
) -> Result<(), HostError> {
    let served = runtime.block_on(async {
        match start(&closing.lifecycle).await {
            Ok(app) => serve(app).await,
            Err(error) => {
                closing.run().await;
                Err(HostError::not_started(&error))
            }
        }
    });
    runtime.shutdown_timeout(BLOCKING_WAIT);
    served
}

/// Tokio's multi-threaded runtime, so that `block_in_place` works as everywhere; with `threads` of
/// them, by default one for each core.
pub(crate) fn runtime(threads: Option<usize>) -> Result<Runtime, HostError> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    if let Some(threads) = threads {
        builder.worker_threads(threads);
    }
    builder
        .enable_all()
        .build()
        .map_err(|error| HostError::new("cannot build a tokio runtime").because(error))
}
