//! What is broken off on purpose, to find what leaks.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use enfilade_core::{
    App, Body, BodyEnd, BodyWatch, Ending, Next, Pipeline, Request, RequestExt, Response, from_fn,
    from_fn_with, lint::Lint,
};
use http_body_util::BodyExt;

use crate::case::{frames, get, plain, post};

/// Counts how often a body was dropped before its end.
#[derive(Clone, Default)]
struct Dropped(Arc<AtomicUsize>);

impl BodyWatch for Dropped {
    fn end(&mut self, end: BodyEnd) {
        if end.ending == Ending::Dropped {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
}

async fn pass(request: Request, next: Next<'_>) -> Response {
    next.respond(request).await
}

#[tokio::test]
async fn a_response_is_dropped_after_so_many_frames_and_breaks_off() {
    for (cut, read) in [(0, ""), (1, "one"), (2, "onetwo")] {
        let (lint, findings) = Lint::collecting();
        let dropped = Dropped::default();
        let told = dropped.clone();
        let app = Pipeline::new()
            .with(lint.with_responses_cut_after(cut).around(from_fn(pass)))
            .app(move |_: Request| {
                let body = frames(["one", "two", "three"]).watch(told.clone());
                std::future::ready(plain(body))
            });
        let mut body = app.respond(get("/")).await.into_body();
        let mut text = String::new();
        let error = loop {
            match body.frame().await.expect("an error, and no end") {
                Ok(frame) => {
                    let data = frame.into_data().expect("data");
                    text += std::str::from_utf8(&data).expect("text");
                }
                Err(error) => break error,
            }
        };
        let cause = std::error::Error::source(&error).map(ToString::to_string);
        assert_eq!(cause.as_deref(), Some("the lint has cut it short"));
        assert_eq!(
            (&*text, dropped.0.load(Ordering::Relaxed)),
            (read, 1),
            "{cut}"
        );
        drop((body, app));
        assert!(findings.take().is_empty());
    }
}

/// Works as long as bodies are read to their ends.
async fn keeps(kept: Arc<Mutex<Vec<Body>>>, request: Request, next: Next<'_>) -> Response {
    let (head, mut body) = next.respond(request).await.into_parts();
    let first = body.frame().await;
    let first = first
        .and_then(Result::ok)
        .and_then(|frame| frame.into_data().ok());
    kept.lock().expect("no panic").push(body);
    let first = first.unwrap_or_default();
    Response::from_parts(
        head,
        Body::stream(futures_util::stream::iter([Ok::<_, String>(first)])),
    )
}

#[tokio::test]
async fn a_body_that_outlives_its_client_is_found() {
    let (lint, findings) = Lint::collecting();
    let kept: Arc<Mutex<Vec<Body>>> = Arc::default();
    let app = Pipeline::new()
        .with(
            lint.with_responses_cut_after(0)
                .around(from_fn_with(kept, keeps)),
        )
        .app(async |_: Request| plain(frames(["one", "two"])));
    drop(app.respond(get("/")).await);
    let found = findings.take();
    assert!(
        found.iter().any(|found| found.rules().contains(&"M3")),
        "{found:?}"
    );
}

#[tokio::test]
async fn an_upload_breaks_off_after_so_many_frames() {
    for (cut, status) in [(1, 400), (2, 400), (3, 200)] {
        let app = Pipeline::new()
            .with(Lint::panicking().with_requests_cut_after(cut))
            .app(async |mut request: Request| {
                let text = request.text().await?;
                Ok::<_, enfilade_core::Error>(text)
            });
        let response = app.respond(post(&[], frames(["one", "two"]))).await;
        assert_eq!(response.status(), status, "{cut}");
    }
}
