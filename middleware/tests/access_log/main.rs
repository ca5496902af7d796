//! The access log around apps: one line for each request, whatever becomes of it.

mod ends;

use std::{
    convert::Infallible,
    sync::{Arc, Mutex, mpsc},
};

use bytes::Bytes;
use enfilade_core::{
    App, Body, Error, IntoResponse, Middleware, Pipeline, Request, Response,
    lint::Lint,
    testing::{self, TestRequest},
};
use enfilade_middleware::{AccessLog, Format, Outcome, RequestId, User};
use futures_util::{StreamExt, stream};
use http::StatusCode;
use http_body_util::BodyExt;
use serde_json::Value;

/// A log whose lines can be looked at.
fn log(format: Format) -> (AccessLog, mpsc::Receiver<String>) {
    let (send, lines) = mpsc::channel();
    let log = AccessLog::to(format, move |line| {
        let line = String::from_utf8(line.to_vec()).expect("ASCII");
        send.send(line).expect("the test listens");
    });
    (log, lines)
}

fn only(lines: &mpsc::Receiver<String>) -> String {
    let line = lines.try_recv().expect("a line");
    assert!(lines.try_recv().is_err(), "there is a second line");
    let (line, rest) = line.split_once('\n').expect("a line feed");
    assert_eq!(rest, "", "there is a second line feed");
    line.to_owned()
}

/// The one line of a request that was read to its end, in both formats; the time left out.
async fn logged<A: App>(app: fn() -> A, request: fn() -> TestRequest) -> (String, Value) {
    let (layer, lines) = log(Format::Combined);
    request()
        .on(&Pipeline::new()
            .with(Lint::panicking().around(layer))
            .app(app()))
        .await;
    (without_time(&only(&lines)), logged_json(app, request).await)
}

async fn logged_json<A: App>(app: fn() -> A, request: fn() -> TestRequest) -> Value {
    let (layer, lines) = log(Format::Json);
    request()
        .on(&Pipeline::new()
            .with(Lint::panicking().around(layer))
            .app(app()))
        .await;
    serde_json::from_str(&only(&lines)).expect("JSON")
}

/// Checks the time's form, and takes it out.
fn without_time(line: &str) -> String {
    let (before, rest) = line.split_once('[').expect("a time");
    let (time, after) = rest.split_once(']').expect("a time");
    let form: String = time
        .chars()
        .map(|c| match c {
            '0'..='9' => '0',
            'a'..='z' | 'A'..='Z' => 'a',
            other => other,
        })
        .collect();
    assert_eq!(form, "00/aaa/0000:00:00:00 +0000");
    format!("{before}[]{after}")
}

/// A block, and then nothing, for ever.
fn endless() -> Response {
    let first = stream::iter([Ok::<_, Infallible>(Bytes::from("12345"))]);
    Response::new(Body::stream(first.chain(stream::pending())))
}

#[tokio::test]
async fn junk_in_every_field_gives_one_line_that_is_escaped() {
    const JUNK: &str = "a\r\nb\u{1b}[2J\0\"q\\\u{7f}\u{9b}\u{202e}é";
    fn app() -> impl App {
        Pipeline::new()
            .with(Signed)
            .app(async |_: Request| Error::status(500).because(JUNK))
    }
    /// Leaves a user with every character that a name may have.
    struct Signed;
    impl Middleware for Signed {
        async fn handle(&self, request: Request, next: &impl App) -> Response {
            let mut response = next.respond(request).await;
            response.extensions_mut().insert(User::new("a \"é\\"));
            response
        }
    }
    let request = || {
        testing::request("GET!#$%&'*+-.^_`|~", "/pa\"th?\\é'")
            .header("referer", b"a\t\"b\\\xff\xfe\x80")
            .header("user-agent", b"\xe2\x80\xae() { :; }; \"")
            .peer("[2001:db8::7]:1")
            .script_name("/m%0A%22%1B")
            .extension(User::new("outer"))
    };
    let (line, json) = logged(app, request).await;
    assert_eq!(
        line,
        r#"2001:db8::7 - a\x20\x22\xc3\xa9\x5c [] "GET!#$%&'*+-.^_`|~ "#.to_owned()
            + r#"/m%0A%22%1B/pa\x22th?\x5c\xc3\xa9' HTTP/1.1" 500 "#
            + json["bytes"].to_string().as_str()
            + r#" "a\x09\x22b\x5c\xff\xfe\x80" "\xe2\x80\xae() { :; }; \x22""#
    );
    assert_eq!(json["cause"], JUNK);
    assert_eq!(json["user"], "a \"é\\");
    assert_eq!(json["mount"], "/m%0A%22%1B");
    assert_eq!(json["target"], "/m%0A%22%1B/pa\"th?\\é'");
    assert_eq!(json["referer"], "a\t\"b\\\u{fffd}\u{fffd}\u{fffd}");
    assert_eq!(json["agent"], "\u{202e}() { :; }; \"");

    for format in [Format::Common, Format::Combined, Format::Json] {
        let (layer, lines) = log(format);
        request()
            .on(&Pipeline::new()
                .with(Lint::panicking().around(layer))
                .app(app()))
            .await;
        let line = only(&lines);
        assert!(line.bytes().all(|b| (b' '..=b'~').contains(&b)), "{line}");
    }
}

#[tokio::test]
async fn a_hundred_thousand_requests_give_as_many_lines() {
    let (layer, lines) = log(Format::Combined);
    let app = Pipeline::new().with(layer).app(async |_: Request| "hello");
    for _ in 0..100_000 {
        drop(
            app.respond(Request::default())
                .await
                .into_body()
                .frame()
                .await,
        );
    }
    drop(app);
    assert_eq!(lines.iter().count(), 100_000);
}

#[tokio::test]
async fn a_line_tells_what_is_known_and_nothing_else() {
    let request = || {
        testing::get("/a/b?c=d")
            .header("user-agent", "curl/8")
            .peer("192.0.2.250:4711")
    };
    let (line, json) = logged(|| async |_: Request| "hello", request).await;
    assert_eq!(
        line,
        r#"192.0.2.250 - - [] "GET /a/b?c=d HTTP/1.1" 200 5 "-" "curl/8""#
    );
    let members: Vec<_> = json.as_object().expect("an object").keys().collect();
    let expected = [
        "agent",
        "bytes",
        "first_byte_us",
        "method",
        "outcome",
        "peer",
        "status",
        "target",
        "time",
        "total_us",
        "version",
    ];
    assert_eq!(members, expected);
    assert_eq!(json["outcome"], "complete");
    let time = json["time"].as_str().expect("text");
    assert!(time.len() == 24 && time.ends_with('Z'), "{time}");
    assert!(json["total_us"].as_u64() >= json["first_byte_us"].as_u64());
}

#[tokio::test]
async fn a_panic_in_the_app_gives_one_line_with_what_it_said() {
    let app = || async |_: Request| -> &'static str { panic!("at the disco") };
    let (line, json) = logged(app, || testing::get("/")).await;
    assert!(line.contains("\"GET / HTTP/1.1\" 500 "), "{line}");
    assert_eq!(json["outcome"], "complete");
    assert_eq!(json["cause"], "the application panicked: at the disco");
}

#[tokio::test]
async fn a_panic_of_another_middleware_gives_one_line_too() {
    struct Panics;
    impl Middleware for Panics {
        async fn handle(&self, _: Request, _: &impl App) -> Response {
            panic!("inside of the log, outside of the app")
        }
    }
    for format in [Format::Common, Format::Json] {
        let (layer, lines) = log(format);
        let app = Pipeline::new()
            .with(Lint::panicking().around(layer))
            .with(Panics)
            .app(async |_: Request| "hello");
        testing::get("/").on(&app).await.assert_status(500);
        let line = only(&lines);
        if format == Format::Json {
            let json: Value = serde_json::from_str(&line).expect("JSON");
            assert_eq!(json["outcome"], "failed");
            assert_eq!(json["status"], 500);
        } else {
            assert_eq!(without_time(&line), r#"- - - [] "GET / HTTP/1.1" 500 -"#);
        }
    }
}

#[tokio::test]
async fn bytes_in_memory_stay_in_memory_and_a_stream_is_told_at_its_end() {
    let (layer, lines) = log(Format::Common);
    let app = Pipeline::new()
        .with(Lint::panicking().around(layer))
        .app(async |_: Request| "hello");
    let response = app.respond(Request::default()).await;
    assert_eq!(response.body().in_memory_len(), Some(5));
    assert!(lines.try_recv().is_err());
    assert_eq!(
        response.into_body().try_into_bytes().expect("bytes"),
        "hello"
    );
    assert!(only(&lines).ends_with(" 200 5"));
}

#[tokio::test]
async fn user_and_id_are_found_on_both_sides() {
    let inner = || {
        Pipeline::new()
            .with(Lint::panicking().around(RequestId::new()))
            .app(async |_: Request| {
                let mut response = "hello".into_response();
                response.extensions_mut().insert(User::new("ada"));
                response
            })
    };
    let request = || testing::get("/").header("x-request-id", "abc");
    let json = logged_json(inner, request).await;
    assert_eq!((&json["user"], &json["id"]), (&"ada".into(), &"abc".into()));

    let (layer, lines) = log(Format::Json);
    let app = Pipeline::new()
        .with(Lint::panicking().around(RequestId::new()))
        .with(Lint::panicking().around(layer))
        .app(async |_: Request| "hello");
    request().extension(User::new("bob")).on(&app).await;
    let json: Value = serde_json::from_str(&only(&lines)).expect("JSON");
    assert_eq!((&json["user"], &json["id"]), (&"bob".into(), &"abc".into()));
}

#[tokio::test]
async fn a_query_can_be_left_out() {
    let (layer, lines) = log(Format::Common);
    let app = Pipeline::new()
        .with(Lint::panicking().around(layer.without_query()))
        .app(async |_: Request| "hello");
    testing::get("/reset?token=secret").on(&app).await;
    let line = only(&lines);
    assert!(line.contains("\"GET /reset HTTP/1.1\""), "{line}");
}

#[tokio::test]
async fn a_function_is_told_records() {
    let records = Arc::new(Mutex::new(Vec::new()));
    let told = records.clone();
    let layer = AccessLog::records(move |record| {
        let told_now = (record.status(), record.bytes(), record.outcome());
        told.lock().expect("no panic").push(told_now);
    });
    let app = Pipeline::new()
        .with(Lint::panicking().around(layer))
        .app(async |_: Request| "hello");
    testing::get("/").on(&app).await;
    let expected = (Some(StatusCode::OK), 5, Outcome::Complete);
    assert_eq!(*records.lock().expect("no panic"), [expected]);
}

#[tokio::test]
async fn a_function_that_panics_touches_no_request() {
    let layer = AccessLog::to(Format::Common, |_| panic!("the sink is broken"));
    let app = Pipeline::new()
        .with(Lint::panicking().around(layer))
        .app(async |_: Request| "hello");
    testing::get("/").on(&app).await.assert_text("hello");
}

#[tokio::test]
async fn a_function_may_end_another_response() {
    let (inner, lines) = log(Format::Common);
    let other = Pipeline::new()
        .with(Lint::panicking().around(inner))
        .app(async |_: Request| "other");
    let held = Mutex::new(Some(other.respond(Request::default()).await));
    let (send, outer) = mpsc::channel();
    let layer = AccessLog::to(Format::Json, move |line| {
        drop(held.lock().expect("no panic").take());
        send.send(line.to_vec()).expect("the test listens");
    });
    let app = Pipeline::new()
        .with(Lint::panicking().around(layer))
        .app(async |_: Request| "hello");
    testing::get("/").on(&app).await;
    assert!(only(&lines).contains(" 499 "));
    let line = outer.recv().expect("a line");
    let json: Value = serde_json::from_slice(&line).expect("JSON, and no other line in it");
    assert_eq!(json["bytes"], 5);
}
