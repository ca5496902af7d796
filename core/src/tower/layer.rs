//! A [`tower_layer::Layer`] as a step of a [`Pipeline`].

use std::{
    convert::Infallible,
    fmt,
    future::{Future, poll_fn},
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
};

use bytes::Bytes;
use http::StatusCode;
use tower_layer::Layer;
use tower_service::Service;

use crate::{
    App, Body, BoxError, Error, IntoResponse, Request, Response, Step, Wrap, app::Reply,
    short_name::short_name,
};

/// A tower layer as a step of a [`Pipeline`], at any place, in reading order.
///
/// It is applied once, when the pipeline is closed, so what it shares is shared: a
/// `ConcurrencyLimitLayer` limits.
pub fn tower<L>(layer: L) -> Tower<L>
where
    L: Layer<Inner>,
    L::Service: FitService,
{
    Tower(layer)
}

/// A tower layer in a [`Pipeline`]. Made by [`tower`].
#[derive(Clone)]
pub struct Tower<L>(L);

impl<L> Step for Tower<L> {
    fn name(&self) -> String {
        format!("tower({})", short_name(std::any::type_name::<L>()))
    }
}

impl<A: App + fmt::Debug + 'static, L> Wrap<A> for Tower<L>
where
    L: Layer<Inner>,
    L::Service: FitService,
{
    type Out = Layered<L::Service>;

    fn wrap(self, app: A) -> Self::Out {
        Layered(Mutex::new(self.0.layer(Inner(Arc::new(app)))))
    }
}

/// What a tower layer wraps: one concrete type, whatever stands behind it, so that a layer is
/// checked where it is written.
#[derive(Clone)]
pub struct Inner(Arc<dyn OwnedApp>);

trait OwnedApp: Send + Sync {
    fn respond_owned(self: Arc<Self>, request: Request) -> Reply<'static>;
}

impl<A: App + 'static> OwnedApp for A {
    fn respond_owned(self: Arc<Self>, request: Request) -> Reply<'static> {
        Box::pin(async move { (*self).respond(request).await })
    }
}

impl<B> Service<http::Request<B>> for Inner
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

/// The response that [`Inner`] makes.
pub struct Answer(Reply<'static>);

impl Future for Answer {
    type Output = Result<Response, Infallible>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.as_mut().poll(cx).map(Ok)
    }
}

/// The services that can stand in a pipeline. Nobody implements it by hand.
#[diagnostic::on_unimplemented(
    message = "the service that this tower layer makes does not fit in a pipeline",
    label = "unfit tower layer",
    note = "its service must take `http::Request<Body>`, be `Clone + Send`, and give `http::Response<B>` with `B: http_body::Body<Data = Bytes> + Send + 'static`"
)]
pub trait FitService: Clone + Send + 'static {
    /// Calls the service once it is ready.
    fn run(self, request: Request) -> impl Future<Output = Response> + Send;
}

impl<S, B> FitService for S
where
    S: Service<Request, Response = http::Response<B>, Error: Into<BoxError>, Future: Send>
        + Clone
        + Send
        + 'static,
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    async fn run(mut self, request: Request) -> Response {
        if let Err(error) = poll_fn(|cx| self.poll_ready(cx)).await {
            return refused(error.into());
        }
        match self.call(request).await {
            Ok(response) => response.map(Body::new),
            Err(error) => refused(error.into()),
        }
    }
}

fn refused(error: BoxError) -> Response {
    Error::status(StatusCode::INTERNAL_SERVER_ERROR)
        .because(error)
        .into_response()
}

/// The service that a tower layer made; cloned for each request, as tower asks, its shared state
/// inside it.
pub struct Layered<S>(Mutex<S>);

impl<S: FitService> App for Layered<S> {
    fn respond(&self, request: Request) -> impl Future<Output = Response> + Send {
        let service = self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        service.run(request)
    }
}

impl<S> fmt::Debug for Layered<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&short_name(std::any::type_name::<S>()))
    }
}
