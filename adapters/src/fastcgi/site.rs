//! What all connections of a host share: [`Site`].

use std::{
    future::{Future, ready},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use enfilade_core::{App, Connection, Error, Gateway, IntoResponse, Request, Response};

use super::rules::{Role, Rules};
use crate::gateway::Import;

/// The apps, and how they are hosted.
pub(crate) struct Site {
    pub(crate) responder: Arc<dyn Answer>,
    pub(crate) authorizer: Option<Arc<dyn Answer>>,
    pub(crate) import: Import,
    pub(crate) facts: Connection,
    pub(crate) rules: Rules,
    pub(crate) patience: Duration,
    running: Arc<AtomicUsize>,
}

/// A response that is being made.
pub(crate) type Answered = Pin<Box<dyn Future<Output = Response> + Send>>;

/// A [`Gateway`], erased: the protocol is compiled once, and not for each app.
pub(crate) trait Answer: Send + Sync {
    fn answer(self: Arc<Self>, request: Request) -> Answered;
}

impl<A: App + 'static> Answer for Gateway<A> {
    fn answer(self: Arc<Self>, request: Request) -> Answered {
        Box::pin(async move { (*self).answer(request).await })
    }
}

/// A request that counts against the bound on them, until it is dropped.
pub(crate) struct Permit(Arc<AtomicUsize>);

impl Site {
    pub(crate) fn answer(&self, role: Role, request: Request) -> Answered {
        match (role, &self.authorizer) {
            (Role::Responder, _) => Arc::clone(&self.responder).answer(request),
            (Role::Authorizer, Some(authorizer)) => Arc::clone(authorizer).answer(request),
            // The rules let no such request come. It could not pass if it did.
            (Role::Authorizer, None) => Box::pin(ready(Error::status(500).into_response())),
        }
    }

    /// Counts one more request, where there is room for it.
    pub(crate) fn permit(&self) -> Option<Permit> {
        // Made first, so that it is given back either way.
        let permit = Permit(Arc::clone(&self.running));
        let before = self.running.fetch_add(1, Relaxed);
        (before < self.rules.requests).then_some(permit)
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}
