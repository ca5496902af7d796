//! The tasks of a host that runs: [`Working`].

use std::sync::Arc;

use enfilade_core::{App, HostError};
use tokio::task::JoinSet;

use super::{api::Api, extension::Extension, serving::Serving};

/// Workers, each of which answers one invocation at a time. Dropping it breaks them off.
pub(super) struct Working<A> {
    serving: Arc<Serving<A>>,
    tasks: JoinSet<Result<(), HostError>>,
}

impl<A: App + 'static> Working<A> {
    pub(super) fn new(serving: Serving<A>, extension: Option<Extension>) -> Working<A> {
        let mut tasks = JoinSet::new();
        if let Some(extension) = extension {
            let stopping = serving.stopping();
            tasks.spawn(async move {
                extension.keep(stopping).await;
                Ok(())
            });
        }
        Working {
            serving: Arc::new(serving),
            tasks,
        }
    }

    /// One more worker.
    pub(super) fn add(&mut self, api: Api) {
        let (serving, stopping) = (Arc::clone(&self.serving), self.serving.stopping());
        self.tasks
            .spawn(async move { serving.work(api, stopping).await });
    }

    /// Waits for all to end, or for the first that fails.
    pub(super) async fn end(&mut self) -> Result<(), HostError> {
        while let Some(ended) = self.tasks.join_next().await {
            ended
                .map_err(|error| HostError::new("a worker of the host ended").because(error))??;
        }
        Ok(())
    }
}
