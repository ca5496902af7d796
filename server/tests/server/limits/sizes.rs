//! Heads and bodies that are too large.

use std::{io::Write, time::Duration};

use enfilade_server::{Limits, Server};

use super::{echo, server};
use crate::support::{Running, eventually};

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
