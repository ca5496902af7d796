use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use bytes::Bytes;
use enfilade_core::{Body, Request, RequestExt, Response};
use futures_util::stream;
use tokio::{io::AsyncWriteExt, sync::Semaphore};

use crate::{
    client::{self, PARAMS, RESPONDER, STDIN, begin, pairs, record, stream as records},
    support::{Running, until},
};

/// What the sockets of both sides may hold, beside what the host does.
const SOCKETS: usize = 24 << 20;

#[tokio::test]
async fn an_app_is_not_asked_for_more_than_the_web_server_takes() {
    let made = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&made);
    let running = Running::start(move |_: Request| {
        let count = Arc::clone(&count);
        async move {
            let frames = stream::unfold(count, async |count| {
                count.fetch_add(65_536, SeqCst);
                Some((Ok::<_, Infallible>(Bytes::from(vec![7; 65_536])), count))
            });
            Response::new(Body::stream(frames))
        }
    });
    let mut client = running.connect().await;
    client.ask(1, &client::get("/"), b"").await;
    client.record().await.expect("the head");
    let mut before = usize::MAX;
    while before != made.load(SeqCst) {
        before = made.load(SeqCst);
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    assert!(before < SOCKETS, "{before} bytes were made");
}

/// What is reported meanwhile does not wait for it, either.
#[tokio::test]
async fn a_flood_of_reports_goes_to_the_host_when_the_web_server_takes_none() {
    let running = Running::start(async |request: Request| {
        let errors = Arc::clone(&request.environ().connection().errors);
        tokio::spawn(async move {
            let line = "x".repeat(1000);
            loop {
                errors.report(&line);
                tokio::time::sleep(Duration::from_micros(10)).await;
            }
        });
        let frames = stream::repeat_with(|| Ok::<_, Infallible>(Bytes::from(vec![7; 65_536])));
        Response::new(Body::stream(frames))
    });
    let mut client = running.connect().await;
    client.ask(1, &client::get("/"), b"").await;
    until(|| running.errors().len() > 20).await;
}

#[tokio::test]
async fn a_web_server_is_not_read_faster_than_the_app_reads() {
    static READ: Semaphore = Semaphore::const_new(0);
    let running = Running::start(async |request: Request| -> enfilade_core::Result<String> {
        READ.acquire().await.expect("open").forget();
        let body = request.into_body().into_bytes(1 << 30).await?;
        Ok(body.len().to_string())
    });
    let mut client = running.connect().await;
    let mut bytes = begin(1, RESPONDER, true);
    bytes.extend(records(
        PARAMS,
        1,
        &pairs(&client::request("POST", "/", "")),
        65_535,
    ));
    client.send(&bytes).await;
    let block = record(STDIN, 1, &[7; 65_000]);
    let mut blocks = 0;
    let mut rest = Vec::new();
    // Until nothing is taken for a while.
    loop {
        let mut left = &block[..];
        let sending = client.stream().write_all_buf(&mut left);
        let waited = tokio::time::timeout(Duration::from_millis(500), sending).await;
        if waited.is_err() {
            rest.extend_from_slice(left);
            break;
        }
        blocks += 1;
        assert!(blocks * 65_000 < SOCKETS, "{blocks} blocks were taken");
    }
    READ.add_permits(1);
    client.send(&rest).await;
    client.send(&record(STDIN, 1, b"")).await;
    let answer = client.answer(1).await;
    assert_eq!(answer.text(), ((blocks + 1) * 65_000).to_string());
}

/// Both sides write before they read, and nobody waits for the other for ever.
#[tokio::test]
async fn an_echo_of_more_than_both_sockets_hold_goes_on_while_the_web_server_reads() {
    let running = Running::start(async |request: Request| request.into_body());
    let client = running.connect().await;
    let (mut reader, mut writer) = {
        let mut client = client;
        let stream = std::mem::replace(
            client.stream(),
            tokio::net::TcpStream::connect(running.address)
                .await
                .expect("another"),
        );
        stream.into_split()
    };
    let sending = tokio::spawn(async move {
        let mut bytes = begin(1, RESPONDER, false);
        bytes.extend(records(
            PARAMS,
            1,
            &pairs(&client::request("POST", "/", "")),
            65_535,
        ));
        writer.write_all(&bytes).await.expect("sent");
        for _ in 0..500 {
            writer
                .write_all(&record(STDIN, 1, &[7; 65_000]))
                .await
                .expect("sent");
        }
        writer
            .write_all(&record(STDIN, 1, b""))
            .await
            .expect("sent");
        writer
    });
    let mut received = Vec::new();
    tokio::io::AsyncReadExt::read_to_end(&mut reader, &mut received)
        .await
        .expect("received");
    assert!(received.len() > 500 * 65_000);
    sending.await.expect("sent");
}
