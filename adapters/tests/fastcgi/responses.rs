use std::{convert::Infallible, time::Duration};

use bytes::Bytes;
use enfilade_core::{Body, Request, RequestExt, Response};
use futures_util::{StreamExt, stream};
use http::header;

use crate::{client, support::Running};

#[tokio::test]
async fn long_answers_come_whole_in_records_that_never_say_less_than_they_hold() {
    let running = Running::start(async |request: Request| {
        let length: usize = request.path_info()[1..].parse().unwrap_or(0);
        let bytes: Vec<u8> = (0..length).map(|n| (n % 251) as u8).collect();
        bytes
    });
    let mut client = running.connect().await;
    for length in [
        0, 1, 65_527, 65_528, 65_535, 65_536, 65_537, 131_072, 3_000_000,
    ] {
        client
            .ask(1, &client::get(&format!("/{length}")), b"")
            .await;
        let answer = client.answer(1).await;
        assert!(answer.is_whole());
        assert_eq!(answer.body().len(), length);
        assert!(
            answer
                .body()
                .iter()
                .enumerate()
                .all(|(n, byte)| *byte == (n % 251) as u8)
        );
    }
}

/// What an answer holds that looks like records is content, and nothing else.
#[tokio::test]
async fn an_answer_cannot_smuggle_records() {
    let evil = [
        client::record(client::END_REQUEST, 1, &[0; 8]),
        client::record(client::STDOUT, 2, b"Status: 500"),
    ]
    .concat();
    let body = evil.repeat(5000);
    let sent = body.clone();
    let running = Running::start(move |_: Request| {
        let body = body.clone();
        async move { body }
    });
    let mut client = running.connect().await;
    client.ask(1, &client::get("/"), b"").await;
    let answer = client.answer(1).await;
    assert!(answer.is_whole() && answer.body() == sent);
}

#[tokio::test]
async fn each_frame_goes_out_without_waiting_for_the_next() {
    let (sender, receiver) = tokio::sync::mpsc::channel::<&'static str>(1);
    let receiver = std::sync::Mutex::new(Some(receiver));
    let running = Running::start(move |_: Request| {
        let receiver = receiver.lock().expect("the receiver").take();
        async move {
            let frames = stream::unfold(receiver, async |receiver| {
                let mut receiver = receiver?;
                let text = receiver.recv().await?;
                Some((Ok::<_, Infallible>(Bytes::from(text)), Some(receiver)))
            });
            Response::new(Body::stream(frames))
        }
    });
    let mut client = running.connect().await;
    client.ask(1, &client::get("/"), b"").await;
    assert_eq!(
        client.record().await.expect("the head").content,
        b"Status: 200 OK\r\n\r\n"
    );
    for text in ["one", "two"] {
        sender.send(text).await.expect("sent");
        assert_eq!(
            client.record().await.expect("a frame").content,
            text.as_bytes()
        );
    }
    drop(sender);
    assert!(client.answer(1).await.is_whole());
}

#[tokio::test]
async fn a_head_and_a_204_have_no_body_and_keep_what_they_say() {
    let running = Running::start(async |request: Request| {
        if request.path_info() == "/204" {
            let mut response = Response::new(Body::empty());
            *response.status_mut() = http::StatusCode::NO_CONTENT;
            return response;
        }
        Response::new(Body::from("hello"))
    });
    let mut client = running.connect().await;
    client.ask(1, &client::request("HEAD", "/", ""), b"").await;
    let answer = client.answer(1).await;
    assert!(answer.is_whole());
    assert_eq!(
        answer.stdout,
        b"Status: 200 OK\r\ncontent-length: 5\r\n\r\n"
    );
    client.ask(1, &client::get("/204"), b"").await;
    assert_eq!(
        client.answer(1).await.stdout,
        b"Status: 204 No Content\r\n\r\n"
    );
}

#[tokio::test]
async fn an_error_before_the_head_is_a_500_with_its_cause_on_stderr() {
    let running = Running::start(
        async |request: Request| -> enfilade_core::Result<&'static str> {
            if request.path_info() == "/panic" {
                panic!("on purpose");
            }
            Err(std::io::Error::other("the database\nis away").into())
        },
    );
    let mut client = running.connect().await;
    for (path, cause) in [("/", "the database\\nis away\n"), ("/panic", "on purpose")] {
        client.ask(1, &client::get(path), b"").await;
        let answer = client.answer(1).await;
        assert!(answer.is_whole());
        assert_eq!(answer.status(), 500);
        let stderr = String::from_utf8_lossy(&answer.stderr);
        assert!(stderr.contains(cause), "{stderr}");
        assert!(!answer.text().contains(cause));
    }
}

#[tokio::test]
async fn what_is_reported_goes_to_the_web_server_at_once() {
    let running = Running::start(async |request: Request| {
        request.environ().report("first");
        tokio::time::sleep(Duration::from_millis(50)).await;
        request.environ().report("second");
        "done"
    });
    let mut client = running.connect().await;
    client.ask(1, &client::get("/"), b"").await;
    let first = client.record().await.expect("a record");
    assert_eq!(
        (first.kind, &first.content[..]),
        (client::STDERR, &b"first\n"[..])
    );
    let answer = client.answer(1).await;
    assert_eq!(
        (&answer.stderr[..], answer.text().as_str()),
        (&b"second\n"[..], "done")
    );
    assert!(running.errors().is_empty());
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_never_ended() {
    let running = Running::start(async |request: Request| {
        let error = std::io::Error::other("broke");
        let frames = stream::iter([Ok(Bytes::from("some"))]).chain(stream::once(async {
            tokio::time::sleep(Duration::from_millis(20)).await;
            Err(error)
        }));
        let mut response = Response::new(Body::stream(frames));
        if request.path_info() == "/short" {
            let frames = stream::iter([Ok::<_, Infallible>(Bytes::from("some"))]);
            *response.body_mut() = Body::stream(frames);
            response
                .headers_mut()
                .insert(header::CONTENT_LENGTH, 10.into());
        }
        response
    });
    for path in ["/", "/short"] {
        let mut client = running.connect().await;
        client.ask(1, &client::get(path), b"").await;
        let answer = client.answer(1).await;
        assert!(answer.stdout.ends_with(b"some"), "{answer:?}");
        assert!(!answer.ended && answer.end.is_none(), "{answer:?}");
        assert!(String::from_utf8_lossy(&answer.stderr).contains("cut short"));
        assert!(client.is_closed().await);
    }
}

/// nginx takes the end of a connection for the end of an answer that has no length. A record that is
/// none says on any socket that it is not.
#[tokio::test]
async fn what_breaks_off_ends_with_what_is_no_record() {
    let running = Running::start(async |_: Request| {
        let broken = Err::<Bytes, _>(std::io::Error::other("broke"));
        let frames = stream::iter([Ok(Bytes::from("some")), broken]);
        Response::new(Body::stream(frames))
    });
    let mut client = running.connect().await;
    client.ask(1, &client::get("/"), b"").await;
    let mut bytes = Vec::new();
    // The reset may come with it.
    let _ = tokio::io::AsyncReadExt::read_to_end(client.stream(), &mut bytes).await;
    let end = [
        &b"cut short: the body broke off: broke\n"[..],
        &client::record(7, 1, b""),
        &[0; 8],
    ];
    assert!(bytes.ends_with(&end.concat()), "{bytes:?}");
}
