//! A server with a runtime of its own: [`Server::run`] and [`Server::launch`].

use std::time::Duration;

use enfilade_core::{App, HostError, Lifecycle, Result as AppResult};

use crate::Server;

/// How long work that cannot be cancelled (`spawn_blocking`) may hold the end of the process up.
pub(crate) const BLOCKING_WAIT: Duration = Duration::from_secs(1);

impl Server {
    /// Builds a runtime, and serves `app` until the server is told to stop: the body of a `main`.
    ///
    /// The runtime is tokio's multi-threaded one, with a thread for each processor, unless the
    /// server was told otherwise: see [`with_threads`](Server::with_threads).
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
        let runtime = self.threads().runtime()?;
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
