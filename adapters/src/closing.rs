//! The end of a host: [`Closing`].

use std::{sync::Arc, time::Duration};

use enfilade_core::{Cause, ErrorSink, Lifecycle};

/// What is left to do when nothing runs any more: the callbacks of the lifecycle.
pub(crate) struct Closing {
    pub(crate) lifecycle: Lifecycle,
    pub(crate) deadline: Duration,
    pub(crate) errors: Arc<dyn ErrorSink>,
}

impl Closing {
    /// Runs them, and reports what went wrong.
    pub(crate) async fn run(self) {
        for error in self.lifecycle.stop(tokio::time::sleep(self.deadline)).await {
            self.errors.report(&Cause::new(Box::new(error)).chain());
        }
    }
}
