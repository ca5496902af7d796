//! Apps that break the rule book.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use enfilade_core::{Body, Request, RequestExt, Response, Upgrade};
use http::{HeaderValue, Method};
use http_body::Frame;
use http_body_util::BodyExt;

use crate::case::{
    Case, answer, app, frames, frames_of, get, plain, post, response, scripted, trailers,
};

pub(crate) fn broken() -> Vec<Case> {
    [heads(), lengths(), bodies(), requests()]
        .into_iter()
        .flatten()
        .collect()
}

fn hinting(rule: &'static str, name: &'static str, field: (&'static str, &'static str)) -> Case {
    let hint = move |request: Request| async move {
        let link = ("link", "</a.css>; rel=preload");
        request.environ().early_hints([link, field]);
        plain("hello")
    };
    app(rule, name, get("/"), hint)
}

const TEXT: (&str, &str) = ("content-type", "text/plain");

fn heads() -> Vec<Case> {
    vec![
        response("A3", "a field that is called status", || {
            answer(200, &[TEXT, ("status", "200 OK")], "hello")
        }),
        response("A3", "a field that ends in a hyphen", || {
            answer(200, &[TEXT, ("x-", "1")], "hello")
        }),
        response("A4", "a connection to be closed", || {
            answer(200, &[TEXT, ("connection", "close")], "hello")
        }),
        response("A4", "a transfer coding", || {
            answer(200, &[TEXT, ("transfer-encoding", "chunked")], "hello")
        }),
        response("A4", "keep-alive by hand", || {
            answer(200, &[TEXT, ("keep-alive", "timeout=5")], "hello")
        }),
        response("A5", "the type of nothing", || answer(204, &[TEXT], "")),
        response("A5", "the length of nothing", || {
            answer(204, &[("content-length", "0")], "")
        }),
        response("A5", "the type of what was not modified", || {
            answer(304, &[TEXT], "")
        }),
        response("A6", "bytes of no type", || answer(200, &[], "hello")),
        response("A6", "a stream of no type", || {
            answer(200, &[], frames(["a"]))
        }),
        hinting(
            "A5",
            "the length of an answer in its hints",
            ("content-length", "5"),
        ),
        hinting("A5", "a cookie in hints", ("set-cookie", "a=1")),
        hinting("A5", "an upgrade in hints", ("upgrade", "h2c")),
        response("A15", "an informational response that is final", || {
            answer(103, &[], "")
        }),
        response("A15", "a status that nobody registered", || {
            answer(299, &[TEXT], "hello")
        }),
        response("A16", "a location relative to the page", || {
            answer(302, &[("location", "next.html")], "")
        }),
        response("A16", "a redirect to nowhere", || answer(302, &[], "")),
        response("A16", "a location without a redirect", || {
            answer(200, &[TEXT, ("location", "/")], "hello")
        }),
        response("A16", "a tag without quotes", || {
            answer(200, &[TEXT, ("etag", "abc")], "hello")
        }),
        response("A20", "a part of nobody knows what", || {
            answer(206, &[TEXT], "hello")
        }),
        response("A20", "a whole that claims to be a part", || {
            answer(200, &[TEXT, ("content-range", "bytes 0-4/5")], "hello")
        }),
        response("H35", "two cookies in one field", || {
            answer(200, &[TEXT, ("set-cookie", "a=1; Path=/, b=2")], "hello")
        }),
        response("H45", "protocols that are switched unasked", || {
            switched("websocket")
        }),
        app(
            "H45",
            "a switch to another protocol than was offered",
            offering("websocket"),
            async |request: Request| {
                let offer = request.environ().upgrade().cloned().expect("an offer");
                let mut response = offer.accept(async |_| ());
                let other = HeaderValue::from_static("h2c");
                response.headers_mut().insert("upgrade", other);
                response
            },
        ),
    ]
}

/// A request with which a host offers to switch to `protocol`.
fn offering(protocol: &'static str) -> Request {
    let mut request = get("/");
    let protocol = HeaderValue::from_static(protocol);
    let headers = request.headers_mut();
    headers.insert("upgrade", protocol.clone());
    request.environ_mut().set_upgrade(Upgrade::new(protocol));
    request
}

/// A 101 that is written by hand.
fn switched(protocol: &'static str) -> Response {
    answer(101, &[("upgrade", protocol), ("connection", "upgrade")], "")
}

fn lengths() -> Vec<Case> {
    let mut head = get("/");
    *head.method_mut() = Method::HEAD;
    vec![
        response("A7", "a length that bytes in memory do not have", || {
            answer(200, &[TEXT, ("content-length", "4")], "hello")
        }),
        response("A7", "a length that is no number", || {
            answer(200, &[TEXT, ("content-length", "5 bytes")], "hello")
        }),
        response("A7", "two lengths", || {
            let lengths = [TEXT, ("content-length", "5"), ("content-length", "5")];
            answer(200, &lengths, "hello")
        }),
        response("A7", "a stream that ends before its length", || {
            answer(200, &[TEXT, ("content-length", "10")], frames(["hello"]))
        }),
        response("A7", "a stream that is longer than its length", || {
            answer(
                200,
                &[TEXT, ("content-length", "7")],
                frames(["hello", "world"]),
            )
        }),
        app(
            "A7",
            "another length for HEAD than GET has",
            head,
            async |_: Request| answer(200, &[TEXT, ("content-length", "4")], "hello"),
        ),
        response("A17", "a 204 with a body", || answer(204, &[], "hello")),
        response("A17", "a 205 with a stream", || {
            answer(205, &[], frames(["hello"]))
        }),
        response("A17", "a 304 with a body", || {
            answer(304, &[("etag", "\"a\"")], "hello")
        }),
    ]
}

fn bodies() -> Vec<Case> {
    vec![
        response("A8", "a hint of more than there is", || {
            plain(scripted([Some("abc")]).with_exact_hint(9))
        }),
        response("A8", "a hint of less than there is", || {
            plain(scripted([Some("abc")]).with_exact_hint(1))
        }),
        response("A8", "an end that is none", || {
            plain(scripted([Some("abc"), Some("def")]).with_end_at(1))
        }),
        response("H47", "a trailer that frames", || {
            let late = trailers(&[("content-length", "5")]);
            plain(frames_of([Frame::data("hello".into()), late]))
        }),
        response("H47", "data behind the trailers", || {
            let late = Frame::data(Bytes::from_static(b"late"));
            plain(frames_of([trailers(&[("x-sum", "1")]), late]))
        }),
        response("H47", "trailers that nobody announced", || {
            plain(frames_of([
                Frame::data("hello".into()),
                trailers(&[("x-sum", "1")]),
            ]))
        }),
    ]
}

fn requests() -> Vec<Case> {
    let kept: Arc<Mutex<Vec<Body>>> = Arc::default();
    vec![
        app(
            "A9",
            "an app that reads on behind the end",
            post(&[], frames(["one"])),
            async |request: Request| {
                let mut body = request.into_body();
                while body.frame().await.is_some() {}
                let _ = body.frame().await;
                plain("done")
            },
        ),
        app(
            "A10",
            "an app that keeps the request's body",
            post(&[], frames(["one"])),
            move |request: Request| {
                kept.lock().expect("no panic").push(request.into_body());
                std::future::ready(plain("done"))
            },
        ),
    ]
}
