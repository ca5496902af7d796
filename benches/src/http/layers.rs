//! What tower-http has no ready layer for: an access log, and a layer that does nothing.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use http::{Request, Response};
use http_body::Body;
use tower::{Layer, Service};

use super::Entry;

/// Writes a line for each response to the sink.
#[derive(Clone, Copy, Debug)]
pub struct Log;

/// The service of [`Log`].
#[derive(Clone, Debug)]
pub struct LogService<S>(S);

impl<S> Layer<S> for Log {
    type Service = LogService<S>;

    fn layer(&self, inner: S) -> LogService<S> {
        LogService(inner)
    }
}

impl<S, B, R: Body> Service<Request<B>> for LogService<S>
where
    S: Service<Request<B>, Response = Response<R>>,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = Logged<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Logged<S::Future> {
        Logged {
            entry: Entry::new(&request),
            future: self.0.call(request),
        }
    }
}

pin_project_lite::pin_project! {
    /// The future of [`Log`].
    #[derive(Debug)]
    pub struct Logged<F> {
        entry: Entry,
        #[pin]
        future: F,
    }
}

impl<F, R, E> Future for Logged<F>
where
    F: Future<Output = Result<Response<R>, E>>,
    R: Body,
{
    type Output = Result<Response<R>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let result = ready!(this.future.poll(cx));
        if let Ok(response) = &result {
            let bytes = response.body().size_hint().lower();
            this.entry.write(response.status(), bytes);
        }
        Poll::Ready(result)
    }
}

/// Passes on what it gets.
#[derive(Clone, Copy, Debug)]
pub struct Pass;

/// The service of [`Pass`].
#[derive(Clone, Debug)]
pub struct PassService<S>(S);

impl<S> Layer<S> for Pass {
    type Service = PassService<S>;

    fn layer(&self, inner: S) -> PassService<S> {
        PassService(inner)
    }
}

impl<S: Service<R>, R> Service<R> for PassService<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, request: R) -> S::Future {
        self.0.call(request)
    }
}
