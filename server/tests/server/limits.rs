//! Clients that take too much, of time and of everything else.

use std::{
    io::{ErrorKind, Read, Write},
    net::TcpStream,
    time::{Duration, Instant},
};

use enfilade_core::{BodyPace, Pipeline, Request, RequestExt, Result};
use enfilade_server::{Limits, Server};

use crate::support::{Client, Running, eventually};

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

/// The status line that many clients read, which all go on sending.
fn status(server: &Running, request: &str) -> String {
    let mut statuses: Vec<String> = (0..20)
        .map(|_| {
            let mut client = server.connect();
            // It may be answered before it has said everything.
            let _ = client.0.write_all(request.as_bytes());
            let all = client.rest();
            all.lines().next().unwrap_or_default().to_owned()
        })
        .collect();
    statuses.dedup();
    statuses.join(", ")
}

#[test]
fn what_a_head_may_hold_can_be_raised_and_lowered() {
    let get = |path: usize, fields: &str| {
        let path = "x".repeat(path);
        format!("GET /{path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{fields}\r\n")
    };
    let field = |bytes: usize| format!("x: {}\r\n", "x".repeat(bytes));
    let (uri, too_long) = ("414 URI Too Long", "431 Request Header Fields Too Large");
    let check = |mut limits: Limits, cases: &[(String, &str)]| {
        // Ten thousand fields take their time without optimization.
        limits.head = Duration::from_secs(120);
        let server = Running::with(Server::bind("127.0.0.1:0").with_limits(limits), echo);
        for (request, answer) in cases {
            let line = format!("HTTP/1.1 {answer}");
            assert_eq!(status(&server, request), line, "{} bytes", request.len());
        }
    };
    let mut limits = Limits::default();
    limits.head_bytes = 100_000;
    limits.line_bytes = 30_000;
    limits.uri_bytes = 20_000;
    limits.fields = 300;
    let trailers = |bytes: usize| {
        let head = get(1, "transfer-encoding: chunked\r\n").replace("GET", "POST");
        format!("{head}0\r\n{}\r\n", field(1000).repeat(bytes / 1000))
    };
    check(
        limits,
        &[
            (get(19_999, ""), "200 OK"),
            (get(20_000, ""), uri),
            (get(1, &field(2).repeat(298)), "200 OK"),
            (get(1, &field(2).repeat(299)), too_long),
            (get(1, &field(29_997)), "200 OK"),
            (get(1, &field(29_998)), too_long),
            (get(1, &field(24_000).repeat(4)), "200 OK"),
            (get(1, &field(25_000).repeat(4)), too_long),
            (trailers(90_000), "200 OK"),
            (trailers(110_000), too_long),
        ],
    );
    let mut limits = Limits::default();
    limits.head_bytes = 1_000;
    limits.line_bytes = 500;
    limits.uri_bytes = 400;
    limits.fields = 10;
    check(
        limits,
        &[
            (get(399, ""), "200 OK"),
            (get(400, ""), uri),
            (get(1, &field(2).repeat(8)), "200 OK"),
            (get(1, &field(2).repeat(9)), too_long),
            (get(1, &field(497)), "200 OK"),
            (get(1, &field(498)), too_long),
            (get(399, &field(400)), "200 OK"),
            (get(399, &field(400).repeat(2)), too_long),
        ],
    );
    // No limit is as much as can be read.
    let mut limits = Limits::default();
    limits.head_bytes = usize::MAX;
    limits.line_bytes = usize::MAX;
    limits.uri_bytes = usize::MAX;
    limits.fields = usize::MAX;
    check(
        limits,
        &[
            (get(65_533, ""), "200 OK"),
            (get(65_534, ""), uri),
            (get(1, &field(2).repeat(9_998)), "200 OK"),
            (get(1, &field(2).repeat(9_999)), too_long),
            (get(1, &field(250_000)), "200 OK"),
            (get(1, &field(263_000)), too_long),
            // Which has not ended.
            (format!("GET /{}", "x".repeat(300_000)), uri),
        ],
    );
}

#[test]
fn heads_and_bodies_that_are_too_large_are_told_so() {
    let limits = |limits: &mut Limits| limits.body_bytes = 1000;
    let server = Running::with(server(limits), echo);
    let get = |target: &str, fields: &str| {
        format!("GET {target} HTTP/1.1\r\nhost: x\r\n{fields}connection: close\r\n\r\n")
    };
    let long = |bytes: usize| format!("/{}", "x".repeat(bytes - 1));
    let fields = |count: usize| "x: 1\r\n".repeat(count);
    let huge = format!("x: {}\r\n", "x".repeat(32 << 10));
    for (request, answer) in [
        (get(&long(8178), ""), "200 OK"),
        (get(&long(8180), ""), "414 URI Too Long"),
        (get(&long(8193), ""), "414 URI Too Long"),
        (get("/", &fields(98)), "200 OK"),
        (get("/", &fields(99)), "431 Request Header Fields Too Large"),
        (get("/", &huge), "431 Request Header Fields Too Large"),
        (
            get("/", &huge.repeat(20)),
            "431 Request Header Fields Too Large",
        ),
    ] {
        let line = format!("HTTP/1.1 {answer}");
        assert_eq!(status(&server, &request), line, "{} bytes", request.len());
    }
    let post = |framing: &str, body: &str| {
        format!("POST / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{framing}\r\n\r\n{body}")
    };
    let body = |count: usize| "x".repeat(count);
    let chunked = |count: usize| format!("{count:x}\r\n{}\r\n0\r\n\r\n", body(count));
    for (framing, body, answer) in [
        ("content-length: 1000", body(1000), "200 OK"),
        ("content-length: 1001", body(1001), "413 Payload Too Large"),
        (
            "content-length: 9999999",
            body(9_999_999),
            "413 Payload Too Large",
        ),
        ("transfer-encoding: chunked", chunked(1000), "200 OK"),
        (
            "transfer-encoding: chunked",
            chunked(1001),
            "413 Payload Too Large",
        ),
        (
            "transfer-encoding: chunked",
            chunked(9_999_999),
            "413 Payload Too Large",
        ),
    ] {
        let line = format!("HTTP/1.1 {answer}");
        let seen = status(&server, &post(framing, &body));
        assert_eq!(seen, line, "{framing}, {} bytes", body.len());
    }
    assert!(eventually(|| server.errors.lines().len() >= 4));
}

#[test]
fn a_connection_ends_after_its_last_request_and_with_its_age() {
    let limits = |limits: &mut Limits| limits.requests = 3;
    let server = Running::with(server(limits), echo);
    let mut client = server.connect();
    for last in [false, false, true] {
        client.say("GET / HTTP/1.1\r\nhost: x\r\n\r\n");
        let response = client.response();
        assert_eq!(response.contains("connection: close"), last, "{response}");
    }
    assert_eq!(client.rest(), "");

    let limits = |limits: &mut Limits| limits.age = SHORT;
    let server = Running::with(self::server(limits), echo);
    let mut client = server.connect();
    client.say("GET / HTTP/1.1\r\nhost: x\r\n\r\n");
    assert!(client.response().starts_with("HTTP/1.1 200"));
    let begun = Instant::now();
    assert_eq!(client.rest(), "");
    assert!(begun.elapsed() < SHORT + SLACK);
}

#[test]
fn when_all_places_are_taken_the_next_request_is_told_to_come_again() {
    let (go, gone) = tokio::sync::watch::channel(false);
    let app = move |_: Request| {
        let mut gone = gone.clone();
        async move {
            let _ = gone.wait_for(|gone| *gone).await;
            "done"
        }
    };
    let server = Running::with(server(|limits| limits.requests_in_flight = 2), app);
    let request = "GET / HTTP/1.1\r\nhost: x\r\n\r\n";
    let mut first: [Client; 2] = std::array::from_fn(|_| server.connect());
    for client in &mut first {
        client.say(request);
    }
    std::thread::sleep(Duration::from_millis(100));
    let mut third = server.connect();
    third.say(request);
    let refused = third.rest();
    assert!(refused.starts_with("HTTP/1.1 503"), "{refused}");
    assert!(refused.contains("\r\nretry-after: 1\r\n"), "{refused}");
    go.send(true).expect("they wait");
    for client in &mut first {
        assert!(client.response().ends_with("done"));
        client.say(request);
        assert!(client.response().ends_with("done"));
    }
}

#[test]
fn the_connections_of_an_address_are_counted_until_they_end() {
    let limits = |limits: &mut Limits| limits.connections_per_address = Some(2);
    let server = Running::with(server(limits), echo);
    let request = "GET / HTTP/1.1\r\nhost: x\r\n\r\n";
    let mut clients: [Client; 2] = std::array::from_fn(|_| server.connect());
    for client in &mut clients {
        client.say(request);
        assert!(client.response().starts_with("HTTP/1.1 200"));
    }
    assert_eq!(server.connect().rest(), "");
    assert!(server.errors.lines()[0].contains("(connections_per_address)"));
    drop(clients);
    assert!(eventually(|| {
        let mut client = server.connect();
        let _ = client.0.write_all(request.as_bytes());
        matches!(client.0.read(&mut [0; 12]), Ok(12))
    }));
}

#[test]
fn connections_that_rest_make_room_for_those_that_wait() {
    let limits = |limits: &mut Limits| limits.connections = Some(20);
    let server = Running::with(server(limits), echo);
    let mut clients: Vec<Client> = Vec::new();
    for _ in 0..60 {
        let mut client = server.connect();
        client.say("GET / HTTP/1.1\r\nhost: x\r\n\r\n");
        assert!(client.response().starts_with("HTTP/1.1 200"));
        clients.push(client);
    }
    let line = "there are as many connections as there may be (connections)";
    assert!(server.errors.lines()[0].starts_with(line));
}

#[test]
fn bodies_that_drip_make_room_where_most_of_it_is_taken() {
    for (count, most) in [(5, 8), (6, 8)] {
        let server = Running::with(server(|limits| limits.requests_in_flight = most), echo);
        let words = "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\nhalf";
        let mut clients: Vec<TcpStream> = (0..count)
            .map(|_| {
                let mut client = TcpStream::connect(server.addr()).expect("it listens");
                client.write_all(words.as_bytes()).expect("it listens");
                client
            })
            .collect();
        // One makes room enough; which one is the clock's to say.
        let mut answer = [0; 12];
        let mut is_answered = || {
            clients.iter_mut().any(|client| {
                client.set_nonblocking(true).expect("a socket");
                client.read(&mut answer).is_ok()
            })
        };
        if count == 6 {
            assert!(eventually(is_answered));
            assert_eq!(&answer, b"HTTP/1.1 408");
        } else {
            std::thread::sleep(Duration::from_secs(3));
            assert!(!is_answered());
        }
    }
}
