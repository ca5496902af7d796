use std::time::Duration;

use enfilade_core::Request;
use tokio::sync::Semaphore;

use crate::{
    client::{self, PARAMS, RESPONDER, STDIN, begin, pairs, record, stream},
    support::{Running, until},
};

fn once(target: &str) -> Vec<u8> {
    let mut bytes = begin(1, RESPONDER, false);
    bytes.extend(stream(PARAMS, 1, &pairs(&client::get(target)), 65_535));
    bytes.extend(record(STDIN, 1, b""));
    bytes
}

#[tokio::test]
async fn a_connection_that_is_not_to_be_kept_is_closed_behind_the_answer() {
    let running = Running::start(async |_: Request| "hello");
    let mut client = running.connect().await;
    client.send(&once("/")).await;
    assert!(client.answer(1).await.is_whole());
    assert!(client.is_closed().await);
}

/// To close with unread bytes would reset the connection, and the answer would be lost with it.
#[tokio::test]
async fn an_early_answer_reaches_a_web_server_that_sends_everything_first() {
    let running = Running::start(async |_: Request| "x".repeat(300_000));
    for keep in [true, false] {
        let mut client = running.connect().await;
        let mut bytes = begin(1, RESPONDER, keep);
        let params = pairs(&client::request("POST", "/", "8000000"));
        bytes.extend(stream(PARAMS, 1, &params, 65_535));
        bytes.extend(stream(STDIN, 1, &vec![7; 8_000_000], 32_768));
        client.send(&bytes).await;
        let answer = client.answer(1).await;
        assert!(answer.is_whole() && answer.body().len() == 300_000);
        if keep {
            client.ask(1, &client::get("/"), b"").await;
            assert!(client.answer(1).await.is_whole());
        } else {
            assert!(client.is_closed().await);
        }
    }
}

#[tokio::test]
async fn stopping_closes_idle_connections_and_lets_requests_end() {
    static GO: Semaphore = Semaphore::const_new(0);
    static BEGUN: Semaphore = Semaphore::const_new(0);
    let mut running = Running::start(async |request: Request| {
        if request.uri() == "/slow" {
            BEGUN.add_permits(1);
            GO.acquire().await.expect("open").forget();
        }
        "hello"
    });
    let mut idle = running.connect().await;
    idle.ask(1, &client::get("/"), b"").await;
    assert!(idle.answer(1).await.is_whole());
    let mut busy = running.connect().await;
    busy.ask(1, &client::get("/slow"), b"").await;
    BEGUN.acquire().await.expect("begun").forget();
    running.stop();
    assert!(idle.is_closed().await);
    GO.add_permits(1);
    assert!(busy.answer(1).await.is_whole());
    assert!(busy.is_closed().await, "although it was to be kept");
    running.stopped().await;
}

#[tokio::test]
async fn requests_that_do_not_end_in_time_are_cut_and_not_ended() {
    static BEGUN: Semaphore = Semaphore::const_new(0);
    let mut running = Running::start_with(
        |host| host.with_grace(Duration::from_millis(50)),
        async |_: Request| {
            BEGUN.add_permits(1);
            std::future::pending::<&'static str>().await
        },
    );
    let mut client = running.connect().await;
    client.ask(1, &client::get("/"), b"").await;
    BEGUN.acquire().await.expect("begun").forget();
    running.stop();
    assert_eq!(client.answer(1).await, client::Answer::default());
    running.stopped().await;
    until(|| !running.errors().is_empty()).await;
}

/// The web server has sent them, and would tell its clients of an error.
#[tokio::test]
async fn requests_that_were_sent_before_the_stop_are_answered() {
    for _ in 0..20 {
        let mut running = Running::start(async |_: Request| "hello");
        let mut kept = running.connect().await;
        kept.ask(1, &client::get("/"), b"").await;
        assert!(kept.answer(1).await.is_whole());
        let mut fresh = running.connect().await;
        fresh.ask(1, &client::get("/"), b"").await;
        kept.ask(1, &client::get("/"), b"").await;
        running.stop();
        assert!(fresh.answer(1).await.is_whole(), "on a fresh connection");
        assert!(kept.answer(1).await.is_whole(), "on a kept connection");
        assert!(fresh.is_closed().await && kept.is_closed().await);
        drop((fresh, kept));
        running.stopped().await;
    }
}

#[tokio::test]
async fn a_connection_that_was_opened_before_the_stop_may_still_bring_its_request() {
    let mut running = Running::start(async |request: Request| request.uri().path().to_owned());
    let mut known = running.connect().await;
    known.ask(1, &client::get("/"), b"").await;
    assert!(known.answer(1).await.is_whole());
    let mut fresh = running.connect().await;
    running.stop();
    assert!(known.is_closed().await, "it stops");
    fresh.ask(1, &client::get("/late"), b"").await;
    assert_eq!(fresh.answer(1).await.text(), "/late");
    assert!(fresh.is_closed().await, "although it was to be kept");
    drop((known, fresh));
    running.stopped().await;
}

#[tokio::test]
async fn what_never_becomes_a_request_does_not_hold_up_the_stop() {
    // Longer than any test waits.
    let grace = Duration::from_secs(600);
    let mut running = Running::start_with(|host| host.with_grace(grace), async |_: Request| "");
    let mut silent = running.connect().await;
    let mut halting = running.connect().await;
    let params = record(PARAMS, 1, &pairs(&client::get("/")));
    halting
        .send(&[begin(1, RESPONDER, true), params].concat())
        .await;
    running.stop();
    assert!(silent.is_closed().await);
    assert_eq!(halting.answer(1).await.end, Some((1, 2)), "overloaded");
    assert!(halting.is_closed().await);
    drop((silent, halting));
    running.stopped().await;
}
