//! What a client may take.

mod room;

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    time::{Duration, Instant},
};

use enfilade_core::{Body, BodyError, Request, Response};
use enfilade_server::Limits;
use futures_util::stream;
use http::{HeaderName, HeaderValue, Method};
use http_body::Frame;
use http_body_util::StreamBody;
use quinn::{TransportConfig, VarInt};
use tokio::time::{sleep, timeout};

use crate::{
    bodies::{Dropped, read},
    client::{Client, GET, LONG, Raw, connect, soon, start, start_with},
    relay::Relay,
    support::Running,
};

const SECOND: Duration = Duration::from_secs(1);

fn limits(change: impl FnOnce(&mut Limits)) -> Limits {
    let mut limits = Limits::default();
    change(&mut limits);
    limits
}

fn reported(server: &Running, limit: &str) -> bool {
    let named = |line: &String| line.contains(limit);
    server.errors.lines().iter().any(named)
}

/// A client that says nothing is closed, and the limit is named. Time starts with the server's own
/// knowledge of the connection, so it is at least as long.
async fn ends(client: &Raw, server: &Running, limit: &str) {
    let begun = Instant::now();
    client.closed().await;
    assert!(begun.elapsed() > SECOND / 2, "{:?}", begun.elapsed());
    assert!(soon(|| reported(server, limit)).await, "{limit}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handshake_that_stalls_ends() {
    let few = limits(|limits| limits.tls_handshake = SECOND);
    let (server, certificates) = start_with(few, async |_: Request| "hello");
    // A client that hears nothing: only its own packets pass.
    let relay = Relay::to(server.addr());
    relay.swallow();
    let tls = certificates.client(false);
    let shaking = connect(relay.place, "localhost", tls, TransportConfig::default());
    let shaking = timeout(SECOND * 10, shaking);
    let seen = soon(|| reported(&server, "(tls_handshake)"));
    let (_, seen) = tokio::join!(shaking, seen);
    assert!(seen);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_never_begins_is_closed() {
    let few = limits(|limits| limits.first_byte = SECOND);
    let (server, certificates) = start_with(few, async |_: Request| "hello");
    let silent = Raw::silent(&server, &certificates, TransportConfig::default()).await;
    ends(&silent, &server, "(first_byte)").await;
    // One that leaves no room for the server's own streams.
    let mut none = TransportConfig::default();
    none.max_concurrent_uni_streams(0_u32.into());
    let silent = Raw::silent(&server, &certificates, none).await;
    silent.closed().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_that_is_late_resets_its_stream() {
    let few = limits(|limits| limits.head = SECOND);
    let (server, certificates) = start_with(few, async |_: Request| "hello");
    let client = Raw::of(&server, &certificates).await;
    let (_send, mut receive) = client.say(&GET[..9], false).await;
    let reset = timeout(LONG, receive.received_reset())
        .await
        .expect("in time");
    // H3_REQUEST_INCOMPLETE
    assert_eq!(reset.expect("it was open"), Some(0x10d_u32.into()));
    assert!(reported(&server, "(head)"));
    assert!(client.ask(GET).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_rests_is_closed_and_one_that_works_is_not() {
    let few = limits(|limits| limits.http2_keep_alive = SECOND);
    let (server, certificates) = start_with(few, async |_: Request| {
        sleep(SECOND * 2).await;
        "hello"
    });
    let client = Raw::of(&server, &certificates).await;
    assert!(client.ask(GET).await.is_ok());
    let begun = Instant::now();
    // H3_NO_ERROR
    assert_eq!(client.closed().await, 0x100);
    assert!(begun.elapsed() > SECOND / 2);
    assert!(server.errors.lines().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_waits_is_asked_whether_it_is_there_and_one_that_has_gone_is_given_up() {
    let few = limits(|limits| {
        limits.http2_ping = SECOND;
        limits.http2_pong = SECOND;
    });
    let dropped = Arc::new(AtomicBool::new(false));
    let drops = Dropped(Arc::clone(&dropped));
    let drops = Arc::new(Mutex::new(Some(drops)));
    let (server, certificates) = start_with(few, move |_: Request| {
        let guard = drops.lock().expect("no panic").take();
        async move {
            let _guard = guard;
            std::future::pending::<&str>().await
        }
    });
    let relay = Relay::to(server.addr());
    let tls = certificates.client(false);
    let silent = TransportConfig::default();
    let (_endpoint, quic) = connect(relay.place, "localhost", tls, silent)
        .await
        .expect("in");
    let (mut send, _receive) = quic.open_bi().await.expect("room");
    send.write_all(GET).await.expect("room");
    sleep(SECOND * 4).await;
    // It answers, so it is there.
    assert!(!dropped.load(SeqCst) && quic.close_reason().is_none());
    relay.cut();
    assert!(soon(|| dropped.load(SeqCst)).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_drips_is_answered_with_408() {
    let few = limits(|limits| {
        limits.body_idle = SECOND;
        limits.body_grace = SECOND;
    });
    let (server, certificates) = start_with(few, async |request: Request| {
        let _ = read(request.into_body()).await;
        "hello"
    });
    let mut client = Client::of(&server, &certificates).await;
    let request = client.request(Method::POST, "/");
    let mut stream = client.begin(request).await;
    stream.send_data("x".into()).await.expect("it is read");
    let answer = crate::client::receive(&mut stream).await;
    assert_eq!(answer.status(), 408);
    assert!(reported(&server, "(body_total)"));
    assert_eq!(client.get("/").await.text(), "hello");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_too_long_is_answered_with_413() {
    let few = limits(|limits| limits.body_bytes = 1000);
    let (server, certificates) = start_with(few, async |request: Request| {
        read(request.into_body())
            .await
            .map_or(0, |(count, _)| count)
            .to_string()
    });
    let mut client = Client::of(&server, &certificates).await;
    assert_eq!(client.post("/", &[0; 1000]).await.text(), "1000");
    assert_eq!(client.post("/", &[0; 1001]).await.status(), 413);
    let mut request = client.request(Method::POST, "/");
    let length = HeaderValue::from_static("1001");
    request.headers_mut().insert("content-length", length);
    let mut stream = client.begin(request).await;
    // It is known from the head.
    assert_eq!(crate::client::receive(&mut stream).await.status(), 413);
    assert!(reported(&server, "(body_bytes)"));
}

#[tokio::test(flavor = "multi_thread")]
async fn heads_that_are_too_large_are_answered() {
    let (server, certificates) = start(async |_: Request| "hello");
    let mut client = Client::of(&server, &certificates).await;
    let long = "x".repeat(9 * 1024);
    let request = client.request(Method::GET, &format!("/{long}"));
    assert_eq!(client.send(request, b"").await.status(), 414);

    let many = |client: &Client, count: usize| {
        let mut request = client.request(Method::GET, "/");
        for number in 0..count {
            let name = HeaderName::try_from(format!("x-{number}")).expect("a name");
            request
                .headers_mut()
                .insert(name, HeaderValue::from_static("1"));
        }
        request
    };
    let request = many(&client, 100);
    assert_eq!(client.send(request, b"").await.status(), 200);
    let request = many(&client, 101);
    assert_eq!(client.send(request, b"").await.status(), 431);
    assert!(reported(&server, "(fields)"));
    assert_eq!(client.get("/").await.text(), "hello");
}

/// h3's client keeps to what the server says that it takes; this one does not.
#[tokio::test(flavor = "multi_thread")]
async fn a_section_above_the_limit_is_answered_with_431_and_not_kept() {
    let (server, certificates) = start(async |_: Request| "hello");
    let client = Raw::of(&server, &certificates).await;
    // Lines of one byte, of the table: 32 bytes each, and more.
    let line_of_table = vec![0xdd; 600];
    // As many bytes as HEADERS may say.
    let spelled = vec![0; 64 * 1024];
    for rest in [line_of_table, spelled] {
        let mut bytes = vec![1, 0x80];
        let length = GET.len() - 2 + rest.len();
        bytes.extend_from_slice(&(length as u32).to_be_bytes()[1..]);
        bytes.extend_from_slice(&GET[2..]);
        bytes.extend_from_slice(&rest);
        let answer = client.ask(&bytes).await.expect("an answer");
        let answer = String::from_utf8_lossy(&answer).into_owned();
        // The status is in Huffman's code, or spelled.
        assert!(!answer.contains("hello"), "{answer:?}");
        assert!(soon(|| reported(&server, "(http2_header_list)")).await);
    }
    assert!(
        client
            .ask(GET)
            .await
            .expect("an answer")
            .ends_with(b"hello")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_that_are_not_read_are_reset_and_what_drips_is_no_reading() {
    let few = limits(|limits| limits.write_idle = SECOND);
    let (server, certificates) = start_with(few, async |_: Request| {
        let frames =
            stream::repeat_with(|| Ok::<_, BodyError>(Frame::data(vec![b'x'; 1 << 14].into())));
        Response::new(Body::new(StreamBody::new(frames)))
    });
    let mut small = TransportConfig::default();
    small.stream_receive_window(VarInt::from_u32(2000));
    let mut client = Raw::silent(&server, &certificates, small).await;
    client.control.write_all(b"\0\x04\0").await.expect("room");
    let (_send, mut still) = client.say(GET, true).await;
    let (_send, mut drips) = client.say(GET, true).await;
    let dripping = async {
        loop {
            if let Err(error) = drips.read(&mut [0; 8]).await {
                return error;
            }
            sleep(Duration::from_millis(100)).await;
        }
    };
    let error = timeout(LONG, dripping).await.expect("in time");
    // H3_INTERNAL_ERROR
    assert_eq!(error, quinn::ReadError::Reset(0x102_u32.into()));
    let reset = timeout(LONG, still.received_reset())
        .await
        .expect("in time");
    assert_eq!(reset.expect("it was open"), Some(0x102_u32.into()));
    assert!(reported(&server, "(write_idle, write_rate)"));
    assert!(client.quic.close_reason().is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_without_a_window_holds_nothing_for_long() {
    let few = limits(|limits| limits.write_idle = SECOND);
    let (server, certificates) = start_with(few, async |_: Request| "hello");
    let mut none = TransportConfig::default();
    none.stream_receive_window(VarInt::from_u32(0));
    // It has none for the server's control stream either, so it ends as one that never begins.
    let client = Raw::silent(&server, &certificates, none).await;
    let (_send, _receive) = client.say(GET, true).await;
    client.closed().await;
}
