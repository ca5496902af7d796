//! A server with a runtime of its own: [`Server::run`] and [`Server::launch`].

use std::time::Duration;

use enfilade_core::{App, HostError, Lifecycle, Result as AppResult};
use tokio::runtime::{Builder, Runtime};

use crate::Server;

/// How long work that cannot be cancelled (`spawn_blocking`) may hold the end of the process up.
const BLOCKING_WAIT: Duration = Duration::from_secs(1);

impl Server {
    /// Builds a runtime, and serves `app` until the server is told to stop: the body of a `main`.
    ///
    /// The runtime is tokio's multi-threaded one, with a thread for each core: `tokio::spawn` and
    /// `block_in_place` work as everywhere, and a thread that is held up loses its work to others.
    ///
    /// # Errors
    ///
    /// As for [`serve`](Server::serve), and where no runtime can be built.
    ///
    /// # Panics
    ///
    /// Inside of a tokio runtime: `serve` is for that.
    pub fn run(self, app: impl App + 'static) -> Result<(), HostError> {
        self.launch(async |_: &Lifecycle| Ok(app))
    }

    /// Builds a runtime, starts an app in it, and serves the app until the server is told to stop.
    ///
    /// Whatever `start` opens it registers on the [`Lifecycle`], to be closed after the last
    /// request, or at once if the start fails.
    ///
    /// ```no_run
    /// use enfilade_core::{HostError, Lifecycle, Request};
    /// use enfilade_server::Server;
    ///
    /// fn main() -> Result<(), HostError> {
    ///     Server::bind("127.0.0.1:8000").launch(async |life: &Lifecycle| {
    ///         let greeting = std::fs::read_to_string("greeting.txt")?;
    ///         life.on_stop(async || eprintln!("goodbye"));
    ///         Ok(move |_: Request| std::future::ready(greeting.clone()))
    ///     })
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`run`](Server::run), and where the app does not start.
    ///
    /// # Panics
    ///
    /// Inside of a tokio runtime.
    pub fn launch<A: App + 'static>(
        self,
        start: impl AsyncFnOnce(&Lifecycle) -> AppResult<A>,
    ) -> Result<(), HostError> {
        let runtime = runtime()?;
        let served = runtime.block_on(async {
            let closing = self.closing();
            match start(self.lifecycle()).await {
                Ok(app) => self.serve(app).await,
                Err(error) => {
                    closing.run().await;
                    Err(HostError::not_started(&error))
                }
            }
        });
        runtime.shutdown_timeout(BLOCKING_WAIT);
        served
    }
}

/// A current-thread runtime for each core would save one instruction in twelve of a short request
/// over HTTP/1.1, and one microsecond in twelve over HTTP/2; but one blocking call would hold up
/// all that its thread serves, and `block_in_place` would panic.
fn runtime() -> Result<Runtime, HostError> {
    Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| HostError::new("cannot build a tokio runtime").because(error))
}
