//! A host that waits for its app: [`Ready`].

use std::sync::Arc;

use enfilade_core::{App, HostError, Stopping};

use super::{Kind, Place, Threads, hosts::Serving};

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
        Kind::Http => ready!(enfilade_server::Server::bind(place).without_restart()),
        #[cfg(all(unix, feature = "fastcgi"))]
        Kind::FastCgi => ready!(enfilade_adapters::FastCgi::bind(place)),
        #[cfg(all(unix, feature = "scgi"))]
        Kind::Scgi => ready!(enfilade_adapters::Scgi::bind(place)),
        #[cfg(all(unix, feature = "uwsgi"))]
        Kind::Uwsgi => ready!(enfilade_adapters::Uwsgi::bind(place)),
        missing => Err(missing.missing()),
    }
}

/// One server that speaks HTTP at all of `places`: alone in its process, so that it can hand its
/// sockets over to the next one.
#[cfg(feature = "server")]
pub(super) fn http<A: App + 'static>(
    places: Vec<Place>,
    threads: Threads,
) -> Result<Ready<A>, HostError> {
    let mut places = places.into_iter();
    let first = places
        .next()
        .ok_or_else(|| HostError::new("there is nothing to listen at"))?;
    let server = places.fold(enfilade_server::Server::bind(first), |server, place| {
        server.and_bind(place)
    });
    ready!(server.with_threads(threads.into()).with_restart())
}

#[cfg(not(feature = "server"))]
pub(super) fn http<A: App + 'static>(_: Vec<Place>, _: Threads) -> Result<Ready<A>, HostError> {
    Err(Kind::Http.missing())
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
