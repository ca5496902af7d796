//! What is HTTP/2's own: windows, resets and informational answers.

mod interims;

use std::{
    future::pending,
    io,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use bytes::Bytes;
use enfilade_core::{Body, IntoResponse, Request, RequestExt, Response};
use futures_util::{StreamExt, stream};
use http::{HeaderMap, HeaderValue, StatusCode};
use http_body::Frame;
use http_body_util::StreamBody;

use crate::{
    frames::{
        self, DATA, END_HEADERS, END_STREAM, GET, HEADERS, Http2, NO_TABLE, POST, RST_STREAM,
    },
    support::{Running, curl, eventually},
};

const NO_ERROR: u32 = 0;
const INTERNAL_ERROR: u32 = 2;
const CANCEL: u32 = 8;

/// The setting for the window of a new stream, and zero.
const NO_WINDOW: &[u8] = &[0, 4, 0, 0, 0, 0];

fn get(client: &mut Http2, stream: u32) {
    client.send(HEADERS, END_HEADERS | END_STREAM, stream, GET);
}

/// A body of endless frames, and how many of them were made.
fn endless() -> (impl Fn() -> Body + Send + Sync, Arc<AtomicUsize>) {
    let made = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&made);
    let body = move || {
        let count = Arc::clone(&count);
        Body::stream(stream::repeat_with(move || {
            count.fetch_add(1, SeqCst);
            io::Result::Ok(Bytes::from_static(&[b'x'; 1000]))
        }))
    };
    (body, made)
}

#[test]
fn no_more_of_a_body_is_made_than_the_window_takes_and_a_frame() {
    let (body, made) = endless();
    let server = Running::start(move |_: Request| {
        let body = body();
        async move { body }
    });
    let mut client = Http2::connect(&server, &[NO_TABLE, NO_WINDOW].concat());
    get(&mut client, 1);
    assert_eq!(client.until(HEADERS).status(), 200);
    std::thread::sleep(Duration::from_millis(100));
    assert_eq!(made.load(SeqCst), 1);
    // Two and a half frames.
    client.send(frames::WINDOW_UPDATE, 0, 1, &2500_u32.to_be_bytes());
    let mut got = 0;
    while got < 2500 {
        got += client.until(DATA).payload.len();
    }
    std::thread::sleep(Duration::from_millis(100));
    assert_eq!(got, 2500);
    // The third has begun to go out, and the fourth waits.
    assert!(eventually(|| made.load(SeqCst) == 4));
    std::thread::sleep(Duration::from_millis(100));
    assert_eq!(made.load(SeqCst), 4);
}

/// Counts how many of it there are.
struct Present(Arc<AtomicUsize>);

impl Present {
    fn new(count: &Arc<AtomicUsize>) -> Present {
        count.fetch_add(1, SeqCst);
        Present(Arc::clone(count))
    }
}

impl Drop for Present {
    fn drop(&mut self) {
        self.0.fetch_sub(1, SeqCst);
    }
}

#[test]
fn a_stream_that_is_reset_drops_what_the_app_does_for_it_and_its_neighbours_go_on() {
    let count = Arc::new(AtomicUsize::new(0));
    let here = Arc::clone(&count);
    let server = Running::start(move |request: Request| {
        let present = Present::new(&here);
        async move {
            let none = stream::once(async move {
                let _present = present;
                pending::<io::Result<Bytes>>().await
            });
            match request.method().as_str() {
                // Before the head, and behind it.
                "POST" => none.boxed().next().await.map(|_| "").into_response(),
                _ => Body::stream(none).into_response(),
            }
        }
    });
    let mut client = Http2::connect(&server, NO_TABLE);
    for (stream, fields) in [(1, GET), (3, POST), (5, GET), (7, POST)] {
        client.send(HEADERS, END_HEADERS | END_STREAM, stream, fields);
    }
    assert!(eventually(|| count.load(SeqCst) == 4));
    for (stream, left) in [(1, 3), (3, 2)] {
        client.send(RST_STREAM, 0, stream, &CANCEL.to_be_bytes());
        assert!(eventually(|| count.load(SeqCst) == left), "{stream}");
    }
    std::thread::sleep(Duration::from_millis(50));
    assert_eq!(count.load(SeqCst), 2);
    drop(client);
    assert!(eventually(|| count.load(SeqCst) == 0));
}

#[test]
fn an_upload_that_the_client_resets_is_an_error_whatever_its_reason() {
    let read = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&read);
    let server = Running::start(move |request: Request| {
        let seen = Arc::clone(&seen);
        async move {
            // In a task of its own, which a reset does not end.
            tokio::spawn(async move {
                let read = request.into_body().into_bytes(100).await;
                seen.lock().expect("no panic").push(read.is_err());
            });
            pending::<&str>().await
        }
    });
    let mut client = Http2::connect(&server, NO_TABLE);
    for (stream, reason) in [(1, NO_ERROR), (3, CANCEL)] {
        client.send(HEADERS, END_HEADERS, stream, POST);
        client.send(DATA, 0, stream, b"half");
        client.send(RST_STREAM, 0, stream, &reason.to_be_bytes());
        let count = (stream as usize).div_ceil(2);
        assert!(eventually(|| read.lock().expect("no panic").len() == count));
    }
    assert_eq!(*read.lock().expect("no panic"), [true, true]);
}

#[test]
fn an_answer_that_comes_before_the_upload_is_whole_and_the_rest_is_refused_without_blame() {
    let server = Running::start(async |_: Request| "early");
    let mut client = Http2::connect(&server, NO_TABLE);
    client.send(HEADERS, END_HEADERS, 1, POST);
    assert_eq!(client.until(HEADERS).status(), 200);
    let body = client.until(DATA);
    assert_eq!(
        (&*body.payload, body.flags & END_STREAM),
        (&b"early"[..], 1)
    );
    let reset = client.until(RST_STREAM);
    assert_eq!((reset.stream, reset.reason()), (1, NO_ERROR));
    get(&mut client, 3);
    assert_eq!(client.until(HEADERS).stream, 3);
}

fn length(claimed: &'static str, pieces: &'static [&'static str]) -> Response {
    let pieces = stream::iter(pieces.iter().map(|piece| io::Result::Ok((*piece).into())));
    let mut response = Response::new(Body::stream(pieces));
    let claimed = HeaderValue::from_static(claimed);
    response.headers_mut().insert("content-length", claimed);
    response
}

#[test]
fn a_stream_that_is_not_as_long_as_it_claims_is_broken_off_and_reported() {
    let server = Running::start(async |request: Request| match request.path_info() {
        "/less" => length("9", &["four", "four"]),
        "/more" => length("5", &["four", "four"]),
        "/none" => length("five", &["four"]),
        _ => length("8", &["four", "four"]),
    });
    for (path, reason) in [("/less", true), ("/more", true)] {
        let answer = curl(&["--http2-prior-knowledge", &server.url(path)]);
        let cut = answer.contains("INTERNAL_ERROR") || answer.contains("not closed cleanly");
        assert_eq!(cut, reason, "{path}: {answer}");
    }
    for (path, body) in [("/", "fourfour"), ("/none", "four")] {
        let answer = curl(&["--http2-prior-knowledge", &server.url(path)]);
        assert_eq!(answer, body);
    }
    assert_eq!(
        server.errors.lines(),
        [
            "a response was cut short: there is less of it than its Content-Length",
            "a response was cut short: there is more of it than its Content-Length",
            "a response claimed a Content-Length that is not one number",
        ]
    );
}

#[test]
fn a_body_that_fails_is_reset_and_not_ended() {
    let server = Running::start(async |_: Request| {
        let failure = stream::once(async {
            tokio::time::sleep(Duration::from_millis(50)).await;
            Err(io::Error::other("the disk is on fire"))
        });
        Body::stream(stream::iter([Ok(Bytes::from("begun"))]).chain(failure))
    });
    let mut client = Http2::connect(&server, NO_TABLE);
    get(&mut client, 1);
    let data = client.until(DATA);
    assert_eq!((&*data.payload, data.flags), (&b"begun"[..], 0));
    let reset = client.until(RST_STREAM);
    assert_eq!((reset.stream, reset.reason()), (1, INTERNAL_ERROR));
}

#[test]
fn trailers_go_out_without_what_belongs_to_a_connection_or_a_head() {
    let server = Running::start(async |_: Request| {
        let mut trailers = HeaderMap::new();
        trailers.insert("digest", HeaderValue::from_static("x"));
        for name in ["connection", "content-length", "set-cookie"] {
            trailers.insert(name, HeaderValue::from_static("close"));
        }
        let frames = [Frame::data(Bytes::from("body")), Frame::trailers(trailers)];
        let frames = stream::iter(frames.map(io::Result::Ok));
        Body::new(StreamBody::new(frames))
    });
    let mut client = Http2::connect(&server, NO_TABLE);
    get(&mut client, 1);
    assert_eq!(client.until(HEADERS).status(), 200);
    assert_eq!(client.until(DATA).flags & END_STREAM, 0);
    let trailers = client.until(HEADERS);
    assert_eq!(trailers.flags, END_HEADERS | END_STREAM);
    // One field with a name of its own.
    assert_eq!(trailers.payload[0], 0);
    assert!(trailers.payload.len() < 12, "{trailers:?}");
}

#[test]
fn what_has_no_body_ends_with_its_head_also_where_the_server_refuses() {
    let server = Running::start(async |request: Request| match request.path_info() {
        "/upgrade" => {
            let mut response = StatusCode::UPGRADE_REQUIRED.into_response();
            let upgrade = HeaderValue::from_static("websocket");
            response.headers_mut().insert("upgrade", upgrade);
            response
        }
        _ => "hello".into_response(),
    });
    let head = |path: &str, fields: &[&str]| {
        let url = server.url(path);
        let version = ["--http2-prior-knowledge", "--head", &url];
        curl(&[&version, fields].concat())
    };
    let hello = head("/", &[]);
    assert!(hello.contains("content-length: 5\r\n"), "{hello}");
    // The server refuses it by itself.
    let refused = head("/", &["--header", "expect: nothing"]);
    assert!(refused.starts_with("HTTP/2 417"), "{refused}");
    let upgrade = head("/upgrade", &[]);
    assert!(upgrade.starts_with("HTTP/2 426"), "{upgrade}");
    assert!(!upgrade.contains("upgrade:"), "{upgrade}");

    let mut client = Http2::connect(&server, NO_TABLE);
    // HEAD with `expect: nothing`.
    let fields = b"\x42\x04HEAD\x86\x84\x41\x01x\x0f\x14\x07nothing";
    client.send(HEADERS, END_HEADERS | END_STREAM, 1, fields);
    let answer = client.until(HEADERS);
    assert_eq!(answer.flags, END_HEADERS | END_STREAM);
}

/// CONNECT to `x:1`.
const CONNECT: &[u8] = b"\x42\x07CONNECT\x41\x03x:1";

#[test]
fn a_connect_that_succeeds_has_no_body_and_one_with_a_length_is_refused() {
    let server = Running::start(async |_: Request| "hello");
    let mut client = Http2::connect(&server, NO_TABLE);
    client.send(HEADERS, END_HEADERS, 1, CONNECT);
    let answer = client.until(HEADERS);
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.flags, END_HEADERS | END_STREAM);

    // `content-length: 5`, whose name is number 28.
    let fields = [CONNECT, b"\x0f\x0d\x015"].concat();
    client.send(HEADERS, END_HEADERS, 3, &fields);
    let refused = client.until(HEADERS);
    assert_eq!((refused.stream, refused.status()), (3, 400));
}
