//! A host with a runtime of its own: [`Lambda::run`] and [`Lambda::launch`].

use enfilade_core::{App, HostError, Lifecycle, Result};
use tokio::runtime::Builder;

use super::Lambda;

impl Lambda {
    /// Builds a runtime, and serves `app` until the host is told to stop: the body of a `main`.
    ///
    /// # Errors
    ///
    /// As for [`serve`](Lambda::serve), and where no runtime can be built.
    ///
    /// # Panics
    ///
    /// Inside of a tokio runtime: `serve` is for that.
    pub fn run(self, app: impl App + 'static) -> Result<(), HostError> {
        self.launch(async |_: &Lifecycle| Ok(app))
    }

    /// Builds a runtime, starts an app in it, and serves it. What `start` opens it registers on the
    /// [`Lifecycle`], to be closed at the end, or at once if the start fails.
    ///
    /// # Errors
    ///
    /// As for [`run`](Lambda::run), and where the app does not start, which Lambda is told, too.
    ///
    /// # Panics
    ///
    /// Inside of a tokio runtime.
    pub fn launch<A: App + 'static>(
        self,
        start: impl AsyncFnOnce(&Lifecycle) -> Result<A>,
    ) -> Result<(), HostError> {
        let runtime = Builder::new_multi_thread()
            .enable_all()
            .build()
            .map_err(|error| HostError::new("cannot build a tokio runtime").because(error))?;
        runtime.block_on(async {
            match start(&self.lifecycle).await {
                Ok(app) => self.serve(app).await,
                Err(error) => {
                    let cause = error.cause().map(|cause| format!(": {}", cause.chain()));
                    let message = format!(
                        "the app did not start: {error}{}",
                        cause.unwrap_or_default()
                    );
                    self.report_failed_start(&message).await?;
                    drop(
                        self.lifecycle
                            .stop(tokio::time::sleep(self.stop_deadline))
                            .await,
                    );
                    Err(HostError::new(message))
                }
            }
        })
    }
}
