//! How it ends.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::{Duration, Instant},
};

use enfilade_core::{Request, RequestExt};
use http::Method;
use quinn::{ReadError, ReadToEndError, TransportConfig};
use tokio::time::{sleep, timeout};

use crate::{
    certificates::Certificates,
    client::{Client, GET, LONG, Raw, connect, receive, server, start},
    support::{Running, eventually},
};

#[tokio::test(flavor = "multi_thread")]
async fn requests_that_run_are_answered_and_idle_connections_are_closed() {
    let (mut server, certificates) = start(async |request: Request| {
        if request.path_info() == "/slow" {
            sleep(Duration::from_secs(2)).await;
        }
        "hello"
    });
    let idle = Raw::of(&server, &certificates).await;
    let mut busy = Client::of(&server, &certificates).await;
    let request = busy.request(Method::GET, "/slow");
    let mut stream = busy.begin(request).await;
    stream.finish().await.expect("it is read");
    sleep(Duration::from_millis(200)).await;
    let begun = Instant::now();
    server.begin_stop();
    // H3_NO_ERROR
    assert_eq!(idle.closed().await, 0x100);
    assert!(
        begun.elapsed() < Duration::from_millis(1700),
        "{:?}",
        begun.elapsed()
    );
    assert_eq!(receive(&mut stream).await.text(), "hello");
    assert!(tokio::task::block_in_place(|| server.has_ended()));
    assert!(server.errors.lines().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_was_on_its_way_is_answered_and_the_client_told_to_go() {
    let (mut server, certificates) = start(async |_: Request| "hello");
    let client = Raw::of(&server, &certificates).await;
    let mut control = control(&client).await;
    server.begin_stop();
    until(&mut control, b"\x07\x08\xff\xff\xff\xff\xff\xff\xff\xfc").await;
    let answer = client.ask(GET).await.expect("an answer");
    assert!(answer.ends_with(b"hello"));
    until(&mut control, b"\x07\x01\x04").await;
    assert_eq!(client.closed().await, 0x100);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_asks_for_no_more_gets_all_that_it_has_asked_for() {
    let (server, certificates) = start(async |_: Request| "x".repeat(500_000));
    let mut narrow = TransportConfig::default();
    narrow.stream_receive_window(10_000_u32.into());
    let mut client = Raw::silent(&server, &certificates, narrow).await;
    let settings = client.control.write_all(b"\0\x04\0").await;
    settings.expect("room");
    let (_send, mut receive) = client.say(GET, true).await;
    // GOAWAY, while most of the answer waits for the client to read.
    let goaway = client.control.write_all(b"\x07\x01\0").await;
    goaway.expect("room");
    sleep(Duration::from_millis(300)).await;
    let answer = timeout(LONG, receive.read_to_end(1 << 20)).await;
    let answer = answer.expect("in time").expect("all of it");
    assert!(answer.len() > 500_000);
    assert_eq!(client.closed().await, 0x100);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_never_rests_is_told_which_request_is_the_last() {
    let (mut server, certificates) = start(async |request: Request| {
        request.environ().stopping().clone().await;
        sleep(Duration::from_secs(2)).await;
        "hello"
    });
    let client = Raw::of(&server, &certificates).await;
    let mut control = control(&client).await;
    let (_send, mut receive) = client.say(GET, true).await;
    sleep(Duration::from_millis(100)).await;
    server.begin_stop();
    until(&mut control, b"\x07\x08\xff\xff\xff\xff\xff\xff\xff\xfc").await;
    let told = async {
        until(&mut control, b"\x07\x01\x04").await;
        Instant::now()
    };
    let answered = async {
        receive.read_to_end(1000).await.expect("an answer");
        Instant::now()
    };
    let (told, answered) = tokio::join!(told, answered);
    assert!(told < answered);
}

/// The control stream of the server.
async fn control(client: &Raw) -> quinn::RecvStream {
    for _ in 0..3 {
        let mut stream = client.quic.accept_uni().await.expect("the server's own");
        let mut kind = [0xff];
        stream.read_exact(&mut kind).await.expect("its kind");
        if kind == [0] {
            return stream;
        }
    }
    panic!("there is no control stream");
}

/// Reads until the server has said `bytes`.
async fn until(stream: &mut quinn::RecvStream, bytes: &[u8]) {
    let mut all = Vec::new();
    while !all.ends_with(bytes) {
        let mut byte = [0];
        let read = timeout(LONG, stream.read_exact(&mut byte)).await;
        read.expect("in time")
            .unwrap_or_else(|error| panic!("{error} behind {all:x?}"));
        all.extend_from_slice(&byte);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_client_is_told_by_goaway_which_request_is_the_last_and_no_other_is_taken() {
    let calls = Arc::new(AtomicUsize::new(0));
    let counts = Arc::clone(&calls);
    let (mut server, certificates) = start(move |_: Request| {
        counts.fetch_add(1, SeqCst);
        std::future::ready("hello")
    });
    let client = Raw::of(&server, &certificates).await;
    let mut control = control(&client).await;
    assert!(client.ask(GET).await.is_ok());
    server.begin_stop();
    // First that it ends, and then where: before the second request, whose stream would be 4.
    until(&mut control, b"\x07\x08\xff\xff\xff\xff\xff\xff\xff\xfc").await;
    until(&mut control, b"\x07\x01\x04").await;
    if let Ok((mut send, mut receive)) = client.quic.open_bi().await {
        let _ = send.write_all(GET).await;
        let _ = send.finish();
        let error = receive
            .read_to_end(1000)
            .await
            .expect_err("it is not taken");
        // Unless the end of the connection has overtaken it.
        if let ReadToEndError::Read(ReadError::Reset(code)) = error {
            // H3_REQUEST_REJECTED
            assert_eq!(code, 0x10b_u32.into());
        }
    }
    assert_eq!(client.closed().await, 0x100);
    assert_eq!(calls.load(SeqCst), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_end_is_broken_off_after_the_grace() {
    let certificates = Certificates::new();
    let server = server(&certificates).with_grace(Duration::from_secs(1));
    let mut server = Running::with(server, async |_: Request| {
        std::future::pending::<&str>().await
    });
    let client = Raw::of(&server, &certificates).await;
    let (_send, mut receive) = client.say(GET, true).await;
    sleep(Duration::from_millis(200)).await;
    server.begin_stop();
    let begun = Instant::now();
    let read = receive.read_to_end(1000).await;
    assert!(read.is_err(), "{read:?}");
    assert!(begun.elapsed() > Duration::from_millis(500));
    assert!(tokio::task::block_in_place(|| server.has_ended()));
    assert!(server.errors.lines()[0].contains("1 connections had not ended"));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_comes_while_it_stops_is_refused_and_the_port_is_free_afterwards() {
    let (mut server, certificates) = start(async |_: Request| {
        sleep(Duration::from_secs(2)).await;
        "hello"
    });
    let client = Raw::of(&server, &certificates).await;
    let (_send, mut receive) = client.say(GET, true).await;
    sleep(Duration::from_millis(200)).await;
    server.begin_stop();
    sleep(Duration::from_millis(200)).await;
    let tls = certificates.client(false);
    let late = connect(server.addr(), "localhost", tls, TransportConfig::default()).await;
    assert!(
        matches!(late, Err(quinn::ConnectionError::ConnectionClosed(_))),
        "{:?}",
        late.err()
    );
    assert!(
        receive
            .read_to_end(1000)
            .await
            .expect("an answer")
            .ends_with(b"hello")
    );
    let place = server.addr();
    tokio::task::block_in_place(|| server.stop());
    let free = eventually(|| std::net::UdpSocket::bind(place).is_ok());
    assert!(free);
}
