//! A tower service as an app: [`from_service`].

use std::{fmt, sync::Arc};

use http::header::CONTENT_LENGTH;

use super::{FitService, Mounted, fit_service::Prototype, prefix::add_prefix};
use crate::{App, BoxError, Error, Request, Response};

/// A tower service as an app: an axum `Router`, a `tonic` service, a file server of tower-http.
///
/// Mounted under a prefix, it need not know:
///
/// * It sees its path without the prefix; an empty one becomes `/`, the query stays. The `Uri` is
///   rewritten for it alone. In the extensions it finds [`Mounted`], with the whole `Uri`.
/// * What it writes as an absolute path in `Location`, `Content-Location` and the `Path` of
///   cookies gets the prefix back. Absolute URLs and relative ones are right as they are; so is a
///   cookie without a `Path`, and a `__Host-` cookie, which must have `Path=/`.
///
/// Links in bodies are its own: with [`Mounted::url_for`] it can write them.
///
/// The service is cloned for each request, and the clone is made ready and called; what it shares
/// with its clones is shared by all requests. Its errors are answered as
/// [`with_error`](FromService::with_error) says.
///
/// Extensions pass in both directions, so a service takes over connections where the host offers
/// hyper's `OnUpgrade`, as the bundled server does: axum's WebSockets work.
///
/// ```
/// use std::convert::Infallible;
/// use enfilade_core::{Body, Pipeline, Request, Response, from_service};
///
/// # use std::{future::{Ready, ready}, task::{Context, Poll}};
/// #[derive(Clone)]
/// struct Hello;
///
/// impl tower_service::Service<Request> for Hello {
///     type Response = Response;
///     type Error = Infallible;
///     type Future = Ready<Result<Response, Infallible>>;
///
///     fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
///         Poll::Ready(Ok(()))
///     }
///
///     fn call(&mut self, _: Request) -> Self::Future {
///         ready(Ok(Response::new(Body::from("hello"))))
///     }
/// }
///
/// let app = Pipeline::new().app(from_service(Hello));
/// # let _ = app;
/// ```
pub fn from_service<S: FitService>(service: S) -> FromService<S> {
    FromService {
        service: Prototype::new(service, None),
        prepare: None,
        whole_path: false,
    }
}

/// A tower service as an [`App`]. Made by [`from_service`].
#[derive(Clone)]
pub struct FromService<S: FitService> {
    service: Prototype<S>,
    prepare: Option<Prepare>,
    whole_path: bool,
}

/// What is done to a request before a service or an app sees it.
pub(super) type Prepare = Arc<dyn Fn(&mut Request) + Send + Sync>;

impl<S: FitService> FromService<S> {
    /// Changes each request before the service sees it: the place to leave what the service
    /// looks for in the extensions. The path still has its prefix here.
    ///
    /// This makes axum's `ConnectInfo` work:
    ///
    /// ```
    /// # mod axum { pub mod extract { #[derive(Clone)] pub struct ConnectInfo<T>(pub T); } }
    /// # use enfilade_core::{FitService, FromService};
    /// # fn mount<S: FitService>(router: FromService<S>) -> FromService<S> {
    /// use axum::extract::ConnectInfo;
    /// use enfilade_core::{Peer, RequestExt};
    ///
    /// router.with_request(|request| {
    ///     if let Peer::Inet(address) = *request.peer() {
    ///         request.extensions_mut().insert(ConnectInfo(address));
    ///     }
    /// })
    /// # }
    /// ```
    #[must_use]
    pub fn with_request(mut self, prepare: impl Fn(&mut Request) + Send + Sync + 'static) -> Self {
        self.prepare = Some(Arc::new(prepare));
        self
    }

    /// Shows the service the whole path, prefix included, and leaves its responses as they are:
    /// for a service that was built for the prefix under which it is mounted.
    #[must_use]
    pub const fn with_whole_path(mut self) -> Self {
        self.whole_path = true;
        self
    }

    /// Says how an error of the service is answered.
    ///
    /// By default a timeout of the crate `tower` is a 504, its load shedding a 503, and anything
    /// else a 500, unless it carries an [`Error`]; it is kept as the response's
    /// [`Cause`](crate::Cause).
    ///
    /// ```
    /// # use enfilade_core::{FitService, FromService};
    /// # fn mount<S: FitService>(upstream: FromService<S>) -> FromService<S> {
    /// use enfilade_core::Error;
    ///
    /// upstream.with_error(|error| Error::status(502).because(error))
    /// # }
    /// ```
    #[must_use]
    pub fn with_error(mut self, error: impl Fn(BoxError) -> Error + Send + Sync + 'static) -> Self {
        self.service.on_error = Some(Arc::new(error));
        self
    }
}

impl<S: FitService> App for FromService<S> {
    async fn respond(&self, mut request: Request) -> Response {
        if let Some(prepare) = &self.prepare {
            prepare(&mut request);
        }
        let mounted = match self.whole_path {
            true => None,
            false => Mounted::strip(&mut request),
        };
        let mut response = self.service.answer(request).await;
        // axum says a length where there may be none (RFC 9110, section 8.6).
        if matches!(response.status().as_u16(), 100..200 | 204) {
            response.headers_mut().remove(CONTENT_LENGTH);
        }
        if let Some(mounted) = mounted {
            add_prefix(&mounted, &mut response);
        }
        response
    }
}

impl<S: FitService> fmt::Debug for FromService<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "from_service({:?})", self.service)
    }
}
