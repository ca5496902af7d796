//! One broken thing, and what it takes to watch it.

use std::{
    collections::VecDeque,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use enfilade_core::{
    App, Body, BodyError, Connection, Environ, Middleware, Pipeline, Request, Response, Step,
    lint::{Finding, Lint},
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri, Version};
use http_body::{Body as HttpBody, Frame, SizeHint};
use http_body_util::{BodyExt, StreamBody};

type Found = Pin<Box<dyn Future<Output = Vec<Finding>>>>;

pub(crate) struct Case {
    pub(crate) rule: &'static str,
    pub(crate) name: &'static str,
    pub(crate) whose: String,
    pub(crate) run: Box<dyn FnOnce() -> Found>,
}

/// An app that breaks `rule` when it answers `request`.
pub(crate) fn app(
    rule: &'static str,
    name: &'static str,
    request: Request,
    app: impl App + 'static,
) -> Case {
    let run = async move || {
        let (lint, findings) = Lint::collecting();
        let app = Pipeline::new().with(lint).app(app);
        read(app.respond(request).await.into_body()).await;
        findings.take()
    };
    Case::new(rule, name, "the app", run)
}

/// One that does so whatever it is asked.
pub(crate) fn response(rule: &'static str, name: &'static str, response: fn() -> Response) -> Case {
    app(rule, name, get("/"), move |_: Request| {
        std::future::ready(response())
    })
}

/// What a host sends that breaks `rule`, before an app that reads it.
pub(crate) fn request(rule: &'static str, name: &'static str, request: Request) -> Case {
    let run = async move || {
        let (lint, findings) = Lint::collecting();
        let app = Pipeline::new().with(lint).app(async |request: Request| {
            read(request.into_body()).await;
            "hello"
        });
        read(app.respond(request).await.into_body()).await;
        findings.take()
    };
    Case::new(rule, name, "the host", run)
}

/// A host that breaks `rule` with the body of a response of two frames.
pub(crate) fn host(
    rule: &'static str,
    name: &'static str,
    drive: impl AsyncFnOnce(Body) + 'static,
) -> Case {
    let run = async move || {
        let (lint, findings) = Lint::collecting();
        let app = Pipeline::new()
            .with(lint)
            .app(async |_: Request| plain(frames(["one", "two"])));
        drive(app.respond(get("/")).await.into_body()).await;
        drop(app);
        findings.take()
    };
    Case::new(rule, name, "the host", run)
}

/// A middleware that breaks `rule` around an app.
pub(crate) fn step(
    rule: &'static str,
    name: &'static str,
    step: impl Middleware + 'static,
    app: impl App + 'static,
) -> Case {
    let whose = format!("`{}`", Step::name(&step));
    let run = async move || {
        let (lint, findings) = Lint::collecting();
        let app = Pipeline::new().with(lint.around(step)).app(app);
        read(app.respond(mounted()).await.into_body()).await;
        findings.take()
    };
    Case::new(rule, name, &whose, run)
}

impl Case {
    pub(crate) fn new<F>(
        rule: &'static str,
        name: &'static str,
        whose: &str,
        run: impl FnOnce() -> F + 'static,
    ) -> Case
    where
        F: Future<Output = Vec<Finding>> + 'static,
    {
        let run = Box::new(move || Box::pin(run()) as Found);
        Case {
            rule,
            name,
            whose: whose.to_owned(),
            run,
        }
    }
}

/// A request as a good host makes it.
pub(crate) fn get(target: &'static str) -> Request {
    let mut request = Request::default();
    *request.uri_mut() = Uri::from_static(target);
    let headers = request.headers_mut();
    headers.insert("host", HeaderValue::from_static("localhost"));
    let environ = Environ::new(Arc::new(Connection::default()), Version::HTTP_11);
    request.extensions_mut().insert(environ);
    request
}

pub(crate) fn post(fields: &[(&'static str, &'static str)], body: Body) -> Request {
    let mut request = get("/");
    *request.method_mut() = Method::POST;
    *request.body_mut() = body;
    fill(request.headers_mut(), fields);
    request
}

/// A 200 of plain text.
pub(crate) fn plain(body: impl Into<Body>) -> Response {
    answer(200, &[("content-type", "text/plain")], body)
}

pub(crate) fn answer(
    status: u16,
    fields: &[(&'static str, &'static str)],
    body: impl Into<Body>,
) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = status.try_into().expect("a status");
    fill(response.headers_mut(), fields);
    response
}

fn fill(headers: &mut HeaderMap, fields: &[(&'static str, &'static str)]) {
    for (name, value) in fields {
        headers.append(
            HeaderName::from_static(name),
            HeaderValue::from_static(value),
        );
    }
}

/// A stream of these blocks.
pub(crate) fn frames<const N: usize>(blocks: [&'static str; N]) -> Body {
    frames_of(blocks.map(|block| Frame::data(Bytes::from_static(block.as_bytes()))))
}

pub(crate) fn frames_of<const N: usize>(frames: [Frame<Bytes>; N]) -> Body {
    let frames = frames.map(Ok::<_, BodyError>);
    Body::new(StreamBody::new(futures_util::stream::iter(frames)))
}

pub(crate) fn trailers(fields: &[(&'static str, &'static str)]) -> Frame<Bytes> {
    let mut trailers = HeaderMap::new();
    fill(&mut trailers, fields);
    Frame::trailers(trailers)
}

/// Reads a body as a good host does.
pub(crate) async fn read(mut body: Body) {
    while let Some(Ok(_)) = body.frame().await {}
}

/// A body that gives what it is told to, an end where there is `None`, and says of itself what it
/// is told to.
pub(crate) struct Scripted {
    polls: VecDeque<Option<&'static str>>,
    hint: SizeHint,
    /// It tells of its end when so many polls are left.
    end_at: Option<usize>,
}

pub(crate) fn scripted<const N: usize>(polls: [Option<&'static str>; N]) -> Scripted {
    Scripted {
        polls: polls.into(),
        hint: SizeHint::default(),
        end_at: None,
    }
}

impl Scripted {
    pub(crate) fn with_exact_hint(mut self, bytes: u64) -> Body {
        self.hint = SizeHint::with_exact(bytes);
        Body::new(self)
    }

    pub(crate) fn with_end_at(mut self, polls: usize) -> Body {
        self.end_at = Some(polls);
        Body::new(self)
    }
}

impl HttpBody for Scripted {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let next = self.polls.pop_front().flatten();
        Poll::Ready(next.map(|text| Ok(Frame::data(text.into()))))
    }

    fn is_end_stream(&self) -> bool {
        self.end_at == Some(self.polls.len())
    }

    fn size_hint(&self) -> SizeHint {
        self.hint
    }
}

/// A request to an app that is mounted.
fn mounted() -> Request {
    let mut request = get("/mount/page");
    let environ = Environ::new(Arc::new(Connection::default()), Version::HTTP_11);
    request.extensions_mut().insert(environ.with_script_name(6));
    request
}
