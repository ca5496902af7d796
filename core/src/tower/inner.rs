//! What a tower layer wraps: [`InnerService`].

use std::{
    convert::Infallible,
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use tower_service::Service;

use crate::{App, Body, BoxError, Request, Response, app::Reply};

/// What a tower layer in a pipeline wraps: one concrete service, whatever app stands behind it, so
/// that a layer is checked where it is written.
///
/// It takes requests with any body over `Bytes`, gives a [`Response`], and is always ready.
#[derive(Clone)]
pub struct InnerService(Arc<dyn OwnedApp>);

impl InnerService {
    pub(super) fn new(app: impl App + fmt::Debug + 'static) -> InnerService {
        InnerService(Arc::new(app))
    }
}

impl fmt::Debug for InnerService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// An app whose response keeps it alive: services give futures that borrow nothing.
trait OwnedApp: fmt::Debug + Send + Sync {
    fn respond_owned(self: Arc<Self>, request: Request) -> Reply<'static>;
}

impl<A: App + fmt::Debug + 'static> OwnedApp for A {
    fn respond_owned(self: Arc<Self>, request: Request) -> Reply<'static> {
        Box::pin(async move { (*self).respond(request).await })
    }
}

impl<B> Service<http::Request<B>> for InnerService
where
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Answer;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<B>) -> Answer {
        Answer(Arc::clone(&self.0).respond_owned(request.map(Body::new)))
    }
}

/// The response that an app is making, as a tower service gives it. Dropping it cancels.
pub struct Answer(Reply<'static>);

impl Answer {
    pub(super) fn new(reply: impl Future<Output = Response> + Send + 'static) -> Answer {
        Answer(Box::pin(reply))
    }
}

impl Future for Answer {
    type Output = Result<Response, Infallible>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.as_mut().poll(cx).map(Ok)
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Answer")
    }
}
