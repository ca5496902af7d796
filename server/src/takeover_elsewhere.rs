//! Where there is no Unix, nobody watches a server, and nobody takes over from it.

use std::{future::pending, sync::Arc};

use enfilade_core::{ErrorSink, HostError};

use crate::door::Door;

pub(crate) struct Takeover;

impl Takeover {
    pub(crate) fn prepare(_: bool, _: Arc<dyn ErrorSink>) -> Result<Takeover, HostError> {
        Ok(Takeover)
    }

    pub(crate) fn ready(&self, _: &[Door]) -> Result<(), HostError> {
        Ok(())
    }

    pub(crate) async fn taken_over(&mut self, _: &[&Door]) {
        pending().await
    }

    pub(crate) fn stopping(&self) {}

    pub(crate) fn feed_watchdog(&self) -> impl Future<Output = ()> + use<> {
        pending()
    }
}
