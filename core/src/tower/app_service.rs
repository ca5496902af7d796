//! An app as a tower service: [`AppService`].

use std::{
    convert::Infallible,
    fmt,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{Extensions, Uri, Version};
use tower_service::Service;

use super::{Answer, Mounted, from_service::Prepare, prefix::Whole, takeover::Takeover};
use crate::{App, Body, BoxError, Capabilities, Connection, Environ, Gateway, Request, Response};

/// An app as a tower service: for whatever hosts those, such as an axum `Router`, or hyper itself
/// with feature `hyper`.
///
/// It is a host, as tower is one: panics are responses, a body that fails at once is a 500, and
/// the causes of server errors are reported. It is cheap to clone, always ready, and infallible.
///
/// A request that has no [`Environ`] gets one: the version that it has, and the
/// [`Connection`] of [`with_connection`](AppService::with_connection). Inside of another host of
/// this gateway, also with a tower service between, it keeps the one that it has, and an app
/// behind [`from_service`](crate::from_service) sees its whole path again.
///
/// # In axum
///
/// `route_service` and `fallback_service` leave the path as it is. `nest_service` takes the prefix
/// from the `Uri`, so the app would believe to be at the root, and send its redirects there;
/// [`with_original_uri`](AppService::with_original_uri) gives it the path back, so that the
/// prefix becomes its script name. Where the peer is known from is
/// [`with_request`](AppService::with_request)'s to say.
///
/// ```
/// use enfilade_core::{AppService, Request};
/// # mod axum { pub mod extract { #[derive(Clone)] pub struct OriginalUri(pub http::Uri); } }
/// use axum::extract::OriginalUri;
///
/// async fn hello(_: Request) -> &'static str {
///     "hello"
/// }
///
/// let service = AppService::new(hello)
///     .with_original_uri(|extensions| extensions.get::<OriginalUri>().map(|uri| uri.0.clone()));
/// // axum::Router::new().nest_service("/hello", service)
/// # let _ = service;
/// ```
pub struct AppService<A> {
    gateway: Arc<Gateway<A>>,
    connection: Arc<Connection>,
    /// The same, of a connection that cannot be taken over: HTTP/2 has no upgrade.
    of_http2: Arc<Connection>,
    original_uri: Option<OriginalUri>,
    prepare: Option<Prepare>,
}

type OriginalUri = Arc<dyn Fn(&Extensions) -> Option<Uri> + Send + Sync>;

impl<A: App + 'static> AppService<A> {
    /// Makes `app` a service.
    pub fn new(app: A) -> AppService<A> {
        AppService::from(Gateway::new(app))
    }

    /// What the environ says of the connection, where no host has said it before. By default:
    /// `http`, from nowhere, to `localhost`, and what hyper can carry.
    ///
    /// Whoever accepts connections gives each a clone of the service with its own:
    ///
    /// ```
    /// use std::net::SocketAddr;
    /// use enfilade_core::{App, AppService, Connection, Peer};
    ///
    /// fn accepted<A: App + 'static>(service: &AppService<A>, peer: SocketAddr) -> AppService<A> {
    ///     let mut connection = service.connection().clone();
    ///     connection.peer = Peer::inet(peer);
    ///     service.clone().with_connection(connection)
    /// }
    /// ```
    #[must_use]
    pub fn with_connection(mut self, connection: Connection) -> Self {
        self.of_http2 = of_http2(&connection);
        self.connection = Arc::new(connection);
        self
    }

    /// What the environ says of the connection, where no host has said it before.
    #[must_use]
    pub fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Finds the `Uri` as it was before a router outside took a prefix from its path.
    ///
    /// Where the path is the end of that one, the app sees that one, and what was taken is its
    /// script name. Where it is not, somebody rewrote it for a purpose, and the app sees what it
    /// was given, at the root; so it does without this option.
    #[must_use]
    pub fn with_original_uri(
        mut self,
        find: impl Fn(&Extensions) -> Option<Uri> + Send + Sync + 'static,
    ) -> Self {
        self.original_uri = Some(Arc::new(find));
        self
    }

    /// Changes each request before the app sees it. It has its environ here.
    ///
    /// ```
    /// # mod axum { pub mod extract { #[derive(Clone, Copy)] pub struct ConnectInfo<T>(pub T); } }
    /// use std::net::SocketAddr;
    /// use axum::extract::ConnectInfo;
    /// use enfilade_core::{App, AppService, Peer, RequestExt};
    ///
    /// fn service<A: App + 'static>(app: A) -> AppService<A> {
    ///     AppService::new(app).with_request(|request| {
    ///         let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().copied();
    ///         if let Some(ConnectInfo(peer)) = peer {
    ///             request.environ_mut().connection_mut().peer = Peer::inet(peer);
    ///         }
    ///     })
    /// }
    /// ```
    #[must_use]
    pub fn with_request(mut self, prepare: impl Fn(&mut Request) + Send + Sync + 'static) -> Self {
        self.prepare = Some(Arc::new(prepare));
        self
    }

    pub(super) fn answer(&self, mut request: Request) -> Answer {
        let hosted = request.extensions().get::<Environ>().is_some();
        if !hosted {
            let version = request.version();
            let connection = match version {
                Version::HTTP_2 | Version::HTTP_3 => &self.of_http2,
                _ => &self.connection,
            };
            let environ = Environ::new(Arc::clone(connection), version);
            request.extensions_mut().insert(environ);
        }
        let takeover = Takeover::offer(&mut request);
        let whole = self.restore_path(&mut request);
        if let Some(prepare) = &self.prepare {
            prepare(&mut request);
        }
        let gateway = Arc::clone(&self.gateway);
        Answer::new(async move {
            let mut response = match hosted {
                // The host outside does the rest, and reports.
                true => gateway.guarded().respond(request).await,
                false => gateway.answer(request).await,
            };
            takeover.begin(&response);
            if whole {
                response.extensions_mut().insert(Whole);
            }
            response
        })
    }

    /// Gives the app its whole path where a prefix was taken from it. True where that was done by
    /// [`from_service`](crate::from_service), which then has nothing to put back.
    fn restore_path(&self, request: &mut Request) -> bool {
        let extensions = request.extensions();
        if let Some(mounted) = extensions.get::<Mounted>().cloned() {
            return Mounted::restore(request, mounted.uri());
        }
        let find = self.original_uri.as_ref();
        if let Some(whole) = find.and_then(|find| find(extensions)) {
            Mounted::restore(request, &whole);
        }
        false
    }
}

/// A gateway with settings of its own, such as a [`PathPolicy`](crate::PathPolicy).
impl<A: App + 'static> From<Gateway<A>> for AppService<A> {
    fn from(gateway: Gateway<A>) -> AppService<A> {
        let capabilities = Capabilities {
            streaming_request: true,
            streaming_response: true,
            trailers: true,
            disconnect: true,
            upgrade: Takeover::POSSIBLE,
            ..Capabilities::default()
        };
        let connection = Connection {
            host: "tower",
            capabilities,
            ..Connection::default()
        };
        AppService {
            gateway: Arc::new(gateway),
            of_http2: of_http2(&connection),
            connection: Arc::new(connection),
            original_uri: None,
            prepare: None,
        }
    }
}

fn of_http2(connection: &Connection) -> Arc<Connection> {
    let mut connection = connection.clone();
    connection.capabilities.upgrade = false;
    Arc::new(connection)
}

impl<A: App + 'static, B> Service<http::Request<B>> for AppService<A>
where
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Answer;

    /// Always ready: an app takes what comes, and `call` needs no `poll_ready` before it.
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<B>) -> Answer {
        self.answer(request.map(Body::new))
    }
}

impl<A> Clone for AppService<A> {
    fn clone(&self) -> Self {
        AppService {
            gateway: Arc::clone(&self.gateway),
            connection: Arc::clone(&self.connection),
            of_http2: Arc::clone(&self.of_http2),
            original_uri: self.original_uri.clone(),
            prepare: self.prepare.clone(),
        }
    }
}

impl<A> fmt::Debug for AppService<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let app = crate::short_name::short_name(std::any::type_name::<A>());
        write!(f, "AppService({app})")
    }
}

#[cfg(all(test, feature = "testing", feature = "hyper"))]
mod tests {
    use super::*;
    use crate::testing::promised;

    #[test]
    fn the_table_of_the_docs_is_what_the_environ_says() {
        let docs = include_str!("../tower.rs");
        let service = AppService::new(async |_: Request| "hello");
        assert_eq!(promised(docs, 1), service.connection.capabilities);
        assert_eq!(promised(docs, 2), service.of_http2.capabilities);
    }
}
