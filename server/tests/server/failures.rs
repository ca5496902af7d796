//! Apps that fail, and clients that leave.

use std::{
    future::pending,
    io,
    net::Shutdown,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use enfilade_core::{Body, Request, RequestExt, Response, Result};
use enfilade_server::Server;
use futures_util::{StreamExt, stream};
use http::StatusCode;
use http_body_util::BodyExt;
use hyper_util::rt::{TokioExecutor, TokioIo};

use crate::support::{Running, curl, eventually};

/// So that what was written before is on its way.
const A_MOMENT: Duration = Duration::from_millis(50);

fn broken() -> io::Error {
    io::Error::other("the disk is on fire")
}

async fn failing(request: Request) -> Result<Response> {
    let first = stream::iter([Ok(Bytes::from("begun"))]);
    Ok(Response::new(match request.path_info() {
        "/panic" => panic!("at the disco"),
        "/first" => Body::stream(stream::iter([Err::<Bytes, _>(broken())])),
        "/first-panic" => Body::stream(stream::poll_fn(
            |_| -> std::task::Poll<Option<io::Result<Bytes>>> { panic!("in the body") },
        )),
        "/later" => Body::stream(first.chain(stream::once(async {
            tokio::time::sleep(A_MOMENT).await;
            Err(broken())
        }))),
        "/later-panic" => Body::stream(first.chain(stream::once(async {
            tokio::time::sleep(A_MOMENT).await;
            panic!("in the body")
        }))),
        "/slow" => Body::stream(first.chain(stream::once(async {
            tokio::time::sleep(A_MOMENT * 3).await;
            Ok(Bytes::from(" and ended"))
        }))),
        _ => Body::from("fine"),
    }))
}

#[test]
fn a_client_that_goes_on_sending_gets_the_answer_that_came_early() {
    let server = Running::start(async |_: Request| "early");
    let mut client = server.connect();
    client.say("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 8388608\r\n\r\n");
    // More than what the system takes before anybody reads.
    for _ in 0..128 {
        client.say(&"x".repeat(64 * 1024));
    }
    let answer = client.rest();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(answer.contains("\r\nconnection: close\r\n"), "{answer}");
    assert!(answer.ends_with("early"), "{answer}");
}

#[test]
fn a_panic_is_a_500_and_the_connection_lives_on() {
    let server = Running::start(failing);
    let mut client = server.connect();
    client.say("GET /panic HTTP/1.1\r\nhost: x\r\n\r\n");
    let refused = client.response();
    assert!(refused.starts_with("HTTP/1.1 500 "), "{refused}");
    assert!(!refused.contains("disco"), "{refused}");
    client.say("GET / HTTP/1.1\r\nhost: x\r\n\r\n");
    assert!(client.response().ends_with("fine"));
    assert_eq!(
        server.errors.lines(),
        ["the application panicked: at the disco"]
    );
}

#[test]
fn a_body_that_fails_on_its_first_frame_is_a_500() {
    let server = Running::start(failing);
    for path in ["/first", "/first-panic"] {
        for version in ["--http1.1", "--http2-prior-knowledge"] {
            let format = ["--output", "/dev/null", "--write-out", "%{http_code}"];
            let status = curl(&[&format[..], &[version, &server.url(path)]].concat());
            assert_eq!(status, "500", "{path} {version}");
        }
    }
    let lines = server.errors.lines();
    assert!(lines[0].contains("the disk is on fire"), "{lines:?}");
}

#[test]
fn a_body_that_fails_later_has_no_clean_end() {
    let server = Running::start(failing);
    for path in ["/later", "/later-panic"] {
        let mut client = server.connect();
        client.say(&format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n"));
        let response = client.rest();
        assert!(response.contains("begun"), "{response}");
        assert!(!response.contains("\r\n0\r\n"), "{response}");
        let h2 = curl(&["--http2-prior-knowledge", &server.url(path)]);
        assert!(h2.contains("stream 1 was not closed cleanly"), "{h2}");
    }
    let lines = server.errors.lines();
    assert_eq!(lines.len(), 4, "{lines:?}");
    let cause = "a response was cut short: the body broke off: the disk is on fire";
    assert_eq!(lines[0], cause);
    assert!(lines[3].contains("in the body"), "{lines:?}");
}

#[test]
fn a_body_that_panics_ends_its_own_stream_and_no_other_of_the_connection() {
    let server = Running::start(failing);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let answers = runtime.block_on(async {
        let stream = tokio::net::TcpStream::connect(server.addr()).await;
        let stream = TokioIo::new(stream.expect("it listens"));
        let http2 = hyper::client::conn::http2::handshake(TokioExecutor::new(), stream);
        let (client, connection) = http2.await.expect("it speaks HTTP/2");
        tokio::spawn(connection);
        let get = |path: &str| {
            let request = http::Request::get(server.url(path)).body(Body::empty());
            let response = client.clone().send_request(request.expect("a request"));
            async move { Ok(response.await?.into_body().collect().await?.to_bytes()) }
        };
        let both: (hyper::Result<Bytes>, hyper::Result<Bytes>) =
            tokio::join!(get("/later-panic"), get("/slow"));
        both
    });
    answers.0.expect_err("it was cut short");
    assert_eq!(answers.1.expect("it is whole"), "begun and ended");
}

#[test]
fn an_informational_status_is_no_answer() {
    let server = Running::start(async |_: Request| StatusCode::SWITCHING_PROTOCOLS);
    for version in ["--http1.1", "--http2-prior-knowledge"] {
        let response = curl(&["--include", version, &server.url("/")]);
        assert!(response.contains(" 500"), "{response}");
    }
    let lines = server.errors.lines();
    assert!(lines[0].contains("101 Switching Protocols"), "{lines:?}");
}

/// An app that never answers, and counts how many of its futures are there.
fn waiting() -> (impl enfilade_core::App + 'static, Arc<AtomicUsize>) {
    struct Present(Arc<AtomicUsize>);
    impl Drop for Present {
        fn drop(&mut self) {
            self.0.fetch_sub(1, Ordering::SeqCst);
        }
    }
    let count = Arc::new(AtomicUsize::new(0));
    let here = count.clone();
    let app = move |request: Request| {
        here.fetch_add(1, Ordering::SeqCst);
        let present = Present(here.clone());
        async move {
            let _present = (present, request);
            pending::<&'static str>().await
        }
    };
    (app, count)
}

#[test]
fn a_client_that_resets_drops_the_apps_future() {
    let (app, count) = waiting();
    let server = Running::start(app);
    let mut client = server.connect();
    client.say("GET / HTTP/1.1\r\nhost: x\r\n\r\n");
    assert!(eventually(|| count.load(Ordering::SeqCst) == 1));
    socket2::SockRef::from(&client.0)
        .set_linger(Some(Duration::ZERO))
        .expect("it is a socket");
    drop(client);
    assert!(eventually(|| count.load(Ordering::SeqCst) == 0));
}

#[test]
fn a_client_that_closes_is_gone_when_nothing_could_be_written_for_a_while() {
    for (patience, dropped) in [(Duration::ZERO, true), (Duration::from_secs(30), false)] {
        let (app, count) = waiting();
        let server = Server::bind("127.0.0.1:0")
            .with_half_close(patience)
            .with_grace(Duration::ZERO);
        let server = Running::with(server, app);
        let mut client = server.connect();
        client.say("GET / HTTP/1.1\r\nhost: x\r\n\r\n");
        assert!(eventually(|| count.load(Ordering::SeqCst) == 1));
        client.0.shutdown(Shutdown::Write).expect("it is open");
        assert_eq!(eventually(|| count.load(Ordering::SeqCst) == 0), dropped);
    }
}

#[test]
fn an_http2_client_that_leaves_drops_the_apps_future() {
    let (app, count) = waiting();
    let server = Running::start(app);
    let url = server.url("/");
    let answer = curl(&["--http2-prior-knowledge", "--max-time", "0.3", &url]);
    assert!(answer.contains("timed out"), "{answer}");
    assert!(eventually(|| count.load(Ordering::SeqCst) == 0));
}

#[test]
fn a_body_that_is_cut_short_by_the_client_is_an_error_and_no_end() {
    let seen = Arc::new(std::sync::Mutex::new(None));
    let outcome = seen.clone();
    let server = Running::start(move |request: Request| {
        let outcome = outcome.clone();
        async move {
            let read = request.into_body().into_bytes(100).await;
            *outcome.lock().expect("no panic") = Some(read.is_err());
        }
    });
    let mut client = server.connect();
    client.say("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nhalf");
    drop(client);
    assert!(eventually(|| *seen.lock().expect("no panic") == Some(true)));
}
