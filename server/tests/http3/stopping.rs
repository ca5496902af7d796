//! How it ends.

use std::time::{Duration, Instant};

use enfilade_core::{Request, RequestExt};
use http::Method;
use quinn::TransportConfig;
use tokio::time::sleep;

use crate::{
    certificates::Certificates,
    client::{Client, GET, Raw, connect, receive, server, start},
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
    let mut control = client.quic.accept_uni().await.expect("the server's own");
    server.begin_stop();
    sleep(Duration::from_millis(100)).await;
    let answer = client.ask(GET).await.expect("an answer");
    assert!(answer.ends_with(b"hello"));
    let told = control.read_to_end(1000).await;
    drop(told);
    assert_eq!(client.closed().await, 0x100);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_client_is_told_by_goaway_which_request_is_the_last() {
    let (mut server, certificates) = start(async |_: Request| "hello");
    let client = Raw::of(&server, &certificates).await;
    assert!(client.ask(GET).await.is_ok());
    let mut said = Vec::new();
    let mut streams = Vec::new();
    for _ in 0..3 {
        streams.push(client.quic.accept_uni().await.expect("the server's own"));
    }
    server.begin_stop();
    for mut stream in streams {
        let mut buffer = [0; 1000];
        let mut all = Vec::new();
        while let Ok(Some(count)) = stream.read(&mut buffer).await {
            all.extend_from_slice(&buffer[..count]);
        }
        said.push(all);
    }
    let control = said
        .iter()
        .find(|all| all.first() == Some(&0))
        .expect("a control stream");
    // First that it ends, and then where: before the second request, whose stream would be 4.
    let all = b"\x07\x08\xff\xff\xff\xff\xff\xff\xff\xfc";
    assert!(
        control.windows(all.len()).any(|part| part == all),
        "{control:x?}"
    );
    assert!(control.ends_with(b"\x07\x01\x04"), "{control:x?}");
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
