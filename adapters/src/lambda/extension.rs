//! What makes Lambda tell that it stops: [`Extension`].

use enfilade_core::{HostError, Stopping};
use http::HeaderValue;

use super::api::Api;

/// An extension that wants no events. Lambda sends SIGTERM to processes that have one, and ends
/// others at once.
pub(super) struct Extension {
    api: Api,
    id: HeaderValue,
}

impl Extension {
    /// Registers it: before the first invocation is asked for, or never.
    pub(super) async fn register(mut api: Api) -> Result<Extension, HostError> {
        let id = api.register().await?;
        Ok(Extension { api, id })
    }

    /// Keeps its place until the host stops. That it waits tells Lambda that it has started.
    pub(super) async fn keep(mut self, stopping: Stopping) -> Result<(), HostError> {
        tokio::select! {
            () = stopping.clone() => Ok(()),
            ended = self.api.extension_event(&self.id) => {
                stopping.await;
                ended
            }
        }
    }
}
