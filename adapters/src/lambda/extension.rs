//! What makes Lambda tell that it stops: [`Extension`].

use std::sync::Arc;

use enfilade_core::{ErrorSink, HostError, Stopping};
use http::HeaderValue;

use super::api::Api;

/// An extension that wants no events. Lambda sends SIGTERM to processes that have one, and ends
/// others at once.
pub(super) struct Extension {
    api: Api,
    id: HeaderValue,
    errors: Arc<dyn ErrorSink>,
}

impl Extension {
    /// Registers it: before the first invocation is asked for, or never.
    pub(super) async fn register(
        mut api: Api,
        errors: Arc<dyn ErrorSink>,
    ) -> Result<Extension, HostError> {
        let id = api.register().await?;
        Ok(Extension { api, id, errors })
    }

    /// Keeps its place until the host stops. That it waits tells Lambda that it has started.
    ///
    /// Where the connection breaks off, the function serves as well without it, and whoever runs it
    /// is told.
    pub(super) async fn keep(mut self, stopping: Stopping) {
        tokio::select! {
            () = stopping.clone() => {}
            ended = self.api.extension_event(&self.id) => {
                let why = match ended {
                    Ok(status) => format!("Lambda answered {status}"),
                    Err(error) => format!("{error:?}"),
                };
                self.errors.report(&format!(
                    "stop callbacks may not run: the extension has ended: {why}"
                ));
                stopping.await;
            }
        }
    }
}
