//! Clients that take too much, of time and of everything else.

mod room;
mod sizes;

use std::{
    io::{ErrorKind, Read, Write},
    net::TcpStream,
    time::{Duration, Instant},
};

use enfilade_core::{BodyPace, Pipeline, Request, RequestExt, Result};
use enfilade_server::{Limits, Server};

use crate::support::Running;

const SHORT: Duration = Duration::from_millis(600);
/// A client is let go within a second after its time.
const SLACK: Duration = Duration::from_secs(1);

fn server(change: impl FnOnce(&mut Limits)) -> Server {
    let mut limits = Limits::default();
    change(&mut limits);
    Server::bind("127.0.0.1:0").with_limits(limits)
}

async fn echo(mut request: Request) -> Result<String> {
    request.text().await
}

/// What many clients get that say `words` and then nothing: each within its time.
fn all_end(server: &Running, words: &[u8], time: Duration) -> Vec<u8> {
    let clients: Vec<TcpStream> = (0..50)
        .map(|_| {
            let mut client = TcpStream::connect(server.addr()).expect("it listens");
            client.write_all(words).expect("it listens");
            client
        })
        .collect();
    let begun = Instant::now();
    let mut last = Vec::new();
    for mut client in clients {
        let patience = Some(time + SLACK);
        client.set_read_timeout(patience).expect("a timeout");
        last.clear();
        client.read_to_end(&mut last).expect("it ends in order");
    }
    let took = begun.elapsed();
    assert!(
        (time - Duration::from_millis(100)..time + SLACK).contains(&took),
        "{took:?}"
    );
    last
}

#[test]
fn who_says_nothing_is_let_go() {
    let server = Running::with(server(|limits| limits.first_byte = SHORT), echo);
    assert_eq!(all_end(&server, b"", SHORT), b"");
    assert_eq!(all_end(&server, b"PRI * HTTP/2.0\r\n", SHORT), b"");
    let lines = server.errors.lines();
    assert!(
        lines[0].starts_with("127.0.0.1 broke a limit: the first bytes within 600ms (first_byte)"),
        "{lines:?}"
    );
    assert!(lines.len() <= 4, "{lines:?}");
}

#[test]
fn who_does_not_end_a_head_is_told_408() {
    let server = Running::with(server(|limits| limits.head = SHORT), echo);
    for words in [
        "G",
        "GET / HTTP/1.1\r\nhost: x\r\n",
        "GET / HTTP/1.1\r\nhost: x\r\nx-a: b",
    ] {
        let last = all_end(&server, words.as_bytes(), SHORT);
        let last = String::from_utf8_lossy(&last).into_owned();
        assert!(
            last.starts_with("HTTP/1.1 408 Request Timeout\r\n"),
            "{last}"
        );
        assert!(last.contains("\r\nconnection: close\r\n"), "{last}");
        assert!(last.ends_with("\r\n\r\nRequest Timeout\n"), "{last}");
    }
}

#[test]
fn the_time_for_a_head_is_that_of_all_its_bytes() {
    let server = Running::with(server(|limits| limits.head = SHORT), echo);
    let mut client = server.connect();
    let begun = Instant::now();
    while client.0.write_all(b"x").is_ok() {
        std::thread::sleep(Duration::from_millis(50));
        assert!(begun.elapsed() < SHORT + SLACK + Duration::from_secs(2));
    }
    let mut second = server.connect();
    second.say("GET / HTTP/1.1\r\nhost: x\r\n\r\n");
    assert!(second.response().starts_with("HTTP/1.1 200"));
    second.say("GET / HTTP/1.1\r\n");
    assert!(second.rest().starts_with("HTTP/1.1 408"));
}

#[test]
fn a_connection_rests_for_a_while_between_two_requests() {
    let server = Running::with(server(|limits| limits.keep_alive = SHORT), echo);
    let mut client = server.connect();
    for _ in 0..3 {
        client.say("GET / HTTP/1.1\r\nhost: x\r\n\r\n");
        assert!(client.response().starts_with("HTTP/1.1 200"));
        std::thread::sleep(SHORT / 2);
    }
    let begun = Instant::now();
    assert_eq!(client.rest(), "");
    assert!(begun.elapsed() < SHORT + SLACK);
    assert!(server.errors.lines().is_empty(), "that is no fault");
}

#[test]
fn a_body_that_rests_is_told_408_and_its_app_is_dropped() {
    let limits = |limits: &mut Limits| limits.body_idle = SHORT;
    let server = Running::with(server(limits), echo);
    let mut client = server.connect();
    let begun = Instant::now();
    client.say("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nhalf");
    let last = client.rest();
    assert!(last.starts_with("HTTP/1.1 408"), "{last}");
    assert!(last.contains("connection: close"), "{last}");
    assert!(begun.elapsed() >= SHORT && begun.elapsed() < SHORT + SLACK);
    let lines = server.errors.lines();
    assert!(lines[0].contains("(body_idle, body_rate)"), "{lines:?}");
}

#[test]
fn a_body_that_drips_is_told_408() {
    let server = Running::with(server(|limits| limits.body_grace = SHORT), echo);
    let mut client = server.connect();
    client.say("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 10000\r\n\r\n");
    let begun = Instant::now();
    while client.0.write_all(b"x").is_ok() {
        std::thread::sleep(Duration::from_millis(50));
        if begun.elapsed() > SHORT {
            break;
        }
    }
    let last = client.rest();
    assert!(last.starts_with("HTTP/1.1 408"), "{last}");
    assert!(begun.elapsed() < SHORT + SLACK);
}

#[test]
fn an_app_may_allow_a_slower_body_and_take_its_own_time() {
    let limits = |limits: &mut Limits| {
        limits.body_idle = SHORT;
        limits.body_grace = SHORT;
    };
    let slow = async |mut request: Request| -> Result<String> {
        tokio::time::sleep(SHORT * 2).await;
        request.text().await
    };
    let app = Pipeline::new().with(BodyPace::any()).app(slow);
    let server = Running::with(server(limits), app);
    let mut client = server.connect();
    client.say("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\n\r\nha");
    std::thread::sleep(SHORT * 4);
    client.say("lf");
    assert!(client.response().ends_with("\r\n\r\nhalf"));
}

#[test]
fn who_does_not_read_an_answer_is_reset() {
    let large = "x".repeat(64 << 20);
    let app = move |_: Request| std::future::ready(large.clone());
    let server = Running::with(server(|limits| limits.write_idle = SHORT), app);
    for drips in [false, true] {
        let mut client = server.connect();
        client.say("GET / HTTP/1.1\r\nhost: x\r\n\r\n");
        let begun = Instant::now();
        let error = loop {
            std::thread::sleep(Duration::from_millis(50));
            assert!(begun.elapsed() < SHORT + SLACK * 4);
            let mut byte = [0];
            let room = socket2::SockRef::from(&client.0).take_error();
            if let Ok(Some(error)) = room {
                break error;
            }
            if drips && let Err(error) = client.0.read(&mut byte) {
                break error;
            }
        };
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    }
    assert!(server.errors.lines()[0].contains("(write_idle, write_rate)"));
}
