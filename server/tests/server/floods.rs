//! Clients of HTTP/2 that take too much.

use std::{
    io::Write,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use enfilade_core::{Request, RequestExt, Result};
use enfilade_server::{Limits, Server};

use crate::{
    frames::{
        CONTINUATION, DATA, END_HEADERS, END_STREAM, GET, GOAWAY, HEADERS, Http2, PING, POST,
        PREFACE, PRIORITY, RST_STREAM, SETTINGS, WINDOW_UPDATE, frame,
    },
    support::{Running, eventually},
};

const SHORT: Duration = Duration::from_millis(600);
const SLACK: Duration = Duration::from_secs(1);

const NO_ERROR: u32 = 0;
const CANCEL: u32 = 8;
const ENHANCE_YOUR_CALM: u32 = 11;

/// A window of new streams of no bytes.
const CLOSED: &[u8] = &[0, 4, 0, 0, 0, 0];

fn start(change: impl FnOnce(&mut Limits)) -> Running {
    let mut limits = Limits::default();
    change(&mut limits);
    let server = Server::bind("127.0.0.1:0").with_limits(limits);
    Running::with(server, async |mut request: Request| -> Result<String> {
        request.text().await
    })
}

fn ends_in_time(took: Duration) {
    let early = Duration::from_millis(100);
    assert!((SHORT - early..SHORT + SLACK).contains(&took), "{took:?}");
}

#[test]
fn who_begins_and_says_nothing_more_is_let_go() {
    let server = start(|limits| limits.first_byte = SHORT);
    for words in [PREFACE.to_vec(), [PREFACE, b"\0\0"].concat()] {
        let mut client = Http2(std::net::TcpStream::connect(server.addr()).expect("it listens"));
        client.0.write_all(&words).expect("it listens");
        let (frames, took) = client.rest();
        ends_in_time(took);
        assert_eq!(frames.last().expect("a frame").kind, GOAWAY);
    }
    assert!(server.errors.lines()[0].contains("(first_byte)"));
}

#[test]
fn a_connection_without_streams_is_ended_whether_pings_are_answered_or_not() {
    let server = start(|limits| {
        limits.http2_keep_alive = SHORT;
        limits.http2_ping = SHORT / 4;
    });
    for pings in [false, true] {
        let mut client = Http2::connect(&server, b"");
        client.send(HEADERS, END_HEADERS | END_STREAM, 1, GET);
        while client.until(HEADERS).flags & END_STREAM == 0 {}
        if pings {
            client.send(PING, 0, 0, &[0; 8]);
            client.send(PING, 1, 0, &[0; 8]);
        }
        let (frames, took) = client.rest();
        ends_in_time(took);
        let last = frames.last().expect("a frame");
        assert_eq!((last.kind, last.reason()), (GOAWAY, NO_ERROR));
        assert_eq!(last.payload[..4], [0, 0, 0, 1]);
    }
    assert!(server.errors.lines().is_empty(), "that is no fault");
}

#[test]
fn who_owes_a_frame_or_the_rest_of_its_fields_is_let_go() {
    let server = start(|limits| limits.head = SHORT);
    for words in [
        frame(PING, 0, 0, &[0; 8])[..12].to_vec(),
        frame(HEADERS, END_STREAM, 1, GET),
        [frame(HEADERS, 0, 1, GET), vec![0, 0]].concat(),
    ] {
        let mut client = Http2::connect(&server, b"");
        client.0.write_all(&words).expect("it listens");
        let (frames, took) = client.rest();
        ends_in_time(took);
        assert_eq!(frames.last().expect("a frame").kind, GOAWAY);
    }
    assert!(server.errors.lines()[0].contains("(head)"));
}

#[test]
fn fields_that_drip_have_the_time_of_one_head() {
    let server = start(|limits| limits.head = SHORT);
    let mut client = Http2::connect(&server, b"");
    client.send(HEADERS, END_STREAM, 1, GET);
    let begun = Instant::now();
    let drip = frame(CONTINUATION, 0, 1, b"\x00\x01x\x01y");
    while client.0.write_all(&drip).is_ok() && begun.elapsed() < SHORT {
        std::thread::sleep(SHORT / 3);
    }
    client.rest();
    assert!(begun.elapsed() < SHORT + SLACK);
    assert!(server.errors.lines()[0].contains("(head)"));
}

/// How many of `flood` are sent, behind `begin`, before the server has said that it is enough.
fn frames_until_goaway(server: &Running, begin: &[u8], flood: &[u8], count: usize) -> (usize, u32) {
    let mut client = Http2::connect(server, b"");
    let mut reader = Http2(client.0.try_clone().expect("a socket"));
    let reading = std::thread::spawn(move || {
        loop {
            match reader.next() {
                Ok(Some(frame)) if frame.kind == GOAWAY => return Some(frame.reason()),
                Ok(Some(_)) => {}
                _ => return None,
            }
        }
    });
    let mut sent = 0;
    let pack = flood.repeat(100);
    client.0.write_all(begin).expect("it listens");
    while sent < count && !reading.is_finished() && client.0.write_all(&pack).is_ok() {
        sent += 100;
    }
    let reason = reading.join().expect("it read");
    (sent, reason.expect("it is told"))
}

#[test]
fn frames_that_do_no_work_are_enough_at_some_time() {
    let server = start(|_| {});
    for (name, flood) in [
        ("ping", frame(PING, 0, 0, &[0; 8])),
        ("pong", frame(PING, 1, 0, &[0; 8])),
        ("settings", frame(SETTINGS, 0, 0, &[0, 3, 0, 0, 0, 9])),
        (
            "acknowledgement of priority",
            frame(PRIORITY, 0, 1, &[0, 0, 0, 0, 9]),
        ),
        ("window", frame(WINDOW_UPDATE, 0, 0, &[0, 0, 0, 1])),
        ("unknown", frame(200, 0, 0, b"hello")),
    ] {
        let begun = Instant::now();
        let (sent, reason) = frames_until_goaway(&server, b"", &flood, 1_000_000);
        println!("{name}: at most {sent} frames, {:?}", begun.elapsed());
        assert_eq!(reason, ENHANCE_YOUR_CALM, "{name}");
        assert!(sent < 1_000_000, "{name}");
    }
    assert!(server.errors.lines()[0].contains("(http2_idle_frames)"));
}

#[test]
fn streams_that_are_reset_at_once_are_enough_at_some_time() {
    let started = Arc::new(AtomicUsize::new(0));
    let count = started.clone();
    let server = Running::start(move |_: Request| {
        count.fetch_add(1, Ordering::SeqCst);
        std::future::pending::<&str>()
    });
    let mut client = Http2::connect(&server, b"");
    let mut sent = 0;
    for number in (1..).step_by(2) {
        let mut bytes = frame(HEADERS, END_HEADERS | END_STREAM, number, GET);
        bytes.extend(frame(RST_STREAM, 0, number, &[0, 0, 0, 8]));
        if client.0.write_all(&bytes).is_err() {
            break;
        }
        sent += 2;
        assert!(sent < 100_000);
    }
    let started = started.load(Ordering::SeqCst);
    println!("rapid reset: at most {sent} frames, {started} requests began");
    assert!(started <= 200, "{started}");
    assert!(eventually(|| !server.errors.lines().is_empty()));
}

#[test]
fn fields_without_end_are_enough_at_some_time() {
    let server = start(|_| {});
    for piece in [&b""[..], b"\x00\x01x\x01y"] {
        let mut client = Http2::connect(&server, b"");
        client.send(HEADERS, END_STREAM, 1, GET);
        let flood = frame(CONTINUATION, 0, 1, piece);
        let mut sent = 0;
        while sent < 10_000_000 && client.0.write_all(&flood).is_ok() {
            sent += flood.len();
        }
        println!(
            "CONTINUATION of {} bytes: at most {sent} bytes",
            piece.len()
        );
        assert!(sent < 10_000_000);
    }
}

#[test]
fn small_pieces_of_a_body_are_enough_at_some_time() {
    let server = start(|_| {});
    for piece in [&b""[..], b"x"] {
        let begin = frame(HEADERS, END_HEADERS, 1, POST);
        let flood = frame(DATA, 0, 1, piece);
        let (sent, reason) = frames_until_goaway(&server, &begin, &flood, 1_000_000);
        println!("DATA of {} bytes: at most {sent} frames", piece.len());
        assert_eq!(reason, ENHANCE_YOUR_CALM);
    }
}

#[test]
fn a_stream_that_is_not_read_is_reset_however_its_window_drips_and_others_go_on() {
    let mut limits = Limits::default();
    limits.write_idle = SHORT;
    let server = Server::bind("127.0.0.1:0").with_limits(limits);
    let server = Running::with(server, async |_: Request| "x".repeat(100_000));
    for drips in [false, true] {
        let mut client = Http2::connect(&server, CLOSED);
        client.send(HEADERS, END_HEADERS | END_STREAM, 1, GET);
        client.until(HEADERS);
        let begun = Instant::now();
        let mut drip = client.0.try_clone().expect("a socket");
        let dripping = std::thread::spawn(move || {
            for _ in 0..if drips { 100 } else { 0 } {
                std::thread::sleep(Duration::from_millis(20));
                let bytes = frame(WINDOW_UPDATE, 0, 1, &[0, 0, 0, 1]);
                drip.write_all(&bytes).expect("the connection lives");
            }
        });
        let reset = client.until(RST_STREAM);
        ends_in_time(begun.elapsed());
        assert_eq!((reset.stream, reset.reason()), (1, CANCEL));
        client.send(SETTINGS, 0, 0, &[0, 4, 0, 1, 0, 0]);
        client.send(HEADERS, END_HEADERS | END_STREAM, 3, GET);
        assert_eq!(client.until(HEADERS).stream, 3);
        dripping.join().expect("it drips");
    }
    assert!(server.errors.lines()[0].contains("a stream read"));
}

#[test]
fn an_app_that_has_nothing_to_send_is_not_taken_for_a_client_that_does_not_read() {
    let limits = |limits: &mut Limits| {
        limits.write_idle = SHORT / 2;
        limits.http2_ping = SHORT / 2;
    };
    let mut set = Limits::default();
    limits(&mut set);
    let server = Server::bind("127.0.0.1:0").with_limits(set);
    let server = Running::with(server, async |_: Request| {
        tokio::time::sleep(SHORT * 2).await;
        "late"
    });
    let mut client = Http2::connect(&server, CLOSED);
    client.send(HEADERS, END_HEADERS | END_STREAM, 1, GET);
    // Whoever is waited for is asked whether it is there.
    let ping = client.until(PING);
    client.send(PING, 1, 0, &ping.payload);
    client.until(HEADERS);
    client.send(WINDOW_UPDATE, 0, 1, &[0, 0, 1, 0]);
    assert_eq!(client.until(DATA).payload, b"late");
}

#[test]
fn who_does_not_answer_a_ping_is_gone() {
    let mut limits = Limits::default();
    (limits.http2_ping, limits.http2_pong) = (SHORT / 2, SHORT / 2);
    let server = Server::bind("127.0.0.1:0").with_limits(limits);
    let app = |_: Request| std::future::pending::<&str>();
    let server = Running::with(server.with_grace(Duration::ZERO), app);
    let mut client = Http2::connect(&server, b"");
    client.send(HEADERS, END_HEADERS | END_STREAM, 1, GET);
    let (frames, took) = client.rest();
    ends_in_time(took);
    assert!(frames.iter().any(|frame| frame.kind == PING));
    assert!(server.errors.lines()[0].contains("(http2_pong)"));
}

#[test]
fn a_body_that_rests_is_told_408_and_its_neighbours_go_on() {
    let server = start(|limits| limits.body_idle = SHORT);
    let mut client = Http2::connect(&server, b"");
    client.send(HEADERS, END_HEADERS, 1, POST);
    client.send(DATA, 0, 1, b"half");
    let begun = Instant::now();
    let head = client.until(HEADERS);
    ends_in_time(begun.elapsed());
    // `:status` of no number in the static table, in three digits.
    assert!(head.payload.starts_with(b"\x08\x03408") || head.payload.starts_with(b"\x48"));
    client.send(HEADERS, END_HEADERS | END_STREAM, 3, GET);
    let second = client.until(HEADERS);
    // `:status: 200` is number 8.
    assert_eq!((second.stream, second.payload[0]), (3, 0x88));
    assert!(server.errors.lines()[0].contains("(body_idle, body_rate)"));
}

#[test]
fn each_crumb_of_a_cookie_is_a_field() {
    let server = start(|_| {});
    let mut client = Http2::connect(&server, b"");
    for (stream, crumbs, good) in [(1, 100, true), (3, 101, false)] {
        // `cookie` is number 32 of the static table.
        let fields = [GET.to_vec(), b"\x0f\x11\x01c".repeat(crumbs)].concat();
        client.send(HEADERS, END_HEADERS | END_STREAM, stream, &fields);
        let head = client.until(HEADERS);
        assert_eq!(head.payload[0] == 0x88, good, "{crumbs}");
    }
    assert!(eventually(|| server
        .errors
        .lines()
        .iter()
        .any(|line| line.contains("(fields)"))));
}

#[test]
fn a_connection_ends_in_order_after_its_last_request() {
    let server = start(|limits| limits.requests = 2);
    let mut client = Http2::connect(&server, b"");
    for stream in [1, 3] {
        client.send(HEADERS, END_HEADERS | END_STREAM, stream, GET);
        assert_eq!(client.until(HEADERS).stream, stream);
    }
    let (frames, _) = client.rest();
    assert_eq!(frames.last().expect("a frame").kind, GOAWAY);
}

#[test]
fn a_body_that_drips_makes_room_where_most_of_it_is_taken() {
    let server = start(|limits| limits.requests_in_flight = 8);
    let mut client = Http2::connect(&server, b"");
    for stream in [1, 3, 5, 7, 9, 11] {
        client.send(HEADERS, END_HEADERS, stream, POST);
        client.send(DATA, 0, stream, b"half of it");
    }
    let begun = Instant::now();
    client.until(HEADERS);
    assert!(begun.elapsed() < Duration::from_secs(5));
    assert!(server.errors.lines()[0].contains("(body_idle, body_rate)"));
}
