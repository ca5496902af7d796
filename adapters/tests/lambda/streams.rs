//! Responses that are sent whole, and as streams.

use std::sync::Arc;

use bytes::Bytes;
use enfilade_core::{App, Body, Capabilities, Request, RequestExt, Result};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::{
    FUNCTION_URL, HTTP_API, LOAD_BALANCER, Lines, REST_API, answered,
    stand_in::{StandIn, Told},
};

fn blocks(blocks: Vec<Result<&'static str, std::io::Error>>) -> Body {
    let blocks = blocks.into_iter().map(|block| block.map(Bytes::from));
    Body::stream(futures_util::stream::iter(blocks))
}

#[tokio::test]
async fn a_whole_answer_that_fails_late_is_still_a_500() {
    let app = async |_: Request| blocks(vec![Ok("one"), Err(std::io::Error::other("secret"))]);
    let answer = answered(FUNCTION_URL, app).await;
    assert_eq!(answer["statusCode"], 500);
    assert!(!answer.to_string().contains("secret"), "{answer}");
}

#[tokio::test]
async fn a_whole_answer_has_a_bound() {
    let endless = async |_: Request| {
        let block = Bytes::from(vec![b'x'; 1 << 16]);
        Body::stream(futures_util::stream::repeat_with(move || {
            Ok::<_, std::io::Error>(block.clone())
        }))
    };
    assert_eq!(answered(FUNCTION_URL, endless).await["statusCode"], 500);
    // In base64 it outgrows what it is without.
    let bytes = async |_: Request| vec![0xff_u8; 5 << 20];
    assert_eq!(answered(FUNCTION_URL, bytes).await["statusCode"], 500);
}

#[tokio::test]
async fn a_balancer_takes_less_than_lambda() {
    let bytes = async |_: Request| "x".repeat(1 << 20);
    assert_eq!(answered(LOAD_BALANCER, bytes).await["statusCode"], 500);
    assert_eq!(answered(FUNCTION_URL, bytes).await["statusCode"], 200);
}

/// Five bytes in a stream, whose length is claimed.
fn five(claim: &'static str) -> impl App + Copy {
    move |_: Request| {
        let fields = [("content-length", claim)];
        std::future::ready((fields, blocks(vec![Ok("hel"), Ok("lo")])))
    }
}

#[tokio::test]
async fn a_whole_answer_is_held_to_the_length_that_it_claims() {
    for (claim, status, sent) in [("5", 200, "hello"), ("4", 200, "hell"), ("10", 500, "")] {
        let mut stand_in = StandIn::start().await;
        let lines = Lines::default();
        let host = stand_in.host().with_error_sink(lines.clone());
        let host = tokio::spawn(host.serve(five(claim)));
        stand_in.invoke(FUNCTION_URL);
        let answer = stand_in.json().await;
        assert_eq!(answer["statusCode"], status, "{claim}");
        if status == 200 {
            assert_eq!(answer["body"], sent, "{claim}");
            assert_eq!(answer["headers"]["content-length"], claim);
        }
        assert_eq!(lines.text().is_empty(), claim == "5", "{}", lines.text());
        host.abort();
    }
}

#[tokio::test]
async fn a_stream_is_held_to_the_length_that_it_claims() {
    for (claim, sent, is_whole) in [
        ("5", "hello", true),
        ("4", "hell", true),
        ("10", "hello", false),
    ] {
        let mut stand_in = StandIn::start().await;
        let lines = Lines::default();
        let host = stand_in.host().with_streaming();
        let host = host.with_error_sink(lines.clone());
        let host = tokio::spawn(host.serve(five(claim)));
        stand_in.invoke(FUNCTION_URL);
        let (_, _, body, end) = stand_in.answer().await;
        assert!(
            body.ends_with(format!("\0{sent}").as_bytes()),
            "{claim}: {body:?}"
        );
        assert_eq!(matches!(end, Told::End), is_whole, "{claim}: {end:?}");
        assert_eq!(lines.text().is_empty(), claim == "5", "{}", lines.text());
        host.abort();
    }
}

#[tokio::test]
async fn an_answer_to_head_keeps_the_length_that_it_claims() {
    let head = FUNCTION_URL.replace("\"GET\"", "\"HEAD\"");
    for is_streaming in [false, true] {
        let mut stand_in = StandIn::start().await;
        let host = stand_in.host();
        let host = if is_streaming {
            host.with_streaming()
        } else {
            host
        };
        let host = tokio::spawn(host.serve(five("5")));
        stand_in.invoke(&*head);
        let (_, _, body, end) = stand_in.answer().await;
        let body = String::from_utf8(body).expect("text");
        assert!(body.contains(r#""content-length":"5""#), "{body}");
        assert!(matches!(end, Told::End), "{end:?}");
        host.abort();
    }
}

#[tokio::test]
async fn each_frame_of_a_stream_goes_out_without_waiting_for_the_next() {
    let mut stand_in = StandIn::start().await;
    let (sender, receiver) = mpsc::channel::<&'static str>(1);
    let receiver = Arc::new(tokio::sync::Mutex::new(receiver));
    let app = move |_: Request| {
        let receiver = Arc::clone(&receiver);
        let blocks = futures_util::stream::unfold(receiver, async |receiver| {
            let block = receiver.lock().await.recv().await?;
            Some((Ok::<_, std::io::Error>(Bytes::from(block)), receiver))
        });
        std::future::ready(([("x-a", "1")], Body::stream(blocks)))
    };
    let host = tokio::spawn(stand_in.host().with_streaming().serve(app));
    stand_in.invoke(FUNCTION_URL);
    let Told::Head(_, fields) = stand_in.told().await else {
        panic!("a head comes first");
    };
    assert_eq!(fields["lambda-runtime-function-response-mode"], "streaming");
    let kind = "application/vnd.awslambda.http-integration-response";
    assert_eq!(fields["content-type"], kind);
    let Told::Chunk(prelude) = stand_in.told().await else {
        panic!("the head of the response comes before its body");
    };
    let (json, zeros) = prelude.split_at(prelude.len() - 8);
    assert_eq!(zeros, [0; 8]);
    let json: Value = serde_json::from_slice(json).expect("JSON");
    assert_eq!(json, json!({"statusCode": 200, "headers": {"x-a": "1"}}));
    for block in ["one", "two"] {
        sender.send(block).await.expect("the app waits");
        let told = stand_in.told().await;
        assert!(
            matches!(&told, Told::Chunk(chunk) if chunk == block),
            "{told:?}"
        );
    }
    drop(sender);
    assert!(matches!(stand_in.told().await, Told::End));
    host.abort();
}

#[tokio::test]
async fn a_stream_that_fails_has_no_clean_end_and_the_next_is_served() {
    let mut stand_in = StandIn::start().await;
    let lines = Lines::default();
    let host = stand_in
        .host()
        .with_streaming()
        .with_error_sink(lines.clone());
    let app = async |request: Request| {
        let failing = request.path_info() == "/fail";
        blocks(
            vec![Ok("one"), Ok("two")]
                .into_iter()
                .chain(failing.then(|| Err(std::io::Error::other("secret"))))
                .collect(),
        )
    };
    let host = tokio::spawn(host.serve(app));
    let failing = FUNCTION_URL.replace("\"rawPath\": \"/a%20b%2Fc//d\"", "\"rawPath\": \"/fail\"");
    stand_in.invoke(failing);
    let (_, _, body, end) = stand_in.answer().await;
    assert!(body.ends_with(b"\0onetwo"), "{body:?}");
    let Told::Trailers(trailers) = end else {
        panic!("the failure is told: {end:?}");
    };
    assert_eq!(
        trailers["lambda-runtime-function-error-type"],
        "Enfilade.BrokenOff"
    );
    assert!(lines.text().contains("secret"), "{}", lines.text());
    stand_in.invoke(FUNCTION_URL);
    assert!(matches!(stand_in.answer().await.3, Told::End));
    host.abort();
}

#[tokio::test]
async fn a_body_that_panics_has_no_clean_end_and_the_next_is_served() {
    let mut stand_in = StandIn::start().await;
    let host = stand_in
        .host()
        .with_streaming()
        .with_error_sink(Lines::default());
    let app = async |_: Request| {
        let mut polls = 0;
        Body::stream(futures_util::stream::poll_fn(move |_| {
            polls += 1;
            assert!(polls < 2, "at the disco");
            std::task::Poll::Ready(Some(Ok::<_, std::io::Error>(Bytes::from("one"))))
        }))
    };
    let host = tokio::spawn(host.serve(app));
    for event in [FUNCTION_URL, REST_API, FUNCTION_URL] {
        stand_in.invoke(event);
        assert!(matches!(stand_in.answer().await.3, Told::Trailers(_)));
    }
    stand_in.invoke(HTTP_API);
    assert_eq!(stand_in.json().await["statusCode"], 500);
    host.abort();
}

#[tokio::test]
async fn the_environ_says_whether_a_response_streams() {
    let mut stand_in = StandIn::start().await;
    let (sender, mut told) = mpsc::channel(1);
    let app = move |request: Request| {
        let sender = sender.clone();
        async move {
            let capabilities = request.environ().connection().capabilities;
            sender.send(capabilities).await.expect("the test waits");
        }
    };
    let host = tokio::spawn(stand_in.host().with_streaming().serve(app));
    for (event, streams) in [
        (REST_API, true),
        (HTTP_API, false),
        (FUNCTION_URL, true),
        (LOAD_BALANCER, false),
    ] {
        stand_in.invoke(event);
        let mut expected = Capabilities::default();
        expected.streaming_response = streams;
        expected.finish = true;
        assert_eq!(told.recv().await, Some(expected), "{event}");
        let (_, fields, ..) = stand_in.answer().await;
        let mode = fields.get("lambda-runtime-function-response-mode");
        assert_eq!(mode.is_some(), streams);
    }
    host.abort();
}
