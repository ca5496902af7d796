//! Much of what costs a client little.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use enfilade_core::Request;
use quinn::TransportConfig;

use crate::{
    bodies::read,
    certificates::Certificates,
    client::{GET, POST, Raw, connect, soon, start},
    support::Running,
};

fn counting() -> (Running, Certificates, Arc<AtomicUsize>) {
    let calls = Arc::new(AtomicUsize::new(0));
    let counts = Arc::clone(&calls);
    let (server, certificates) = start(move |request: Request| {
        counts.fetch_add(1, SeqCst);
        async move {
            let _ = read(request.into_body()).await;
            std::future::pending::<&str>().await
        }
    });
    (server, certificates, calls)
}

fn reported(server: &Running, limit: &str) -> bool {
    let named = |line: &String| line.contains(limit);
    server.errors.lines().iter().any(named)
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_that_are_opened_and_reset_close_the_connection() {
    let (server, certificates, calls) = counting();
    let client = Raw::of(&server, &certificates).await;
    let mut opened = 0;
    while opened < 5000 && client.quic.close_reason().is_none() {
        let Ok((mut send, mut receive)) = client.quic.open_bi().await else {
            break;
        };
        let _ = send.write_all(GET).await;
        let _ = send.reset(0x10c_u32.into());
        let _ = receive.stop(0x10c_u32.into());
        opened += 1;
    }
    // H3_EXCESSIVE_LOAD
    assert_eq!(client.closed().await, 0x107);
    assert!(reported(&server, "(http2_resets)"));
    assert!(calls.load(SeqCst) < 1500, "{calls:?} of {opened}");
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_that_are_malformed_one_after_the_other_close_the_connection() {
    let (server, certificates, calls) = counting();
    let client = Raw::of(&server, &certificates).await;
    let mut asked = 0;
    while client.ask(b"\x01\x02\0\0").await == Err(0x10e) {
        asked += 1;
        assert!(asked < 1000);
    }
    assert_eq!(client.closed().await, 0x107);
    assert!(asked >= 200, "{asked}");
    assert_eq!(calls.load(SeqCst), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn frames_that_do_no_work_close_the_connection() {
    for (what, frame) in [("DATA without bytes", &b"\0\0"[..]), ("unknown", b"\x21\0")] {
        let (server, certificates, _) = counting();
        let client = Raw::of(&server, &certificates).await;
        let (mut send, _receive) = client.say(POST, false).await;
        let frames = frame.repeat(20_000);
        let _ = send.write_all(&frames).await;
        assert_eq!(client.closed().await, 0x107, "{what}");
        assert!(reported(&server, "(http2_idle_frames)"));
    }
    for (what, frame) in [("MAX_PUSH_ID", &b"\x0d\x01\0"[..]), ("unknown", b"\x21\0")] {
        let (server, certificates, _) = counting();
        let mut client = Raw::of(&server, &certificates).await;
        let _ = client.control.write_all(&frame.repeat(20_000)).await;
        assert_eq!(client.closed().await, 0x107, "{what}");
        assert!(reported(&server, "(http2_idle_frames)"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_of_no_meaning_close_the_connection() {
    let (server, certificates, _) = counting();
    let client = Raw::of(&server, &certificates).await;
    for _ in 0..5000 {
        let Ok(mut stream) = client.quic.open_uni().await else {
            break;
        };
        let _ = stream.write_all(b"\x21").await;
        let _ = stream.finish();
    }
    assert_eq!(client.closed().await, 0x107);
    assert!(reported(&server, "(http2_idle_frames)"));
}

/// A thousand clients begin a handshake and go no further.
#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_half_handshakes_hold_little_and_keep_nobody_out() {
    let (server, certificates) = start(async |_: Request| "hello");
    let mut begun = Vec::new();
    for _ in 0..1000 {
        begun.push(initial());
    }
    let before = memory();
    let socket = std::net::UdpSocket::bind("127.0.0.1:0").expect("a socket");
    for packet in begun {
        socket.send_to(&packet, server.addr()).expect("it is sent");
    }
    let client = Raw::of(&server, &certificates).await;
    assert!(
        client
            .ask(GET)
            .await
            .expect("an answer")
            .ends_with(b"hello")
    );
    let grown = memory().saturating_sub(before);
    assert!(grown < 64 << 20, "{grown}");
    assert!(!reported(&server, "panic"));
    // The others may still be asked to show where they are.
    let tls = certificates.client(false);
    let late = connect(server.addr(), "localhost", tls, TransportConfig::default());
    assert!(late.await.is_ok());
}

/// What comes back to the first packet of a client within two seconds.
fn answers(server: &Running, initial: &[u8]) -> Vec<Vec<u8>> {
    let socket = std::net::UdpSocket::bind("127.0.0.1:0").expect("a socket");
    socket.send_to(initial, server.addr()).expect("it is sent");
    let mut answers = Vec::new();
    let deadline = std::time::Instant::now() + Duration::from_secs(2);
    let left = || deadline.checked_duration_since(std::time::Instant::now());
    while let Some(left) = left().filter(|left| !left.is_zero()) {
        let mut packet = vec![0; 2000];
        socket.set_read_timeout(Some(left)).expect("a timeout");
        if let Ok(count) = socket.recv(&mut packet) {
            packet.truncate(count);
            answers.push(packet);
        }
    }
    answers
}

/// Whether a packet asks for the address to be shown (RFC 9000, section 17.2.5).
fn is_retry(packet: &[u8]) -> bool {
    packet[0] & 0xf0 == 0xf0
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_not_shown_where_it_is_gets_three_times_what_it_sent_and_a_packet_at_most() {
    let (server, _) = start(async |_: Request| "hello");
    let initial = initial();
    let answers = tokio::task::block_in_place(|| answers(&server, &initial));
    assert!(!answers.is_empty() && !is_retry(&answers[0]));
    let bytes: usize = answers.iter().map(Vec::len).sum();
    // quinn lets a packet be whole that has begun.
    assert!(bytes < 3 * initial.len() + 1200, "{bytes}");
}

#[tokio::test(flavor = "multi_thread")]
async fn where_many_handshakes_are_under_way_the_next_have_to_show_where_they_are() {
    let (server, certificates) = start(async |_: Request| "hello");
    let begun: Vec<_> = (0..200).map(|_| initial()).collect();
    let socket = std::net::UdpSocket::bind("127.0.0.1:0").expect("a socket");
    for packet in begun {
        socket.send_to(&packet, server.addr()).expect("it is sent");
        // So that none is lost for want of room.
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let initial = initial();
    let answers = tokio::task::block_in_place(|| answers(&server, &initial));
    assert!(answers.len() == 1 && is_retry(&answers[0]));
    assert!(answers[0].len() < initial.len());
    // Those that are where they say come in.
    let client = Raw::of(&server, &certificates).await;
    assert!(client.ask(GET).await.is_ok());
}

/// The first packet of a client, as quinn makes it.
fn initial() -> Vec<u8> {
    let relay = std::net::UdpSocket::bind("127.0.0.1:0").expect("a socket");
    relay
        .set_read_timeout(Some(Duration::from_secs(10)))
        .expect("a timeout");
    let place = relay.local_addr().expect("an address");
    let certificates = CERTIFICATES.get_or_init(Certificates::new);
    let tls = certificates.client(false);
    let connecting = tokio::spawn(async move {
        let _ = connect(place, "localhost", tls, TransportConfig::default()).await;
    });
    let mut packet = vec![0; 2000];
    let count = tokio::task::block_in_place(|| relay.recv(&mut packet)).expect("a packet");
    connecting.abort();
    packet.truncate(count);
    packet
}

static CERTIFICATES: std::sync::OnceLock<Certificates> = std::sync::OnceLock::new();

/// Bytes that the process has in memory.
fn memory() -> usize {
    let pages = std::fs::read_to_string("/proc/self/statm").expect("Linux");
    let pages = pages
        .split(' ')
        .nth(1)
        .and_then(|count| count.parse::<usize>().ok());
    pages.expect("a number") * 4096
}

#[tokio::test(flavor = "multi_thread")]
async fn heads_that_are_never_whole_hold_no_more_than_they_may() {
    let (server, certificates, calls) = counting();
    let before = memory();
    let mut clients = Vec::new();
    for _ in 0..10 {
        let client = Raw::of(&server, &certificates).await;
        let mut streams = Vec::new();
        for _ in 0..100 {
            // HEADERS of 2^30 bytes, of which some come.
            let (mut send, receive) = client.say(b"\x01\xc0\0\0\0\x40\0\0\0", false).await;
            let _ = send.write_all(&[0; 100_000]).await;
            streams.push((send, receive));
        }
        clients.push((client, streams));
    }
    let grown = memory().saturating_sub(before);
    // A hundred megabytes have come.
    assert!(grown < 64 << 20, "{grown}");
    assert_eq!(calls.load(SeqCst), 0);
    drop(clients);
    assert!(soon(|| server.errors.lines().len() < 100).await);
}
