//! What a server does while it serves: [`Upkeep`].

use std::{future::pending, pin::Pin, sync::Arc};

use enfilade_core::ErrorSink;
use tokio::task::JoinSet;

/// Work that goes on for as long as the server accepts connections, and never ends by itself.
pub(crate) type Work = Pin<Box<dyn Future<Output = ()> + Send>>;

/// The work of all listeners, each in a task of its own: none can hold the server up, or end it.
pub(crate) struct Upkeep {
    works: Vec<Work>,
    errors: Arc<dyn ErrorSink>,
}

impl Upkeep {
    pub(crate) fn new(works: Vec<Work>, errors: Arc<dyn ErrorSink>) -> Upkeep {
        Upkeep { works, errors }
    }

    /// Never ends. Dropping it breaks the work off.
    pub(crate) async fn run(self) {
        let mut tasks: JoinSet<()> = self.works.into_iter().collect();
        while let Some(ended) = tasks.join_next().await {
            if let Err(error) = ended {
                self.errors
                    .report(&format!("certificates are not renewed any more: {error}"));
            }
        }
        pending::<()>().await;
    }
}
