//! A host that waits for its app: [`Ready`].

use std::sync::Arc;

use enfilade_core::{App, HostError, Stopping};

use super::{Kind, Place, hosts::Serving};

/// What serves an app until it is told to stop.
pub(super) type Ready<A> = Box<dyn FnOnce(Arc<A>, Stopping) -> Serving>;

/// The hosts have one shape, and the types of their options apart.
macro_rules! ready {
    ($host:expr) => {{
        let host = $host;
        Ok(Box::new(move |app, stopping| {
            Box::pin(host.with_shutdown(stopping).serve(app))
        }))
    }};
}

/// A host that listens at `place`.
#[allow(unreachable_patterns, reason = "all kinds may be compiled in")]
pub(super) fn listening<A: App + 'static>(kind: Kind, place: Place) -> Result<Ready<A>, HostError> {
    match kind {
        #[cfg(feature = "server")]
        Kind::Http => ready!(enfilade_server::Server::bind(place)),
        #[cfg(all(unix, feature = "fastcgi"))]
        Kind::FastCgi => ready!(enfilade_adapters::FastCgi::bind(place)),
        #[cfg(all(unix, feature = "scgi"))]
        Kind::Scgi => ready!(enfilade_adapters::Scgi::bind(place)),
        #[cfg(all(unix, feature = "uwsgi"))]
        Kind::Uwsgi => ready!(enfilade_adapters::Uwsgi::bind(place)),
        missing => Err(missing.missing()),
    }
}

/// A host that listens at the socket that is the standard input.
#[cfg(all(unix, feature = "fastcgi"))]
pub(super) fn inherited<A: App + 'static>() -> Result<Ready<A>, HostError> {
    ready!(enfilade_adapters::FastCgi::inherited()?)
}

#[cfg(not(all(unix, feature = "fastcgi")))]
pub(super) fn inherited<A: App + 'static>() -> Result<Ready<A>, HostError> {
    Err(Kind::FastCgi.missing())
}
