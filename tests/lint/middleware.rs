//! All middleware of the project, around apps of all kinds, with a lint on both sides.

use std::{collections::BTreeSet, fs, path::Path, sync::Arc, time::Duration};

use bytes::Bytes;
use enfilade::{
    App, Error, IntoResponse, Next, Pipeline, Request, RequestExt, Response, Router,
    core::{
        Body, BodyLimit, BodyPace, BoxApp, BoxMiddleware, OnDisconnect, Redirect, from_fn_with,
        lint::{Finding, Lint},
        testing::{self, TestRequest},
        tower,
    },
    from_fn,
    middleware::{
        AccessLog, BasicAuth, BearerAuth, Compression, Format, RequestId, SetHeader, Timeout,
    },
};
use futures_util::{StreamExt, stream};
use http::{HeaderMap, HeaderName, HeaderValue};
use http_body_util::{BodyExt, Full};
use tower_http::{cors::CorsLayer, trace::TraceLayer};

const FIELDS: [(&str, &str); 4] = [
    ("content-type", "text/plain"),
    ("etag", "\"a\""),
    ("set-cookie", "a=1"),
    ("set-cookie", "b=2"),
];

fn answer(status: u16, fields: &[(&'static str, &'static str)], body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = status.try_into().expect("a status");
    for (name, value) in fields {
        let value = HeaderValue::from_static(value);
        response
            .headers_mut()
            .append(HeaderName::from_static(name), value);
    }
    response
}

fn blocks(count: usize) -> impl stream::Stream<Item = Result<Bytes, std::io::Error>> + Send {
    let block = Bytes::from(vec![b'x'; 2000]);
    stream::iter(vec![block; count]).map(Ok)
}

/// Each block a while after the one before.
fn slow_blocks() -> Body {
    Body::stream(blocks(3).then(async |block| {
        tokio::task::yield_now().await;
        block
    }))
}

fn with_trailers() -> Body {
    let mut trailers = HeaderMap::new();
    trailers.insert("x-sum", HeaderValue::from_static("1"));
    let trailers = async move { Some(Ok(trailers)) };
    Body::new(Full::new(Bytes::from(vec![b'x'; 4000])).with_trailers(trailers))
}

/// Answers of all kinds.
fn site() -> BoxApp {
    async fn of_kind(mut request: Request) -> Response {
        match request.path_info() {
            "/text" => answer(200, &FIELDS, "x".repeat(4000)),
            "/ranges" => answer(
                200,
                &[FIELDS[0], FIELDS[1], ("accept-ranges", "bytes")],
                "x".repeat(4000),
            ),
            "/stream" => answer(200, &FIELDS, Body::stream(blocks(3))),
            "/events" => answer(200, &[("content-type", "text/event-stream")], slow_blocks()),
            "/trailers" => answer(200, &[FIELDS[0], ("trailer", "x-sum")], with_trailers()),
            "/nothing" => answer(204, &[], ""),
            "/cached" => answer(304, &[("etag", "\"a\""), ("vary", "accept")], ""),
            "/part" => answer(206, &[FIELDS[0], ("content-range", "bytes 0-3/9")], "xxxx"),
            "/redirect" => Redirect::to("/text").into_response(),
            "/upload" => request.text().await.into_response(),
            "/panic" => panic!("a bug"),
            _ => Error::not_found().into_response(),
        }
    }
    Router::new().mount("/", of_kind).boxed()
}

fn requests() -> Vec<TestRequest> {
    let paths = [
        "/text",
        "/ranges",
        "/stream",
        "/events",
        "/trailers",
        "/nothing",
        "/cached",
        "/part",
        "/redirect",
        "/panic",
        "/other",
    ];
    let coded = |request: TestRequest| request.header("accept-encoding", "gzip, br");
    let known = |request: TestRequest| request.header("authorization", "Basic YTpi");
    let token = |request: TestRequest| request.header("authorization", "Bearer token");
    let mut requests = Vec::new();
    for path in paths {
        requests.extend([
            testing::get(path),
            coded(testing::get(path)),
            testing::head(path),
        ]);
        requests.extend([
            coded(testing::head(path)),
            known(testing::get(path)),
            token(testing::get(path)),
        ]);
    }
    let upload = || testing::post("/upload").body(Body::stream(blocks(2)));
    requests.extend([
        upload(),
        known(upload()),
        token(upload()),
        testing::post("/upload").body("x"),
    ]);
    requests
}

type Made = (&'static str, fn(Lint) -> BoxApp);

macro_rules! around {
    ($name:literal, $step:expr) => {
        ($name, |lint| {
            let app = Pipeline::new().with(lint.clone()).with(lint.around($step));
            app.app(site()).boxed()
        })
    };
}

async fn pass(request: Request, next: Next<'_>) -> Response {
    next.respond(request).await
}

async fn pass_with(_: (), request: Request, next: Next<'_>) -> Response {
    next.respond(request).await
}

/// The name is that of the type; functions make the last ones.
fn all() -> Vec<Made> {
    vec![
        around!("AccessLog", AccessLog::to(Format::Json, |_| {})),
        around!("BasicAuth", BasicAuth::accounts([("a", "b")])),
        around!("BearerAuth", BearerAuth::tokens([("a", "token")])),
        around!("BodyLimit", BodyLimit::bytes(1000)),
        around!("BodyPace", BodyPace::new()),
        around!("BoxMiddleware", BoxMiddleware::new(Compression::new())),
        around!("Compression", Compression::new()),
        around!("FromFn", from_fn(pass)),
        around!("FromFnWith", from_fn_with((), pass_with)),
        around!("Lint", Lint::panicking()),
        around!("OnDisconnect", OnDisconnect::Finish),
        around!("RequestId", RequestId::new()),
        around!("SetHeader", SetHeader::response("x-field", "1")),
        around!(
            "SetHeader of requests",
            SetHeader::request("x-field", "1").appended()
        ),
        around!("Timeout", Timeout::new(Duration::from_secs(60))),
        around!(
            "Vec",
            vec![BoxMiddleware::new(Timeout::new(Duration::from_secs(60)))]
        ),
        around!("()", ()),
        around!("Arc", Arc::new(RequestId::new())),
        around!("Option", Some(RequestId::new())),
        around!(
            "a pipeline",
            Pipeline::new()
                .with(RequestId::new())
                .with(Compression::new())
        ),
        around!(
            "tower",
            tower((TraceLayer::new_for_http(), CorsLayer::permissive()))
        ),
    ]
}

/// What is found around one, whatever is asked, and wherever its clients leave.
async fn found(make: fn(Lint) -> BoxApp) -> Vec<Finding> {
    let (lint, findings) = Lint::collecting();
    let lints = [
        lint.clone(),
        lint.clone().with_responses_cut_after(0),
        lint.clone().with_responses_cut_after(1),
        lint.with_requests_cut_after(1),
    ];
    for lint in lints {
        let app = make(lint);
        for request in requests() {
            request.without_lint().on(&app).await;
        }
    }
    findings.take()
}

#[tokio::test]
async fn lint_is_silent_on_all_middleware_of_the_project() {
    for (name, make) in all() {
        let found = found(make).await;
        assert!(found.is_empty(), "{name}: {found:#?}");
    }
}

/// The types that implement `Middleware` in the sources below `folder`.
fn declared(folder: &Path, names: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).expect("a folder of sources") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            declared(&path, names);
            continue;
        }
        if path.ends_with("tests.rs") {
            continue;
        }
        let source = fs::read_to_string(&path).expect("a source file");
        // Others of tests and of documentation are indented or commented.
        for line in source.lines().filter(|line| line.starts_with("impl")) {
            if let Some((_, name)) = line.split_once(" Middleware for ") {
                let end = name.find(['<', ' ']).unwrap_or(name.len());
                names.insert(name[..end].to_owned());
            }
        }
    }
}

#[test]
fn every_middleware_of_the_project_is_looked_at() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut names = BTreeSet::new();
    for folder in ["core/src", "middleware/src", "server/src", "adapters/src"] {
        declared(&root.join(folder), &mut names);
    }
    assert!(names.len() > 10, "{names:?}");
    let looked_at: BTreeSet<_> = all().iter().map(|(name, _)| (*name).to_owned()).collect();
    let missed: Vec<_> = names.difference(&looked_at).collect();
    assert!(missed.is_empty(), "{missed:?}");
}
