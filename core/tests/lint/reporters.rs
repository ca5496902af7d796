//! Where findings go, and what is in them.

use std::{
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex},
};

use enfilade_core::{
    App, Connection, Environ, ErrorSink, Next, Pipeline, Request, Response, from_fn,
    lint::{Finding, Lint, Severity},
};
use http::Version;

use crate::case::{answer, get, plain};

async fn hops(_: Request) -> Response {
    answer(
        200,
        &[("content-type", "text/plain"), ("connection", "close")],
        "hello",
    )
}

async fn untyped(_: Request) -> Response {
    answer(200, &[], "hello")
}

async fn pass(request: Request, next: Next<'_>) -> Response {
    next.respond(request).await
}

#[tokio::test]
async fn a_finding_says_which_rule_who_what_and_how_to_mend_it() {
    let (lint, findings) = Lint::collecting();
    let app = Pipeline::new().with(lint).app(hops);
    drop(app.respond(get("/a?b")).await);
    let found = findings.take();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].severity(), Severity::Breach);
    assert_eq!(
        found[0].to_string(),
        "breach of rule A4, H36 by the app at GET /a: the response has the field `connection`; to \
         mend it: leave the field out: the host frames the message"
    );
}

#[tokio::test]
async fn the_one_at_fault_is_blamed_once_by_whoever_saw_it_first() {
    let (outer, findings) = Lint::collecting();
    let (inner, nothing) = Lint::collecting();
    let app = Pipeline::new()
        .with(outer)
        .with(inner.clone().around(from_fn(pass)))
        .with(inner)
        .app(hops);
    drop(app.respond(get("/")).await);
    let found = findings.take();
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].whose(), "the app");
    assert!(nothing.take().is_empty(), "the outermost is told");
}

#[tokio::test]
async fn a_panic_that_a_host_has_caught_comes_again_at_the_end() {
    let app = Pipeline::new().with(Lint::panicking()).app(hops).boxed();
    let request = get("/");
    let asked = AssertUnwindSafe(app.respond(request));
    let caught = futures_util::FutureExt::catch_unwind(asked).await;
    assert!(caught.is_err());
    let dropped = std::panic::catch_unwind(AssertUnwindSafe(|| drop(app)));
    let said = *dropped
        .expect_err("it was caught")
        .downcast::<String>()
        .expect("text");
    assert!(said.contains("rule A4"), "{said}");
}

#[tokio::test]
async fn a_warning_is_no_reason_to_panic() {
    let app = Pipeline::new().with(Lint::panicking()).app(untyped);
    assert_eq!(app.respond(get("/")).await.status(), 200);
}

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<String>>>);

impl ErrorSink for Lines {
    fn report(&self, line: &str) {
        self.0.lock().expect("no panic").push(line.to_owned());
    }
}

/// A request of a host with this error stream.
fn request_to(lines: &Lines) -> Request {
    let mut connection = Connection::default();
    connection.errors = Arc::new(lines.clone());
    let mut request = get("/");
    let environ = Environ::new(Arc::new(connection), Version::HTTP_11);
    request.extensions_mut().insert(environ);
    request
}

#[tokio::test]
async fn the_hosts_error_stream_is_told_of_each_finding_once() {
    let lines = Lines::default();
    let app = Pipeline::new().with(Lint::reporting()).app(untyped);
    for _ in 0..3 {
        drop(app.respond(request_to(&lines)).await);
    }
    let told = lines.0.lock().expect("no panic");
    assert_eq!(
        *told,
        [
            "lint: warning of rule A6 by the app at GET /: a body has no `Content-Type`; to mend it: \
          say the `Content-Type`"
        ]
    );
}

#[tokio::test]
async fn no_client_fills_the_error_stream_with_what_it_makes_up() {
    let lines = Lines::default();
    let app = Pipeline::new()
        .with(Lint::reporting())
        .app(async |_: Request| plain("hello"));
    for number in 0..1100 {
        let mut request = request_to(&lines);
        *request.uri_mut() = format!("/./{number}").parse().expect("a target");
        drop(app.respond(request).await);
    }
    let told = lines.0.lock().expect("no panic");
    assert_eq!(told.len(), 1001);
    assert_eq!(
        told[1000],
        "lint: these were 1000 findings; no more are told"
    );
}

#[tokio::test]
async fn any_closure_is_a_reporter() {
    let rules = Arc::new(Mutex::new(Vec::<&str>::new()));
    let told = rules.clone();
    let lint = Lint::new(move |finding: &Finding| {
        told.lock().expect("no panic").extend(finding.rules());
    });
    let app = Pipeline::new().with(lint).app(untyped);
    drop(app.respond(get("/")).await);
    assert_eq!(*rules.lock().expect("no panic"), ["A6"]);
}
