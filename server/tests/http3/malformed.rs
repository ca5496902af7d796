//! What is no HTTP/3, or no request: it reaches no app, and the server lives on.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use enfilade_core::Request;
use quinn::TransportConfig;
use tokio::time::sleep;

use crate::{
    bodies::read,
    certificates::Certificates,
    client::{GET, POST, Raw, start},
    support::Running,
};

/// A server that counts what reaches its app.
fn counting() -> (Running, Certificates, Arc<AtomicUsize>) {
    let calls = Arc::new(AtomicUsize::new(0));
    let counts = Arc::clone(&calls);
    let (server, certificates) = start(move |_: Request| {
        counts.fetch_add(1, SeqCst);
        std::future::ready("hello")
    });
    (server, certificates, calls)
}

/// A frame of HEADERS with these lines.
fn head(lines: &[&[u8]]) -> Vec<u8> {
    let section = [b"\0\0", &*lines.concat()].concat();
    let length = u8::try_from(section.len()).expect("it is short");
    [&[1, 0x40, length], &*section].concat()
}

/// A line whose name and value are spelled.
fn line(name: &str, value: &str) -> Vec<u8> {
    let mut line = match name.len() {
        short @ 0..7 => vec![0x20 | short as u8],
        long => vec![0x27, long as u8 - 7],
    };
    line.extend_from_slice(name.as_bytes());
    line.push(value.len() as u8);
    line.extend_from_slice(value.as_bytes());
    line
}

const METHOD: &[u8] = b"\xd1";
const SCHEME: &[u8] = b"\xd7";
const PATH: &[u8] = b"\xc1";
const AUTHORITY: &[u8] = b"\x50\x01x";
const USUAL: [&[u8]; 4] = [METHOD, SCHEME, AUTHORITY, PATH];

#[tokio::test(flavor = "multi_thread")]
async fn a_malformed_request_resets_its_stream_and_no_other() {
    let (server, certificates, calls) = counting();
    let client = Raw::of(&server, &certificates).await;
    let mut malformed: Vec<(&str, Vec<u8>)> = vec![
        ("nothing", head(&[])),
        ("no method", head(&[SCHEME, AUTHORITY, PATH])),
        ("no path", head(&[METHOD, SCHEME, AUTHORITY])),
        ("no scheme", head(&[METHOD, AUTHORITY, PATH])),
        ("no authority", head(&[METHOD, SCHEME, PATH])),
        ("a status", head(&[&USUAL.concat(), b"\xd9"])),
        (
            "a pseudo-field behind",
            head(&[METHOD, SCHEME, AUTHORITY, b"\xdd", PATH]),
        ),
        (
            "a protocol",
            head(&[&USUAL.concat(), &line(":protocol", "websocket")]),
        ),
        (
            "CONNECT with a path",
            head(&[b"\xcf", SCHEME, AUTHORITY, PATH]),
        ),
        ("another host", head(&[&USUAL.concat(), &line("host", "y")])),
    ];
    for twice in USUAL {
        malformed.push(("twice", head(&[&USUAL.concat(), twice])));
    }
    for path in [":path", ":authority", ":method", ":scheme"] {
        malformed.push((path, head(&[&USUAL.concat(), &line(path, "/")])));
    }
    for (name, value) in [
        ("Upper", "x"),
        ("a b", "x"),
        ("a:b", "x"),
        ("", "x"),
        ("x", "a\r\nb: c"),
        ("x", "a\0"),
        ("connection", "close"),
        ("transfer-encoding", "chunked"),
        ("upgrade", "x"),
        ("te", "gzip"),
    ] {
        malformed.push((name, head(&[&USUAL.concat(), &line(name, value)])));
    }
    for (what, bytes) in malformed {
        // H3_MESSAGE_ERROR
        assert_eq!(client.ask(&bytes).await, Err(0x10e), "{what}");
    }
    assert_eq!(calls.load(SeqCst), 0);
    assert!(client.ask(GET).await.is_ok());
    assert_eq!(calls.load(SeqCst), 1);
    let lines = server.errors.lines();
    assert!(
        lines
            .iter()
            .any(|line| line.contains("refused a request of")),
        "{lines:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_two_programs_could_read_differently_is_answered_with_400() {
    let (server, certificates, calls) = counting();
    let client = Raw::of(&server, &certificates).await;
    for (what, lines) in [
        ("a host with a user", [line("host", "a@x")].concat()),
        (
            "two lengths",
            [line("content-length", "0"), line("content-length", "0")].concat(),
        ),
        ("a length with a sign", line("content-length", "+0")),
        ("an expectation", line("expect", "something")),
        ("twins", [line("x_a", "1"), line("x-a", "2")].concat()),
    ] {
        let usual = match what {
            "a host with a user" => [METHOD, SCHEME, b"\x50\x03a@x", PATH].concat(),
            _ => USUAL.concat(),
        };
        let answer = client.ask(&head(&[&usual, &lines])).await;
        let answer = String::from_utf8_lossy(&answer.expect("an answer")).into_owned();
        let status = if what == "an expectation" {
            "417"
        } else {
            "400"
        };
        assert!(answer.contains(status), "{what}: {answer:?}");
    }
    assert_eq!(calls.load(SeqCst), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_that_is_refused_is_answered_without_a_body() {
    let (server, certificates, _) = counting();
    let client = Raw::of(&server, &certificates).await;
    let twice = [line("content-length", "0"), line("content-length", "0")].concat();
    for (method, has_body) in [(b"\xd2", false), (METHOD.try_into().expect("a byte"), true)] {
        let answer = client
            .ask(&head(&[method, SCHEME, AUTHORITY, PATH, &twice]))
            .await;
        let answer = String::from_utf8_lossy(&answer.expect("an answer")).into_owned();
        assert_eq!(answer.contains("is repeated"), has_body, "{answer:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_stream_of_a_request_closes_the_connection() {
    let (server, certificates, calls) = counting();
    for (what, bytes, code) in [
        ("DATA first", b"\0\x01x".to_vec(), 0x105),
        ("SETTINGS", b"\x04\0".to_vec(), 0x105),
        ("GOAWAY", b"\x07\x01\0".to_vec(), 0x105),
        ("PUSH_PROMISE", b"\x05\x01\0".to_vec(), 0x105),
        ("PING of HTTP/2", b"\x06\x01\0".to_vec(), 0x105),
        ("half a frame", b"\x01\x09\0\0".to_vec(), 0x106),
        ("half a head of one", b"\x40".to_vec(), 0x106),
        ("the dynamic table", b"\x01\x03\x02\0\x80".to_vec(), 0x200),
        ("a section cut short", b"\x01\x03\0\0\x50".to_vec(), 0x200),
        ("no section", b"\x01\0".to_vec(), 0x200),
    ] {
        let client = Raw::of(&server, &certificates).await;
        assert_eq!(client.ask(&bytes).await, Err(code), "{what}");
        assert_eq!(client.closed().await, code, "{what}");
    }
    for (what, bytes, code) in [
        ("SETTINGS behind the head", b"\x04\0".to_vec(), 0x105),
        (
            "DATA behind trailers",
            [head(&[b"\xdd"]), b"\0\x01x".to_vec()].concat(),
            0x105,
        ),
        (
            "more trailers",
            [head(&[b"\xdd"]), head(&[b"\xdd"])].concat(),
            0x105,
        ),
    ] {
        let (server, certificates) = start(async |request: Request| {
            let _ = read(request.into_body()).await;
            "hello"
        });
        let client = Raw::of(&server, &certificates).await;
        assert_eq!(
            client.ask(&[POST, &bytes].concat()).await,
            Err(code),
            "{what}"
        );
    }
    assert_eq!(calls.load(SeqCst), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn trailers_with_a_pseudo_field_are_malformed() {
    let (server, certificates) = start(async |request: Request| {
        let _ = read(request.into_body()).await;
        "hello"
    });
    let client = Raw::of(&server, &certificates).await;
    let bytes = [POST, b"\0\x01x", &head(&[PATH])].concat();
    assert_eq!(client.ask(&bytes).await, Err(0x10e));
    assert!(client.ask(GET).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_control_stream_that_is_none_closes_the_connection() {
    let (server, certificates, _) = counting();
    for (what, bytes, end, code) in [
        ("no SETTINGS", &b"\0\x07\x01\0"[..], false, 0x10a),
        ("SETTINGS twice", b"\0\x04\0\x04\0", false, 0x105),
        ("HEADERS", b"\0\x04\0\x01\0", false, 0x105),
        ("DATA", b"\0\x04\0\0\0", false, 0x105),
        ("a setting of HTTP/2", b"\0\x04\x02\x02\0", false, 0x109),
        ("a setting twice", b"\0\x04\x04\x06\0\x06\0", false, 0x109),
        ("half a setting", b"\0\x04\x01\x06", false, 0x109),
        (
            "SETTINGS without end",
            b"\0\x04\xc0\0\0\xff\xff\xff\xff\xff",
            false,
            0x107,
        ),
        ("a long GOAWAY", b"\0\x04\0\x07\x02\0\0", false, 0x106),
        ("its end", b"\0\x04\0", true, 0x104),
        ("a push", b"\x01\0", false, 0x103),
    ] {
        let silent = Raw::silent(&server, &certificates, TransportConfig::default());
        let mut client = silent.await;
        client.control.write_all(bytes).await.expect("room");
        if end {
            client.control.finish().expect("it is open");
        }
        assert_eq!(client.closed().await, code, "{what}");
    }
    // Two of them.
    let client = Raw::of(&server, &certificates).await;
    let mut second = client.quic.open_uni().await.expect("room");
    second.write_all(b"\0\x04\0").await.expect("room");
    assert_eq!(client.closed().await, 0x103);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_means_nothing_is_ignored() {
    let (server, certificates, _) = counting();
    let mut client = Raw::of(&server, &certificates).await;
    // Frames of no known kind on the control stream and around a request, and such a stream.
    let unknown = b"\x21\x40\x03abc\x40\x41\x01x";
    client.control.write_all(unknown).await.expect("room");
    let mut stream = client.quic.open_uni().await.expect("room");
    let _ = stream.write_all(b"\x21anything").await;
    let answer = client.ask(&[unknown, GET, unknown].concat()).await;
    assert!(answer.expect("an answer").ends_with(b"hello"));
}

#[tokio::test(flavor = "multi_thread")]
async fn noise_closes_connections_and_the_server_lives() {
    let (server, certificates, _) = counting();
    // The same noise each time: a xorshift.
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut noise = |most: usize| {
        let mut next = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state
        };
        let count = usize::try_from(next() % most as u64).expect("it is small");
        (0..count).map(|_| next() as u8).collect::<Vec<u8>>()
    };
    for round in 0..60 {
        let silent = Raw::silent(&server, &certificates, TransportConfig::default());
        let mut client = silent.await;
        let _ = match round % 3 {
            0 => client.control.write_all(&noise(200)).await,
            1 => {
                client
                    .control
                    .write_all(&[b"\0\x04\0", &*noise(200)].concat())
                    .await
            }
            _ => client.control.write_all(b"\0\x04\0").await,
        };
        for _ in 0..10 {
            let mut bytes = noise(300);
            // Now and then a head that is framed as one.
            if bytes.len() > 8 && round % 2 == 0 {
                let length = bytes.len() - 3;
                bytes[0] = 1;
                bytes[1] = 0x40 | (length >> 8) as u8;
                bytes[2] = length as u8;
                (bytes[3], bytes[4]) = (0, 0);
            }
            let Ok((mut send, _receive)) = client.quic.open_bi().await else {
                break;
            };
            let _ = send.write_all(&bytes).await;
        }
        sleep(Duration::from_millis(2)).await;
    }
    let socket = std::net::UdpSocket::bind("127.0.0.1:0").expect("a socket");
    for _ in 0..2000 {
        socket
            .send_to(&noise(1500), server.addr())
            .expect("it is sent");
    }
    // Packets that begin as those of QUIC do.
    for _ in 0..2000 {
        let mut bytes = noise(1500);
        bytes.resize(1200, 0);
        bytes[..6].copy_from_slice(&[0xc0, 0, 0, 0, 1, 8]);
        socket.send_to(&bytes, server.addr()).expect("it is sent");
    }
    let client = Raw::of(&server, &certificates).await;
    assert!(
        client
            .ask(GET)
            .await
            .expect("an answer")
            .ends_with(b"hello")
    );
    let lines = server.errors.lines();
    assert!(
        !lines.iter().any(|line| line.contains("panic")),
        "{lines:?}"
    );
}
