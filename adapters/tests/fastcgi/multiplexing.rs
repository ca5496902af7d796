use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    time::Duration,
};

use bytes::Bytes;
use enfilade_adapters::FastCgi;
use enfilade_core::{Body, Request, RequestExt, Response, Result};
use futures_util::stream;

use crate::{
    client::{self, PARAMS, RESPONDER, STDIN, begin, pairs, record, stream as records},
    support::Running,
};

fn multiplexing(host: FastCgi) -> FastCgi {
    host.with_multiplexing(8)
        .with_stall(Duration::from_millis(100))
}

#[tokio::test]
async fn a_second_request_is_refused_while_one_runs_unless_it_was_allowed() {
    let running = Running::start(async |mut request: Request| request.text().await);
    let mut client = running.connect().await;
    let mut bytes = begin(1, RESPONDER, true);
    bytes.extend(records(
        PARAMS,
        1,
        &pairs(&client::request("POST", "/", "5")),
        65_535,
    ));
    client.send(&bytes).await;
    client.ask(2, &client::get("/"), b"").await;
    assert_eq!(client.answer(2).await.end, Some((1, 1)));
    client.send(&records(STDIN, 1, b"hello", 2)).await;
    assert_eq!(client.answer(1).await.text(), "hello");
    client.ask(2, &client::get("/"), b"").await;
    assert!(client.answer(2).await.is_whole());
}

#[tokio::test]
async fn requests_run_at_the_same_time_and_their_records_do_not_mix() {
    let running = Running::start_with(
        multiplexing,
        async |mut request: Request| -> Result<String> {
            let body = request.text().await?;
            tokio::time::sleep(Duration::from_millis(10)).await;
            Ok(body.repeat(50_000))
        },
    );
    let mut client = running.connect().await;
    let ids = [1, 2, 3, 500, 65_535];
    for id in ids {
        let mut bytes = begin(id, RESPONDER, true);
        let params = pairs(&client::request("POST", "/", ""));
        bytes.extend(records(PARAMS, id, &params, 65_535));
        client.send(&bytes).await;
    }
    for part in [b"ab", b"cd"] {
        for id in ids {
            client.send(&record(STDIN, id, part)).await;
        }
    }
    for id in ids {
        client
            .send(&record(STDIN, id, &id.to_be_bytes().map(|b| b'a' + b % 26)))
            .await;
        client.send(&record(STDIN, id, b"")).await;
    }
    let answers = client.answers(&ids).await;
    for (id, answer) in answers {
        assert!(answer.is_whole());
        let own = String::from_utf8_lossy(&id.to_be_bytes().map(|b| b'a' + b % 26)).into_owned();
        assert_eq!(answer.text(), format!("abcd{own}").repeat(50_000), "{id}");
    }
}

#[tokio::test]
async fn more_requests_than_allowed_are_told_that_it_is_too_much() {
    let options = |host: FastCgi| host.with_multiplexing(2);
    let running = Running::start_with(options, async |_: Request| {
        std::future::pending::<&'static str>().await
    });
    let mut client = running.connect().await;
    for id in [1, 2, 3] {
        client.ask(id, &client::get("/"), b"").await;
    }
    assert_eq!(client.answer(3).await.end, Some((1, 2)));

    let options = |host: FastCgi| host.with_max_requests(1);
    let running = Running::start_with(options, async |request: Request| {
        if request.path_info() == "/wait" {
            std::future::pending::<()>().await;
        }
        "hello"
    });
    let mut first = running.connect().await;
    first.ask(1, &client::get("/wait"), b"").await;
    let mut second = running.connect().await;
    loop {
        second.ask(1, &client::get("/"), b"").await;
        match second.answer(1).await.end {
            Some((1, 2)) => break,
            // The first has not come yet.
            _ => tokio::task::yield_now().await,
        }
    }
    first.send(&record(client::ABORT_REQUEST, 1, b"")).await;
    first.answer(1).await;
    second.ask(1, &client::get("/"), b"").await;
    assert!(second.answer(1).await.is_whole(), "there is room again");
}

#[tokio::test]
async fn an_endless_answer_does_not_hold_up_another() {
    let running = Running::start_with(multiplexing, async |request: Request| {
        if request.path_info() != "/endless" {
            return Response::new(Body::from("hello"));
        }
        let frames = stream::repeat_with(|| Ok::<_, Infallible>(Bytes::from(vec![7; 200_000])));
        Response::new(Body::stream(frames))
    });
    let mut client = running.connect().await;
    client.ask(1, &client::get("/endless"), b"").await;
    client.ask(2, &client::get("/"), b"").await;
    client.ask(3, &client::get("/"), b"").await;
    let mut ended = 0;
    while ended < 2 {
        let record = client.record().await.expect("a record");
        ended += usize::from(record.kind == client::END_REQUEST);
    }
}

#[tokio::test]
async fn a_body_that_nobody_reads_holds_the_others_up_for_a_while_and_then_is_cut() {
    let running = Running::start_with(multiplexing, async |mut request: Request| {
        if request.path_info() == "/slow" {
            tokio::time::sleep(Duration::from_secs(2)).await;
            return match request.bytes().await {
                Ok(_) => "whole".to_owned(),
                Err(_) => "cut".to_owned(),
            };
        }
        "hello".to_owned()
    });
    let mut client = running.connect().await;
    client
        .ask(
            1,
            &client::request("POST", "/slow", "1000000"),
            &vec![7; 1_000_000],
        )
        .await;
    client.ask(2, &client::get("/"), b"").await;
    let mut order = Vec::new();
    while order.len() < 2 {
        let record = client.record().await.expect("a record");
        if record.kind == client::END_REQUEST {
            order.push(record.id);
        } else if record.id == 1 && record.content.len() < 10 && !record.content.is_empty() {
            assert_eq!(record.content, b"cut");
        }
    }
    assert_eq!(order, [2, 1]);
}

#[tokio::test]
async fn a_request_that_breaks_off_waits_for_the_others_no_longer_than_a_stall() {
    let is_dropped = Arc::new(AtomicBool::new(false));
    let guard = Arc::clone(&is_dropped);
    let running = Running::start_with(multiplexing, move |request: Request| {
        let guard = Arc::clone(&guard);
        async move {
            if request.path_info() == "/broken" {
                let error = Err::<Bytes, _>(std::io::Error::other("broke"));
                let frames = stream::iter([Ok(Bytes::from("some")), error]);
                return Response::new(Body::stream(frames));
            }
            let _guard = Dropped(guard);
            std::future::pending().await
        }
    });
    let mut client = running.connect().await;
    client.ask(1, &client::get("/never"), b"").await;
    client.ask(2, &client::get("/broken"), b"").await;
    let answers = tokio::time::timeout(Duration::from_secs(5), client.answers(&[1, 2])).await;
    let answers = answers.expect("a reset");
    assert!(!answers[&2].ended && answers[&2].end.is_none());
    assert!(is_dropped.load(SeqCst));
}

struct Dropped(Arc<AtomicBool>);

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.store(true, SeqCst);
    }
}

#[tokio::test]
async fn a_request_that_breaks_off_lets_the_others_end_first() {
    let patient = |host| multiplexing(host).with_stall(Duration::from_secs(10));
    let running = Running::start_with(patient, async |request: Request| {
        if request.path_info() == "/broken" {
            let error = Err::<Bytes, _>(std::io::Error::other("broke"));
            let frames = stream::iter([Ok(Bytes::from("some")), error]);
            return Response::new(Body::stream(frames));
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
        Response::new(Body::from("hello"))
    });
    let mut client = running.connect().await;
    client.ask(1, &client::get("/slow"), b"").await;
    client.ask(2, &client::get("/broken"), b"").await;
    let answers = client.answers(&[1, 2]).await;
    assert!(answers[&1].is_whole());
    assert!(answers[&2].stdout.ends_with(b"some"));
    assert!(!answers[&2].ended && answers[&2].end.is_none());
}
