//! What goes over the wire, byte by byte.

use std::time::Duration;

use bytes::Bytes;
use enfilade_core::{Body, IntoResponse, Request, RequestExt, Response};
use enfilade_server::Server;
use futures_util::stream;
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use http_body::Frame;

use crate::support::{Running, curl, eventually};

async fn statuses(request: Request) -> Response {
    let mut response = Response::new(Body::from("body"));
    *response.status_mut() = match request.path_info() {
        "/204" => StatusCode::NO_CONTENT,
        "/304" => StatusCode::NOT_MODIFIED,
        _ => StatusCode::OK,
    };
    response
}

#[test]
fn head_204_and_304_have_no_body_and_the_connection_stays_in_step() {
    let server = Running::start(statuses);
    let mut client = server.connect();
    client.say("HEAD /200 HTTP/1.1\r\nhost: x\r\n\r\n");
    let head = client.until("\r\n\r\n");
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
    assert!(head.contains("content-length: 4\r\n"), "{head}");
    for status in ["204", "304"] {
        client.say(&format!("GET /{status} HTTP/1.1\r\nhost: x\r\n\r\n"));
        let head = client.until("\r\n\r\n");
        assert!(head.starts_with(&format!("HTTP/1.1 {status}")), "{head}");
        assert!(!head.contains("transfer-encoding"), "{head}");
    }
    client.say("GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    let last = client.rest();
    assert!(last.starts_with("HTTP/1.1 200 OK\r\n"), "{last}");
    assert!(last.ends_with("\r\n\r\nbody"), "{last}");
}

#[test]
fn every_response_has_one_date_and_the_server_field_that_was_asked_for() {
    let plain = Running::start(async |_: Request| "hello");
    let response = curl(&["--include", &plain.url("/")]);
    assert_eq!(response.matches("date: ").count(), 1, "{response}");
    assert!(!response.contains("server: "), "{response}");

    let named = Server::bind("127.0.0.1:0").with_server_header(HeaderValue::from_static("teapot"));
    let named = Running::with(named, async |request: Request| {
        let mut response = Response::new(Body::empty());
        if request.path_info() == "/own" {
            let own = HeaderValue::from_static("own");
            response.headers_mut().insert("server", own);
        }
        response
    });
    for (path, server) in [("/", "server: teapot"), ("/own", "server: own")] {
        let response = curl(&["--include", &named.url(path)]);
        assert!(response.contains(server), "{response}");
        assert_eq!(response.matches("server: ").count(), 1, "{response}");
    }
}

/// One frame now, and another one when the test says so.
fn two_frames() -> (Body, tokio::sync::oneshot::Sender<()>) {
    let (go, gone) = tokio::sync::oneshot::channel();
    let first = stream::iter([Ok::<_, std::io::Error>("first".into())]);
    let second = stream::once(async {
        gone.await.map_err(std::io::Error::other)?;
        Ok("second".into())
    });
    let body = Body::stream(futures_util::StreamExt::chain(first, second));
    (body, go)
}

#[test]
fn each_frame_goes_out_without_waiting_for_the_next() {
    let (body, go) = two_frames();
    let body = std::sync::Mutex::new(Some(body));
    let server = Running::start(move |_: Request| {
        let body = body.lock().expect("no panic").take();
        async move { body.unwrap_or_default() }
    });
    let mut client = server.connect();
    client.say("GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    let begun = client.until("first\r\n");
    assert!(begun.contains("transfer-encoding: chunked\r\n"), "{begun}");
    go.send(()).expect("the body is there");
    assert_eq!(client.rest(), "6\r\nsecond\r\n0\r\n\r\n");
}

#[test]
fn what_has_no_length_is_chunked_or_ends_with_the_connection() {
    let server = Running::start(async |_: Request| {
        Body::stream(stream::iter(["one", "two"].map(|block| {
            Ok::<_, std::io::Error>(Bytes::from_static(block.as_bytes()))
        })))
    });
    for (version, body) in [
        ("1.1", "3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n"),
        ("1.0", "onetwo"),
    ] {
        let mut client = server.connect();
        client.say(&format!(
            "GET / HTTP/{version}\r\nhost: x\r\nconnection: close\r\n\r\n"
        ));
        let head = client.until("\r\n\r\n");
        assert!(!head.contains("content-length"), "{head}");
        assert_eq!(client.rest(), body, "HTTP/{version}");
    }
}

#[test]
fn an_upload_is_asked_for_when_the_app_reads_it() {
    let server = Running::start(async |mut request: Request| match request.path_info() {
        "/refused" => StatusCode::FORBIDDEN.into_response(),
        _ => request.bytes().await.into_response(),
    });
    let upload = |client: &mut crate::support::Client, path: &str| {
        client.say(&format!(
            "POST {path} HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\nexpect: 100-continue\r\n\r\n"
        ));
        client.until("\r\n\r\n")
    };
    let mut client = server.connect();
    assert_eq!(upload(&mut client, "/"), "HTTP/1.1 100 Continue\r\n\r\n");
    client.say("hello");
    assert!(client.response().ends_with("\r\n\r\nhello"));

    let refused = upload(&mut server.connect(), "/refused");
    assert!(refused.starts_with("HTTP/1.1 403 "), "{refused}");
}

#[test]
fn a_length_that_is_not_the_bodys_is_not_sent() {
    let server = Running::start(async |_: Request| {
        let mut response = Response::new(Body::from("body"));
        let wrong = HeaderValue::from_static("40");
        response.headers_mut().insert("content-length", wrong);
        response
    });
    let mut client = server.connect();
    for _ in 0..2 {
        client.say("GET / HTTP/1.1\r\nhost: x\r\n\r\n");
        let response = client.response();
        assert!(response.contains("content-length: 4\r\n"), "{response}");
    }
    let line = "a response claimed a Content-Length that is not its body's";
    assert_eq!(server.errors.lines(), [line, line]);
}

#[test]
fn the_fields_of_the_connection_do_not_reach_the_app_and_its_own_do_not_leave() {
    let server = Running::start(async |request: Request| {
        let mut names: Vec<_> = request
            .headers()
            .keys()
            .map(http::HeaderName::as_str)
            .collect();
        names.sort_unstable();
        let mut response = Response::new(Body::from(names.join(",")));
        let headers = response.headers_mut();
        headers.insert("connection", HeaderValue::from_static("x-mine"));
        headers.insert("x-mine", HeaderValue::from_static("1"));
        headers.insert("upgrade", HeaderValue::from_static("h9"));
        response
    });
    let mut client = server.connect();
    client.say(
        "GET / HTTP/1.1\r\nhost: x\r\nte: trailers\r\nconnection: keep-alive, te, x-hop\r\n\
         keep-alive: timeout=5\r\nx-hop: 1\r\nx-end: 1\r\n\r\n",
    );
    let response = client.response();
    assert!(response.ends_with("host,x-end"), "{response}");
    assert!(!response.contains("x-mine"), "{response}");
    assert!(!response.contains("upgrade"), "{response}");
}

#[test]
fn a_body_streams_in_while_the_app_runs() {
    let server = Running::start(async |mut request: Request| {
        let mut lengths = Vec::new();
        while let Some(frame) = http_body_util::BodyExt::frame(request.body_mut()).await {
            let frame = frame?;
            lengths.push(frame.data_ref().map_or(0, Bytes::len).to_string());
        }
        Ok::<_, enfilade_core::Error>(lengths.join("+"))
    });
    let mut client = server.connect();
    client.say("POST / HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\n");
    client.say("transfer-encoding: chunked\r\n\r\n");
    // The app asks for the body, and only then is the client told to go on.
    assert_eq!(client.until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
    client.say("3\r\nabc\r\n");
    std::thread::sleep(Duration::from_millis(50));
    client.say("2\r\nde\r\n0\r\n\r\n");
    assert!(client.response().ends_with("3+2"));
}

#[test]
fn trailers_go_out_where_the_client_takes_them() {
    let server = Running::start(async |_: Request| {
        let mut trailers = HeaderMap::new();
        trailers.insert("x-sum", HeaderValue::from_static("42"));
        // It comes too late there.
        trailers.insert("location", HeaderValue::from_static("/elsewhere"));
        let frames = [
            Ok::<_, std::io::Error>(Frame::data("body".into())),
            Ok(Frame::trailers(trailers)),
        ];
        let body = Body::new(http_body_util::StreamBody::new(stream::iter(frames)));
        let mut response = Response::new(body);
        let named = HeaderValue::from_static("x-sum, location");
        response.headers_mut().insert("trailer", named);
        response
    });
    let mut client = server.connect();
    client.say("GET / HTTP/1.1\r\nhost: x\r\nte: trailers\r\nconnection: close, te\r\n\r\n");
    let response = client.rest();
    assert!(response.ends_with("0\r\nx-sum: 42\r\n\r\n"), "{response}");
    let h2 = curl(&["--http2-prior-knowledge", "--include", &server.url("/")]);
    assert!(h2.contains("x-sum: 42"), "{h2}");
    assert!(!h2.contains("location:"), "{h2}");
}

#[test]
fn a_request_without_a_client_that_waits_is_answered_in_full_after_a_half_close() {
    let server = Running::start(async |_: Request| {
        tokio::time::sleep(Duration::from_millis(200)).await;
        "late"
    });
    let mut client = server.connect();
    client.say("GET / HTTP/1.1\r\nhost: x\r\n\r\n");
    client
        .0
        .shutdown(std::net::Shutdown::Write)
        .expect("it is open");
    let response = client.rest();
    assert!(response.ends_with("\r\n\r\nlate"), "{response:?}");
}

#[test]
fn options_with_an_asterisk_and_connect_with_an_authority_reach_the_app() {
    let server = Running::start(async |request: Request| {
        assert!(*request.method() == Method::OPTIONS || *request.method() == Method::CONNECT);
        (StatusCode::NOT_FOUND, request.uri().to_string())
    });
    for (head, seen) in [
        ("OPTIONS * HTTP/1.1\r\nhost: x", "*"),
        (
            "CONNECT example.org:443 HTTP/1.1\r\nhost: example.org:443",
            "example.org:443",
        ),
    ] {
        let mut client = server.connect();
        client.say(&format!("{head}\r\nconnection: close\r\n\r\n"));
        let response = client.rest();
        assert!(response.ends_with(seen), "{response}");
    }
    assert!(eventually(|| server.errors.lines().is_empty()));
}

#[test]
fn a_large_answer_from_memory_is_whole_after_a_half_close_and_then_the_connection_ends() {
    let server = Server::bind("127.0.0.1:0").with_half_close(Duration::from_secs(3600));
    let server = Running::with(server, async |_: Request| "x".repeat(16 << 20));
    let mut client = server.connect();
    client.say("GET / HTTP/1.1\r\nhost: x\r\n\r\n");
    // The app has answered, and most of it waits for the client to read.
    std::thread::sleep(Duration::from_millis(300));
    client
        .0
        .shutdown(std::net::Shutdown::Write)
        .expect("it is open");
    std::thread::sleep(Duration::from_millis(300));
    let response = client.rest();
    assert!(response.len() > 16 << 20, "{}", response.len());
}

#[test]
fn responses_have_a_date_unless_it_is_left_out() {
    let dates = |server: Server| {
        let server = Running::with(server, async |_: Request| "x");
        ["--http1.1", "--http2-prior-knowledge"].map(|version| {
            let head = curl(&[version, "--head", &server.url("/")]);
            assert!(head.contains(" 200"), "{head}");
            head.contains("\r\ndate: ")
        })
    };
    assert_eq!(dates(Server::bind("127.0.0.1:0")), [true, true]);
    let without = Server::bind("127.0.0.1:0").without_date();
    assert_eq!(dates(without), [false, false]);
}
