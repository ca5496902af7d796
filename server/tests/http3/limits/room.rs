//! How many connections and requests there may be, and for how long.

use std::time::{Duration, Instant};

use enfilade_core::{Request, RequestExt};
use http::Method;
use quinn::TransportConfig;
use tokio::time::{sleep, timeout};

use super::{SECOND, limits, reported};
use crate::{
    bodies::read,
    client::{Client, GET, LONG, POST, Raw, connect, start, start_with, try_receive},
};

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_has_so_many_requests() {
    let few = limits(|limits| limits.requests = 3);
    let (server, certificates) = start_with(few, async |_: Request| "hello");
    let client = Raw::of(&server, &certificates).await;
    for _ in 0..3 {
        assert!(client.ask(GET).await.is_ok());
    }
    assert_eq!(client.closed().await, 0x100);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_grows_so_old() {
    let few = limits(|limits| limits.age = SECOND);
    let (server, certificates) = start_with(few, async |_: Request| "hello");
    let mut client = Client::of(&server, &certificates).await;
    let begun = Instant::now();
    while client.quic.close_reason().is_none() && begun.elapsed() < LONG {
        let request = client.request(Method::GET, "/");
        let Ok(mut stream) = client.sender.send_request(request).await else {
            break;
        };
        let _ = stream.finish().await;
        // Every one that is begun is answered, or rejected where it can be asked again.
        if let Err(error) = try_receive(&mut stream).await {
            let error = format!("{error}");
            assert!(
                error.contains("H3_NO_ERROR") || error.contains("REJECTED"),
                "{error}"
            );
        }
        sleep(Duration::from_millis(300)).await;
    }
    assert!(begun.elapsed() > SECOND / 2 && begun.elapsed() < LONG);
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_beyond_those_in_flight_are_told_to_come_again() {
    let few = limits(|limits| limits.requests_in_flight = 1);
    let (server, certificates) = start_with(few, async |request: Request| {
        if request.path_info() == "/wait" {
            std::future::pending::<()>().await;
        }
        "hello"
    });
    let mut client = Client::of(&server, &certificates).await;
    let request = client.request(Method::GET, "/wait");
    let mut waiting = client.begin(request).await;
    waiting.finish().await.expect("it is read");
    sleep(Duration::from_millis(100)).await;
    let answer = client.get("/").await;
    assert_eq!(answer.status(), 503);
    assert_eq!(answer.head.headers()["retry-after"], "1");
    waiting.stop_sending(h3::error::Code::H3_REQUEST_CANCELLED);
    let mut free = false;
    for _ in 0..100 {
        free = free || client.get("/").await.status() == 200;
        sleep(Duration::from_millis(10)).await;
    }
    assert!(free);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_has_so_many_connections_and_has_to_show_that_it_is_its_own() {
    let few = limits(|limits| limits.connections_per_address = Some(2));
    let (server, certificates) = start_with(few, async |_: Request| "hello");
    let first = Raw::of(&server, &certificates).await;
    let _second = Raw::of(&server, &certificates).await;
    let tls = certificates.client(false);
    let third = connect(server.addr(), "localhost", tls, TransportConfig::default()).await;
    assert!(third.is_err());
    assert!(reported(&server, "(connections_per_address)"));
    first.quic.close(0x100_u32.into(), b"");
    let mut again = false;
    for _ in 0..100 {
        let tls = certificates.client(false);
        let transport = TransportConfig::default();
        again = again
            || connect(server.addr(), "localhost", tls, transport)
                .await
                .is_ok();
        if again {
            break;
        }
        sleep(Duration::from_millis(20)).await;
    }
    assert!(again);
}

#[tokio::test(flavor = "multi_thread")]
async fn those_that_rest_make_room_for_those_that_come() {
    let few = limits(|limits| limits.connections = Some(4));
    let (server, certificates) = start_with(few, async |_: Request| "hello");
    let mut resting = Vec::new();
    for _ in 0..4 {
        let client = Raw::of(&server, &certificates).await;
        assert!(client.ask(GET).await.is_ok());
        resting.push(client);
    }
    let next = Raw::of(&server, &certificates).await;
    assert!(next.ask(GET).await.is_ok());
    assert!(reported(&server, "(connections)"));
    let left = resting
        .iter()
        .filter(|client| client.quic.close_reason().is_some());
    assert!(left.count() >= 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_without_end_is_no_reason_to_keep_a_stream_of_another() {
    let (server, certificates) = start(async |request: Request| {
        let _ = read(request.into_body()).await;
        "hello"
    });
    let client = Raw::of(&server, &certificates).await;
    let mut streams = Vec::new();
    for _ in 0..99 {
        streams.push(client.say(POST, false).await);
    }
    assert!(
        client
            .ask(GET)
            .await
            .expect("an answer")
            .ends_with(b"hello")
    );
    // The server has room for a hundred, and says so when a few of them are free again.
    let more = timeout(Duration::from_millis(300), client.quic.open_bi()).await;
    assert!(more.is_err());
}
