//! What is said before an answer: 100 where the app reads an upload, 103 where it hints.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use enfilade_core::{Environ, Hinted, IntoResponse, Request, RequestExt, host::EARLY_HINTS};
use enfilade_server::{Limits, Server};
use http::StatusCode;
use tokio::sync::Notify;

use super::{CANCEL, NO_WINDOW, get};
use crate::{
    frames::{DATA, END_HEADERS, END_STREAM, HEADERS, Http2, NO_TABLE, POST, RST_STREAM},
    support::{Running, curl, eventually},
};

const LINK: [(&str, &str); 1] = [("link", "</a.css>; rel=preload")];

/// `expect: 100-continue`, whose name is number 35.
const EXPECT: &[u8] = b"\x0f\x14\x0c100-continue";

#[test]
fn an_upload_over_http2_is_asked_for_when_the_app_reads_it() {
    let server = Running::start(async |mut request: Request| match request.path_info() {
        "/index.html" => StatusCode::FORBIDDEN.into_response(),
        _ => request.bytes().await.into_response(),
    });
    let mut client = Http2::connect(&server, NO_TABLE);
    let expecting = [POST, EXPECT].concat();
    client.send(HEADERS, END_HEADERS, 1, &expecting);
    let asked = client.until(HEADERS);
    assert_eq!((asked.status(), asked.flags), (100, END_HEADERS));
    client.send(DATA, END_STREAM, 1, b"hello");
    assert_eq!(client.until(HEADERS).status(), 200);
    assert_eq!(client.until(DATA).payload, b"hello");

    // Who does not wait is not asked.
    client.send(HEADERS, END_HEADERS, 3, POST);
    std::thread::sleep(Duration::from_millis(50));
    client.send(DATA, END_STREAM, 3, b"hello");
    assert_eq!(client.until(HEADERS).status(), 200);

    // `/index.html` is number 5 of the static table: the app does not read.
    let refused = [b"\x83\x86\x85\x41\x01x", EXPECT].concat();
    client.send(HEADERS, END_HEADERS, 5, &refused);
    let answer = client.until(HEADERS);
    assert_eq!((answer.stream, answer.status()), (5, 403));
}

/// Hints, and answers when it is told to with what became of the hint.
fn hinting(answer: &Arc<Notify>) -> impl enfilade_core::App + 'static {
    let answer = Arc::clone(answer);
    move |request: Request| {
        let answer = Arc::clone(&answer);
        async move {
            let hinted = request.environ().early_hints(LINK);
            answer.notified().await;
            format!("{hinted:?}")
        }
    }
}

#[test]
fn a_hint_over_http2_goes_out_before_the_answer_is_made() {
    let answer = Arc::new(Notify::new());
    let server = Running::start(hinting(&answer));
    let mut client = Http2::connect(&server, NO_TABLE);
    for stream in [1, 3] {
        get(&mut client, stream);
        let hint = client.until(HEADERS);
        assert_eq!((hint.stream, hint.status()), (stream, 103));
        assert_eq!(hint.flags, END_HEADERS);
        answer.notify_one();
        let head = client.until(HEADERS);
        assert_eq!((head.stream, head.status()), (stream, 200));
        assert_eq!(client.until(DATA).payload, b"Taken");
    }
}

#[test]
fn a_hint_over_http2_goes_out_in_front_of_an_answer_that_is_there() {
    let server = Running::start(async |request: Request| {
        format!("{:?}", request.environ().early_hints(LINK))
    });
    let answer = curl(&["--http2-prior-knowledge", "--include", &server.url("/")]);
    let hint = "HTTP/2 103 \r\nlink: </a.css>; rel=preload\r\n\r\nHTTP/2 200 \r\n";
    assert!(answer.starts_with(hint), "{answer}");
    assert!(answer.ends_with("\r\n\r\nTaken"), "{answer}");
}

#[test]
fn hints_over_http2_are_taken_from_any_thread_and_of_any_request_that_has_no_answer() {
    let environs = Arc::new(Mutex::new(Vec::<Environ>::new()));
    let kept = Arc::clone(&environs);
    let answer = Arc::new(Notify::new());
    let shared = Arc::clone(&answer);
    let server = Running::start(move |request: Request| {
        let environ = request.environ().clone();
        kept.lock().expect("no panic").push(environ);
        let answer = Arc::clone(&shared);
        async move {
            answer.notified().await;
            "hello"
        }
    });
    let mut client = Http2::connect(&server, NO_TABLE);
    for stream in [1, 3, 5] {
        get(&mut client, stream);
    }
    let hint = |request: usize| environs.lock().expect("no panic")[request].early_hints(LINK);
    assert!(eventually(|| environs.lock().expect("no panic").len() == 3));
    for (request, stream) in [(2, 5), (0, 1), (1, 3)] {
        assert_eq!(hint(request), Hinted::Taken);
        let head = client.until(HEADERS);
        assert_eq!((head.status(), head.stream), (103, stream));
    }
    for _ in 1..EARLY_HINTS {
        assert_eq!(hint(0), Hinted::Taken);
        assert_eq!(client.until(HEADERS).status(), 103);
    }
    assert_eq!(hint(0), Hinted::TooMany);

    client.send(RST_STREAM, 0, 3, &CANCEL.to_be_bytes());
    assert!(eventually(|| hint(1) == Hinted::TooLate));
    answer.notify_waiters();
    while client.until(HEADERS).status() != 200 {}
    while client.until(HEADERS).status() != 200 {}
    for request in 0..3 {
        assert_eq!(hint(request), Hinted::TooLate);
    }
    drop(client);
    assert!(eventually(|| hint(2) == Hinted::TooLate));
}

#[test]
fn a_client_that_was_hinted_and_gives_no_window_is_no_slow_reader_before_its_answer() {
    let mut limits = Limits::default();
    limits.write_idle = Duration::from_millis(300);
    let answer = Arc::new(Notify::new());
    let server = Server::bind("127.0.0.1:0").with_limits(limits);
    let server = Running::with(server, hinting(&answer));
    let mut client = Http2::connect(&server, &[NO_TABLE, NO_WINDOW].concat());
    get(&mut client, 1);
    assert_eq!(client.until(HEADERS).status(), 103);
    std::thread::sleep(Duration::from_secs(1));
    answer.notify_one();
    assert_eq!(client.until(HEADERS).status(), 200);
    // Now it is.
    assert_eq!(client.until(RST_STREAM).stream, 1);
}
