//! How requests end: left, gone on with, broken off, or whole.

use std::sync::Arc;

use bytes::Bytes;
use enfilade_core::{
    App, Body, Environ, Gateway, OnDisconnect, Pipeline, Request, Response, host::Answer,
    lint::Lint, testing,
};
use enfilade_middleware::{Format, RequestId};
use futures_util::{FutureExt, stream};
use http::{HeaderValue, StatusCode, Version, header};
use http_body_util::BodyExt;
use serde_json::Value;

use super::{endless, log, logged_json, only, without_time};

#[tokio::test]
async fn a_client_that_leaves_before_the_head_is_marked() {
    for (format, id) in [(Format::Common, false), (Format::Json, true)] {
        let (layer, lines) = log(format);
        let app = Pipeline::new()
            .with(Lint::panicking().around(RequestId::new()))
            .with(Lint::panicking().around(layer))
            .app(async |_: Request| std::future::pending::<&str>().await);
        let mut reply = Box::pin(app.respond(Request::default()));
        assert!((&mut reply).now_or_never().is_none());
        assert!(lines.try_recv().is_err());
        drop(reply);
        let line = only(&lines);
        if id {
            let json: Value = serde_json::from_str(&line).expect("JSON");
            assert_eq!(json["outcome"], "aborted");
            assert_eq!(json.get("status"), None);
            assert_eq!(json.get("first_byte_us"), None);
            assert_eq!(json["id"].as_str().map(str::len), Some(36));
        } else {
            assert_eq!(without_time(&line), r#"- - - [] "GET / HTTP/1.1" 499 -"#);
        }
    }
}

#[tokio::test]
async fn an_app_that_went_on_without_its_client_is_told_with_its_status() {
    for format in [Format::Common, Format::Json] {
        let (layer, lines) = log(format);
        let app = Pipeline::new()
            .with(Lint::panicking().around(layer))
            .with(OnDisconnect::Finish)
            .app(async |_: Request| {
                tokio::task::yield_now().await;
                (StatusCode::CREATED, "made")
            });
        let mut request = Request::default();
        let environ = Environ::new(Arc::default(), Version::HTTP_11);
        request.extensions_mut().insert(environ);
        let gateway = Gateway::new(app);
        let mut answer = Box::pin(gateway.answer(request));
        assert!((&mut answer).now_or_never().is_none());
        assert!(answer.as_mut().leave());
        answer.await;
        let line = only(&lines);
        if format == Format::Json {
            let json: Value = serde_json::from_str(&line).expect("JSON");
            assert_eq!(json["outcome"], "finished");
            assert_eq!((&json["status"], &json["bytes"]), (&201.into(), &0.into()));
        } else {
            assert_eq!(without_time(&line), r#"- - - [] "GET / HTTP/1.1" 499 -"#);
        }
    }
}

#[tokio::test]
async fn a_client_that_leaves_within_the_body_is_marked() {
    for format in [Format::Common, Format::Json] {
        let (layer, lines) = log(format);
        let app = Pipeline::new()
            .with(Lint::panicking().around(layer))
            .app(async |_: Request| endless());
        let mut body = app.respond(Request::default()).await.into_body();
        assert!(body.frame().await.is_some());
        assert!(lines.try_recv().is_err());
        drop(body);
        let line = only(&lines);
        if format == Format::Json {
            let json: Value = serde_json::from_str(&line).expect("JSON");
            assert_eq!(json["outcome"], "aborted");
            assert_eq!((&json["status"], &json["bytes"]), (&200.into(), &5.into()));
        } else {
            assert_eq!(without_time(&line), r#"- - - [] "GET / HTTP/1.1" 499 5"#);
        }
    }
}

#[tokio::test]
async fn a_body_that_breaks_off_has_failed_and_was_not_aborted() {
    fn breaks_off(_: Request) -> impl Future<Output = Response> {
        let blocks = [Ok(Bytes::from("12345")), Err("the disk is gone")];
        std::future::ready(Response::new(Body::stream(stream::iter(blocks))))
    }
    for format in [Format::Common, Format::Json] {
        let (layer, lines) = log(format);
        let app = Pipeline::new()
            .with(Lint::panicking().around(layer))
            .app(breaks_off);
        let mut body = testing::get("/").stream_on(&app).await.into_body();
        while body.frame().await.is_some_and(|frame| frame.is_ok()) {}
        drop(body);
        let line = only(&lines);
        if format == Format::Json {
            let json: Value = serde_json::from_str(&line).expect("JSON");
            assert_eq!(json["outcome"], "failed");
            assert_eq!((&json["status"], &json["bytes"]), (&200.into(), &5.into()));
        } else {
            assert_eq!(without_time(&line), r#"- - - [] "GET / HTTP/1.1" 500 5"#);
        }
    }
}

#[tokio::test]
async fn a_body_that_the_host_drops_unsent_is_not_aborted() {
    let head = || testing::head("/");
    let hello = || async |_: Request| "hello";
    let streamed = || async |_: Request| endless();
    let check = |json: Value| {
        assert_eq!(json["outcome"], "complete", "{json}");
        assert_eq!(json["bytes"], 0);
    };
    check(logged_json(hello, head).await);
    check(logged_json(streamed, head).await);
    // These two break the rule book, so there is no lint.
    for status in [StatusCode::NO_CONTENT, StatusCode::NOT_MODIFIED] {
        let (layer, lines) = log(Format::Json);
        let app = Pipeline::new()
            .with(layer)
            .app(async |_: Request| (status, "hello"));
        testing::get("/").without_lint().on(&app).await;
        check(serde_json::from_str(&only(&lines)).expect("JSON"));
    }
}

/// A host stops polling once it has the bytes that the head promises. Not all promises are kept
/// here, so there is no lint.
#[tokio::test]
async fn a_stream_that_gave_the_promised_bytes_is_complete() {
    for (promised, outcome) in [("5", "complete"), ("6", "aborted"), ("x", "aborted")] {
        let (layer, lines) = log(Format::Json);
        let app = Pipeline::new().with(layer).app(move |_: Request| {
            let mut response = endless();
            let length = HeaderValue::from_static(promised);
            response
                .headers_mut()
                .insert(header::CONTENT_LENGTH, length);
            async { response }
        });
        let mut body = app.respond(Request::default()).await.into_body();
        assert!(body.frame().await.is_some());
        drop(body);
        let json: Value = serde_json::from_str(&only(&lines)).expect("JSON");
        assert_eq!(json["outcome"], outcome, "{promised}");
    }
}
