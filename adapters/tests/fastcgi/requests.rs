use enfilade_adapters::gateway::Variables;
use enfilade_core::{Request, RequestExt, Result};

use crate::{
    client::{self, PARAMS, RESPONDER, STDIN, begin, pair, pairs, record, stream},
    support::Running,
};

async fn told(mut request: Request) -> Result<String> {
    let body = request.text().await?;
    let length = request.headers().get("content-length").cloned();
    Ok(format!(
        "{} {} {body} {length:?}",
        request.method(),
        request.uri()
    ))
}

#[tokio::test]
async fn a_request_reaches_the_app_and_its_answer_the_web_server() {
    let running = Running::start(told);
    let mut client = running.connect().await;
    client
        .ask(1, &client::request("POST", "/a%20b?c=d", "5"), b"hello")
        .await;
    let answer = client.answer(1).await;
    assert!(answer.is_whole(), "{answer:?}");
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.text(), r#"POST /a%20b?c=d hello Some("5")"#);
}

/// The whole conversation, to the byte.
#[tokio::test]
async fn an_answer_is_exact_to_the_byte() {
    let running = Running::start(async |_: Request| "hello");
    let mut client = running.connect().await;
    client.ask(1, &client::get("/"), b"").await;
    let head =
        b"Status: 200 OK\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: 5\r\n\r\n";
    let mut expected = record(client::STDOUT, 1, head);
    expected.extend(record(client::STDOUT, 1, b"hello"));
    expected.extend(record(client::STDOUT, 1, b""));
    expected.extend(record(client::END_REQUEST, 1, &[0; 8]));
    let mut got = vec![0; expected.len()];
    tokio::io::AsyncReadExt::read_exact(client.stream(), &mut got)
        .await
        .expect("the answer");
    assert_eq!(
        String::from_utf8_lossy(&got),
        String::from_utf8_lossy(&expected)
    );
}

#[tokio::test]
async fn a_connection_that_is_kept_takes_one_request_after_the_other_with_any_id() {
    let running = Running::start(told);
    let mut client = running.connect().await;
    for id in [1, 3, 1, 0x1234, 65_535, 2] {
        client
            .ask(id, &client::request("POST", "/", "2"), b"hi")
            .await;
        assert_eq!(client.answer(id).await.text(), r#"POST / hi Some("2")"#);
    }
}

#[tokio::test]
async fn pairs_straddle_records_with_any_padding() {
    let running = Running::start(async |request: Request| {
        let variables = request.extensions().get::<Variables>();
        let long = variables
            .and_then(|v| v.get("LONG"))
            .map_or(0, bytes::Bytes::len);
        format!("{} {long}", request.uri())
    });
    let mut params = pairs(&client::get("/straddling"));
    params.extend(pair("LONG", &"x".repeat(70_000)));
    for size in [1, 3, 127, 4096, 65_535] {
        let mut client = running.connect().await;
        let mut bytes = begin(1, RESPONDER, true);
        for (n, piece) in params.chunks(size).enumerate() {
            let padding = u8::try_from(n % 256).expect("below 256");
            bytes.extend(client::padded_record(PARAMS, 1, piece, padding));
        }
        bytes.extend(client::padded_record(PARAMS, 1, b"", 255));
        bytes.extend(client::padded_record(STDIN, 1, b"", 7));
        client.send(&bytes).await;
        assert_eq!(client.answer(1).await.text(), "/straddling 70000", "{size}");
    }
}

#[tokio::test]
async fn bytes_may_come_one_by_one() {
    let running = Running::start(told);
    let mut client = running.connect().await;
    let mut bytes = begin(1, RESPONDER, true);
    bytes.extend(stream(
        PARAMS,
        1,
        &pairs(&client::request("PUT", "/", "3")),
        50,
    ));
    bytes.extend(stream(STDIN, 1, b"abc", 2));
    for byte in bytes {
        client.send(&[byte]).await;
        tokio::task::yield_now().await;
    }
    assert_eq!(client.answer(1).await.text(), r#"PUT / abc Some("3")"#);
}

#[tokio::test]
async fn an_app_runs_and_answers_while_its_body_is_still_coming() {
    let running = Running::start(async |request: Request| request.into_body());
    let mut client = running.connect().await;
    let mut bytes = begin(1, RESPONDER, true);
    bytes.extend(stream(
        PARAMS,
        1,
        &pairs(&client::request("POST", "/", "")),
        65_535,
    ));
    client.send(&bytes).await;
    assert!(
        client
            .record()
            .await
            .expect("the head")
            .content
            .starts_with(b"Status: 200")
    );
    for piece in ["one", "two", "three"] {
        client.send(&record(STDIN, 1, piece.as_bytes())).await;
        assert_eq!(
            client.record().await.expect("an echo").content,
            piece.as_bytes()
        );
    }
    client.send(&record(STDIN, 1, b"")).await;
    assert!(client.answer(1).await.is_whole());
}

#[tokio::test]
async fn a_request_without_a_body_shows_that_it_has_none() {
    let running = Running::start(async |request: Request| {
        let hint = http_body::Body::size_hint(request.body());
        format!("{:?}", hint.exact())
    });
    let mut client = running.connect().await;
    client.ask(1, &client::get("/"), b"").await;
    assert_eq!(client.answer(1).await.text(), "Some(0)");
    client
        .ask(1, &client::request("POST", "/", "3"), b"abc")
        .await;
    assert_eq!(client.answer(1).await.text(), "Some(3)");
}

#[tokio::test]
async fn a_body_that_is_shorter_than_its_length_is_an_error_and_a_longer_one_ends_there() {
    let running = Running::start(told);
    let mut client = running.connect().await;
    client
        .ask(1, &client::request("POST", "/", "5"), b"hell")
        .await;
    assert_eq!(client.answer(1).await.status(), 400);
    client
        .ask(1, &client::request("POST", "/", "5"), b"hello, and more")
        .await;
    assert_eq!(client.answer(1).await.text(), r#"POST / hello Some("5")"#);
}

#[tokio::test]
async fn what_is_no_request_is_answered_and_the_connection_goes_on() {
    let running = Running::start(told);
    let mut client = running.connect().await;
    client.ask(1, &client::request("G E T", "/", ""), b"").await;
    assert_eq!(client.answer(1).await.status(), 400);
    client
        .ask(1, &client::request("POST", "/", "+5"), b"hello")
        .await;
    assert_eq!(client.answer(1).await.status(), 400);
    client.ask(1, &[], b"").await;
    assert_eq!(client.answer(1).await.status(), 400);
    let long = "x".repeat(200_000);
    let mut bytes = begin(1, RESPONDER, true);
    bytes.extend(stream(PARAMS, 1, &pair("HTTP_X", &long), 65_535));
    bytes.extend(stream(STDIN, 1, b"", 1));
    client.send(&bytes).await;
    assert_eq!(client.answer(1).await.status(), 431);
    client.ask(1, &client::get("/"), b"").await;
    assert_eq!(client.answer(1).await.status(), 200);
}

#[tokio::test]
async fn a_head_that_is_refused_has_no_body_either() {
    let running = Running::start(told);
    let mut client = running.connect().await;
    for length in ["", "+5"] {
        let mut params = client::request("HEAD", "/", length);
        if length.is_empty() {
            params.retain(|(name, _)| *name != "REQUEST_URI");
            params.push(("REQUEST_URI", "no path"));
        }
        client.ask(1, &params, b"").await;
        let answer = client.answer(1).await;
        assert!(answer.is_whole());
        assert_eq!((answer.status(), answer.text().as_str()), (400, ""));
    }
}

#[tokio::test]
async fn roles_that_are_not_played_are_refused() {
    let running = Running::start(told);
    for role in [0, client::AUTHORIZER, client::FILTER, 99] {
        let mut client = running.connect().await;
        let mut bytes = begin(1, role, true);
        bytes.extend(stream(PARAMS, 1, &pairs(&client::get("/")), 65_535));
        bytes.extend(record(STDIN, 1, b""));
        client.send(&bytes).await;
        let answer = client.answer(1).await;
        assert_eq!(answer.end.map(|(_, status)| status), Some(3), "{role}");
        assert!(answer.stdout.is_empty());
        client.ask(1, &client::get("/"), b"").await;
        assert!(client.answer(1).await.is_whole(), "it goes on");
    }
}
