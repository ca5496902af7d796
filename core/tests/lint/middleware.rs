//! Middleware that breaks the rule book, around apps that keep it.

use std::{
    collections::VecDeque,
    convert::Infallible,
    future::{Ready, ready},
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll},
};

use bytes::Bytes;
use enfilade_core::{
    App, Body, BodyError, Environ, Next, Pipeline, Request, RequestExt, Response, from_fn,
    from_fn_with, lint::Lint, tower,
};
use futures_util::{StreamExt, stream};
use http::{HeaderValue, Uri, header};
use http_body::{Body as HttpBody, Frame};
use http_body_util::BodyExt;

use crate::case::{Case, answer, frames, frames_of, get, plain, read, step, trailers};

pub(crate) fn broken() -> Vec<Case> {
    [bodies(), fields(), calls(), requests()]
        .into_iter()
        .flatten()
        .collect()
}

async fn hello(_: Request) -> Response {
    plain("hello")
}

/// Two events, each of which is there a while before the next.
async fn events(_: Request) -> Response {
    let mut polls = VecDeque::from([Some("one"), None, Some("two"), None]);
    let events = stream::poll_fn(move |cx| match polls.pop_front() {
        Some(Some(event)) => Poll::Ready(Some(Ok::<_, Infallible>(Bytes::from(event)))),
        Some(None) => {
            cx.waker().wake_by_ref();
            Poll::Pending
        }
        None => Poll::Ready(None),
    });
    plain(Body::stream(events))
}

pub(crate) async fn tagged(_: Request) -> Response {
    let fields = [
        ("content-type", "text/plain"),
        ("etag", "\"1\""),
        ("accept-ranges", "bytes"),
        ("repr-digest", "sha-256=:AA==:"),
        ("set-cookie", "a=1"),
        ("set-cookie", "b=2"),
    ];
    answer(200, &fields, frames(["hello"]))
}

pub(crate) async fn with_trailers(_: Request) -> Response {
    plain(frames_of([
        Frame::data("hello".into()),
        trailers(&[("x-sum", "1")]),
    ]))
}

fn bodies() -> Vec<Case> {
    let kept: Arc<Mutex<Vec<Body>>> = Arc::default();
    vec![
        step(
            "M2",
            "a middleware that waits for the next frame",
            from_fn(holds_back),
            events,
        ),
        step(
            "M2",
            "a middleware that collects a stream",
            from_fn(collects),
            async |_: Request| plain(frames(["one", "two"])),
        ),
        step(
            "M3",
            "a middleware that keeps the old body",
            from_fn_with(kept, keeps),
            tagged,
        ),
        step(
            "M8",
            "a middleware that loses trailers",
            from_fn(cuts_trailers),
            with_trailers,
        ),
        step(
            "M8",
            "a middleware that loses extensions",
            from_fn(rebuilds),
            tagged,
        ),
    ]
}

fn fields() -> Vec<Case> {
    vec![
        step(
            "M4",
            "other bytes under a strong tag",
            from_fn_with("etag", shouts),
            tagged,
        ),
        step(
            "M4",
            "other bytes under a digest",
            from_fn_with("repr-digest", shouts),
            tagged,
        ),
        step(
            "M4",
            "other bytes that still have ranges",
            from_fn_with("accept-ranges", shouts),
            tagged,
        ),
        step(
            "A7",
            "other bytes under the same length",
            from_fn(doubles),
            async |_: Request| {
                answer(
                    200,
                    &[("content-type", "text/plain"), ("content-length", "5")],
                    "hello",
                )
            },
        ),
        step("M8", "a cookie that is lost", from_fn(one_cookie), tagged),
        step(
            "A4",
            "a middleware that ends connections",
            from_fn(closes),
            hello,
        ),
    ]
}

fn calls() -> Vec<Case> {
    vec![
        step("M5", "a middleware that asks twice", from_fn(twice), hello),
        Case::new(
            "M6",
            "a layer that leaves a call behind",
            "`tower(Leaves)`",
            async || {
                let (lint, findings) = Lint::collecting();
                let app = Pipeline::new()
                    .with(lint.around(tower(Leaves)))
                    .app(async |_: Request| std::future::pending::<Response>().await);
                read(app.respond(get("/")).await.into_body()).await;
                findings.take()
            },
        ),
    ]
}

fn requests() -> Vec<Case> {
    vec![
        step(
            "M7",
            "a middleware that strips a prefix",
            from_fn(strips),
            hello,
        ),
        step(
            "H8",
            "another original target",
            from_fn(forges_the_original),
            hello,
        ),
        step(
            "M11",
            "a split that goes back",
            from_fn(forgets_the_mount),
            async |_: Request| plain("hello"),
        ),
        step("M8", "a request without its environ", from_fn(anew), hello),
        step(
            "M8",
            "a request that lost its environ alone",
            from_fn(bare),
            hello,
        ),
        step(
            "H16",
            "a transfer coding from a middleware",
            from_fn(chunks),
            hello,
        ),
    ]
}

/// Gives each frame when the next is there.
struct Late {
    inner: Body,
    held: Option<Frame<Bytes>>,
}

impl HttpBody for Late {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        loop {
            match std::task::ready!(Pin::new(&mut self.inner).poll_frame(cx)) {
                Some(Ok(frame)) => match self.held.replace(frame) {
                    Some(held) => return Poll::Ready(Some(Ok(held))),
                    None => continue,
                },
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(self.held.take().map(Ok)),
            }
        }
    }
}

async fn holds_back(request: Request, next: Next<'_>) -> Response {
    let late = |inner| Body::new(Late { inner, held: None });
    next.respond(request).await.map(late)
}

async fn collects(request: Request, next: Next<'_>) -> Response {
    let (head, body) = next.respond(request).await.into_parts();
    let bytes = body.into_bytes(1000).await.unwrap_or_default();
    Response::from_parts(head, bytes.into())
}

async fn keeps(kept: Arc<Mutex<Vec<Body>>>, request: Request, next: Next<'_>) -> Response {
    let (head, body) = next.respond(request).await.into_parts();
    kept.lock().expect("no panic").push(body);
    Response::from_parts(head, "another".into())
}

pub(crate) async fn cuts_trailers(request: Request, next: Next<'_>) -> Response {
    let blocks = |body: Body| Body::stream(body.into_data_stream());
    next.respond(request).await.map(blocks)
}

async fn rebuilds(request: Request, next: Next<'_>) -> Response {
    let mut rebuilt = Response::default();
    let (head, body) = next.respond(request).await.into_parts();
    *rebuilt.headers_mut() = head.headers;
    *rebuilt.body_mut() = body;
    rebuilt
}

/// In capitals, with none of the fields that are true of the bytes but `stale`.
pub(crate) async fn shouts(stale: &'static str, request: Request, next: Next<'_>) -> Response {
    let mut response = next.respond(request).await;
    for name in ["etag", "repr-digest", "accept-ranges"] {
        if name != stale {
            response.headers_mut().remove(name);
        }
    }
    response.map(|body| {
        let blocks = body.into_data_stream();
        Body::stream(blocks.map(|block| block.map(|block| Bytes::from(block.to_ascii_uppercase()))))
    })
}

async fn doubles(request: Request, next: Next<'_>) -> Response {
    next.respond(request).await.map(|_| "hellohello".into())
}

pub(crate) async fn one_cookie(request: Request, next: Next<'_>) -> Response {
    let mut response = next.respond(request).await;
    if let Some(first) = response.headers().get(header::SET_COOKIE).cloned() {
        response.headers_mut().insert(header::SET_COOKIE, first);
    }
    response
}

async fn closes(request: Request, next: Next<'_>) -> Response {
    let mut response = next.respond(request).await;
    let close = HeaderValue::from_static("close");
    response.headers_mut().insert(header::CONNECTION, close);
    response
}

pub(crate) async fn twice(request: Request, next: Next<'_>) -> Response {
    let mut first = get("/mount/page");
    *first.extensions_mut() = request.extensions().clone();
    read(next.respond(first).await.into_body()).await;
    next.respond(request).await
}

async fn strips(mut request: Request, next: Next<'_>) -> Response {
    *request.uri_mut() = Uri::from_static("/page");
    next.respond(request).await
}

async fn forges_the_original(mut request: Request, next: Next<'_>) -> Response {
    request
        .environ_mut()
        .set_original(Uri::from_static("/other"));
    next.respond(request).await
}

async fn forgets_the_mount(request: Request, next: Next<'_>) -> Response {
    let mut request = request;
    let environ = Environ::new(request.environ().connection_shared(), request.version());
    request.extensions_mut().insert(environ);
    next.respond(request).await
}

async fn anew(_: Request, next: Next<'_>) -> Response {
    next.respond(Request::default()).await
}

async fn bare(mut request: Request, next: Next<'_>) -> Response {
    request.extensions_mut().remove::<Environ>();
    next.respond(request).await
}

async fn chunks(mut request: Request, next: Next<'_>) -> Response {
    let chunked = HeaderValue::from_static("chunked");
    request
        .headers_mut()
        .insert(header::TRANSFER_ENCODING, chunked);
    next.respond(request).await
}

/// A tower layer that begins a call, puts it aside, and answers by itself.
#[derive(Clone)]
struct Leaves;

#[derive(Clone)]
struct Left<S> {
    inner: S,
    aside: Arc<Mutex<Vec<Box<dyn std::any::Any + Send>>>>,
}

impl<S> tower_layer::Layer<S> for Leaves {
    type Service = Left<S>;

    fn layer(&self, inner: S) -> Left<S> {
        Left {
            inner,
            aside: Arc::default(),
        }
    }
}

impl<S> tower_service::Service<Request> for Left<S>
where
    S: tower_service::Service<Request, Future: Send + 'static>,
{
    type Response = Response;
    type Error = S::Error;
    type Future = Ready<Result<Response, S::Error>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let mut call = Box::pin(self.inner.call(request));
        let mut cx = Context::from_waker(std::task::Waker::noop());
        let _ = call.as_mut().poll(&mut cx);
        self.aside.lock().expect("no panic").push(Box::new(call));
        ready(Ok(plain("by itself")))
    }
}
