//! Requests over HTTP/2 that two programs could read differently, written as frames.

use std::io::{Read, Write};

use crate::strict::Asked;

fn frame(kind: u8, flags: u8, stream: u8, payload: &[u8]) -> Vec<u8> {
    let length = u8::try_from(payload.len()).expect("a short frame");
    [&[0, 0, length, kind, flags, 0, 0, 0, stream], payload].concat()
}

/// Fields as literals that are kept nowhere (RFC 7541, section 6.2.2).
fn block(fields: &[(&str, &str)]) -> Vec<u8> {
    let mut block = Vec::new();
    for (name, value) in fields {
        block.push(0);
        for text in [name, value] {
            block.push(u8::try_from(text.len()).expect("a short text"));
            block.extend_from_slice(text.as_bytes());
        }
    }
    block
}

/// What a request with `fields` and a body of three bytes is answered: a status, or `reset`.
fn answer(asked: &Asked, fields: &[(&str, &str)]) -> String {
    said(
        asked,
        &[frame(1, 4, 1, &block(fields)), frame(0, 1, 1, b"abc")],
    )
}

fn said(asked: &Asked, frames: &[Vec<u8>]) -> String {
    let mut client = asked.server.connect();
    let opening = [
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(),
        frame(4, 0, 0, &[]),
        frames.concat(),
    ];
    client.0.write_all(&opening.concat()).expect("it listens");
    loop {
        let mut head = [0; 9];
        if client.0.read_exact(&mut head).is_err() {
            return "reset".to_owned();
        }
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize;
        let mut payload = vec![0; length];
        client.0.read_exact(&mut payload).expect("a whole frame");
        match (head[3], payload.first()) {
            (1, Some(0x88)) => return "200".to_owned(),
            (1, Some(0x8c)) => return "400".to_owned(),
            (1, _) => return "another status".to_owned(),
            (3 | 7, _) => return "reset".to_owned(),
            _ => {}
        }
    }
}

/// Fields instead of those with the same names in a good request, and beside them.
const CASES: &[(&[(&str, &str)], &str)] = &[
    (&[], "200"),
    (&[("host", "x")], "200"),
    (&[("host", "X:80")], "200"),
    (&[("content-length", "3")], "200"),
    (&[("te", "trailers")], "200"),
    (&[("host", "y")], "400"),
    (&[("host", "x:81")], "400"),
    (&[("host", "x"), ("host", "x")], "400"),
    (&[("content-length", "3"), ("content-length", "3")], "400"),
    (&[("content-length", "3"), ("content-length", "4")], "reset"),
    (&[(":path", "*")], "400"),
    (&[(":authority", "x:99999")], "400"),
    (&[("x-a_b", "1"), ("x-a-b", "2")], "400"),
    (&[("expect", "x")], "another status"),
    (&[("content-length", "2")], "reset"),
    (&[("content-length", "4")], "reset"),
    (&[("content-length", "+3")], "reset"),
    (&[("content-length", "3, 3")], "reset"),
    (&[("connection", "close")], "reset"),
    (&[("transfer-encoding", "chunked")], "reset"),
    (&[("upgrade", "x")], "reset"),
    (&[("keep-alive", "x")], "reset"),
    (&[("proxy-connection", "x")], "reset"),
    (&[("te", "gzip")], "reset"),
    (&[("X-Big", "1")], "reset"),
    (&[("a b", "1")], "reset"),
    (&[("a:", "1")], "reset"),
    (&[("", "1")], "reset"),
    (&[("a", "b\r\nc: d")], "reset"),
    (&[("a", "b\nc")], "reset"),
    (&[("a", "b\0")], "reset"),
    (&[(":path", "")], "reset"),
    (&[(":path", "/ HTTP/1.1\r\nhost: y")], "reset"),
    (&[(":authority", "x\r\n")], "reset"),
    (&[(":method", "GET /")], "reset"),
    (&[(":method", "GET"), (":method", "GET")], "reset"),
    (&[(":status", "200")], "reset"),
    (&[(":other", "x")], "reset"),
];

#[test]
fn a_request_over_http2_that_could_be_read_in_two_ways_reaches_no_app() {
    let asked = Asked::start();
    for (n, (fields, wanted)) in CASES.iter().enumerate() {
        let path = format!("/{n}");
        let good = [
            (":method", "POST"),
            (":scheme", "http"),
            (":authority", "x"),
            (":path", path.as_str()),
        ];
        let replaced = |name: &str| fields.iter().any(|(other, _)| *other == name);
        let kept = good.iter().filter(|(name, _)| !replaced(name));
        let (pseudo, others): (Vec<_>, Vec<_>) = kept
            .chain(*fields)
            .partition(|(name, _)| name.starts_with(':'));
        let all: Vec<_> = pseudo.into_iter().chain(others).copied().collect();
        assert_eq!(answer(&asked, &all), *wanted, "{fields:?}");
        // A length is known to be wrong when the body has come.
        let begins = wanted == &"200" || matches!(fields, [("content-length", "2" | "4")]);
        let begun = asked.take_paths().contains(&path);
        assert!(!begun || begins, "{fields:?}");
    }
    let alone = [(":method", "GET"), (":scheme", "http"), (":path", "/")];
    assert_eq!(answer(&asked, &alone), "400");
}

#[test]
fn trailers_over_http2_say_nothing_that_only_a_head_may_say() {
    let asked = Asked::start();
    let head = [
        (":method", "POST"),
        (":scheme", "http"),
        (":authority", "x"),
        (":path", "/"),
    ];
    for (trailer, wanted) in [
        ("x-sum", "200"),
        ("content-length", "400"),
        ("authorization", "400"),
        ("host", "400"),
        ("x_sum", "400"),
        ("connection", "reset"),
        // h2 leaves it out.
        (":path", "200"),
    ] {
        let frames = [
            frame(1, 4, 1, &block(&head)),
            frame(0, 0, 1, b"abc"),
            frame(1, 5, 1, &block(&[(trailer, "3")])),
        ];
        assert_eq!(said(&asked, &frames), wanted, "{trailer}");
    }
}
