//! What commit promises.

use std::{
    future::pending,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use futures_util::{FutureExt, StreamExt, stream};
use http_body_util::BodyExt;

use super::*;
use crate::Cause;

type Block = Result<&'static str, &'static str>;

fn streamed(blocks: impl IntoIterator<Item = Block>) -> Body {
    let blocks: Vec<_> = blocks
        .into_iter()
        .map(|block| block.map(Bytes::from))
        .collect();
    Body::stream(stream::iter(blocks))
}

/// A body that counts how often it is asked for a block.
fn counted(polls: &Arc<AtomicUsize>) -> Body {
    let polls = polls.clone();
    Body::stream(stream::repeat_with(move || {
        polls.fetch_add(1, Ordering::Relaxed);
        Ok::<_, BodyError>(Bytes::from_static(b"block"))
    }))
}

async fn committed(method: &Method, status: u16, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(status).expect("a status");
    commit(method, response).await
}

#[tokio::test]
async fn a_body_that_fails_at_once_is_a_500_and_not_a_truncated_200() {
    let response = committed(&Method::GET, 200, streamed([Err("disk")])).await;
    assert_eq!(response.status(), 500);
    let cause = response.extensions().get::<Cause>().map(Cause::chain);
    assert_eq!(cause.as_deref(), Some("the body broke off: disk"));
}

#[tokio::test]
async fn a_500_in_place_of_a_body_keeps_what_is_said_of_the_request_and_not_of_the_body() {
    let mut response = Response::new(streamed([Err("disk")]));
    for (name, value) in [
        ("access-control-allow-origin", "*"),
        ("x-request-id", "7"),
        ("content-type", "video/webm"),
        ("content-length", "1000"),
        ("etag", "\"1\""),
        ("cache-control", "max-age=60"),
    ] {
        response
            .headers_mut()
            .insert(name, value.parse().expect("a value"));
    }
    let response = commit(&Method::GET, response).await;
    let mut fields: Vec<_> = response.headers().keys().map(HeaderName::as_str).collect();
    fields.sort_unstable();
    assert_eq!(
        fields,
        [
            "access-control-allow-origin",
            "content-type",
            "vary",
            "x-request-id"
        ]
    );
    assert_eq!(
        response.headers()["content-type"],
        "text/plain; charset=utf-8"
    );
}

#[tokio::test]
async fn a_body_that_fails_later_still_fails() {
    let response = committed(&Method::GET, 200, streamed([Ok("first"), Err("disk")])).await;
    assert_eq!(response.status(), 200);
    let mut body = response.into_body();
    let first = body
        .frame()
        .await
        .expect("a frame")
        .expect("data")
        .into_data();
    assert_eq!(first.expect("data"), "first");
    assert!(body.frame().await.expect("a frame").is_err());
}

#[test]
fn a_pending_body_commits_at_once() {
    let silent = Body::stream(stream::once(pending::<Result<Bytes, BodyError>>()));
    let committed = commit(&Method::GET, Response::new(silent)).now_or_never();
    assert_eq!(committed.expect("it waits for nothing").status(), 200);
}

#[tokio::test]
async fn a_body_is_polled_once_and_its_first_frame_is_kept() {
    let polls = Arc::new(AtomicUsize::new(0));
    let response = committed(&Method::GET, 200, counted(&polls)).await;
    assert_eq!(polls.load(Ordering::Relaxed), 1);
    let first = response.into_body().into_data_stream().next().await;
    assert_eq!(first.expect("a frame").expect("data"), "block");
    assert_eq!(polls.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn what_carries_no_body_drops_it_unread() {
    for (method, status) in [
        (Method::HEAD, 200),
        (Method::GET, 204),
        (Method::GET, 205),
        (Method::GET, 304),
    ] {
        let polls = Arc::new(AtomicUsize::new(0));
        let response = committed(&method, status, counted(&polls)).await;
        assert_eq!(
            response.body().in_memory_len(),
            Some(0),
            "{method} {status}"
        );
        assert_eq!(polls.load(Ordering::Relaxed), 0, "{method} {status}");
        assert_eq!(
            Arc::strong_count(&polls),
            1,
            "{method} {status}: it is dropped"
        );
    }
}

#[tokio::test]
async fn the_length_says_what_it_may_say() {
    let length = async |method: Method, status: u16, body: &'static str, own: Option<&str>| {
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = StatusCode::from_u16(status).expect("a status");
        if let Some(own) = own {
            let own = own.parse().expect("a value");
            response.headers_mut().insert(header::CONTENT_LENGTH, own);
        }
        let response = commit(&method, response).await;
        let length = response.headers().get(header::CONTENT_LENGTH);
        length.map(|length| length.to_str().expect("digits").to_owned())
    };
    // A HEAD has the length of the GET, or the one that the app knows.
    assert_eq!(
        length(Method::HEAD, 200, "hello", None).await.as_deref(),
        Some("5")
    );
    assert_eq!(
        length(Method::HEAD, 200, "", Some("7")).await.as_deref(),
        Some("7")
    );
    assert_eq!(length(Method::HEAD, 200, "", None).await, None);
    // A 204 has none, a 304 only the one that the app gives.
    assert_eq!(length(Method::GET, 204, "hello", Some("5")).await, None);
    assert_eq!(length(Method::GET, 304, "", None).await, None);
    assert_eq!(
        length(Method::GET, 304, "", Some("9")).await.as_deref(),
        Some("9")
    );
}

#[tokio::test]
async fn a_length_that_is_not_the_bodys_is_dropped() {
    for (claimed, kept) in [("4", true), ("3", false), ("40", false), ("+4", false)] {
        let mut response = Response::new(Body::from("body"));
        let length = HeaderValue::from_static(claimed);
        response
            .headers_mut()
            .insert(header::CONTENT_LENGTH, length);
        let response = commit(&Method::GET, response).await;
        let length = response.headers().get(header::CONTENT_LENGTH);
        assert_eq!(length.is_some(), kept, "{claimed}");
    }
}

#[tokio::test]
async fn two_lengths_are_none_even_where_one_is_right() {
    for claimed in [["4", "40"], ["4", "4"]] {
        let mut response = Response::new(Body::from("body"));
        for length in claimed {
            let length = HeaderValue::from_static(length);
            response
                .headers_mut()
                .append(header::CONTENT_LENGTH, length);
        }
        let response = commit(&Method::GET, response).await;
        assert!(response.headers().is_empty(), "{claimed:?}");
    }
}

#[cfg(feature = "file")]
#[tokio::test]
async fn a_file_is_left_unread_to_a_host_that_sends_it_in_its_own_way() {
    use std::io::Write;
    let mut file = tempfile::tempfile().expect("a temporary file");
    file.write_all(b"text").expect("room for it");
    let file = crate::FileRange::whole(file).expect("a length");
    let response = committed(&Method::GET, 200, Body::from(file)).await;
    assert!(response.body().as_file().is_some());
}

#[tokio::test]
async fn a_body_that_panics_at_once_is_a_500() {
    let panics = stream::poll_fn(|_| -> Poll<Option<Result<Bytes, BodyError>>> { panic!("oh") });
    let response = commit(&Method::GET, Response::new(Body::stream(panics))).await;
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
}

#[tokio::test]
async fn an_upgrade_keeps_its_connection_fields_and_others_do_not() {
    let response = |status: u16| {
        http::Response::builder()
            .status(status)
            .header(header::CONNECTION, "upgrade")
            .header(header::UPGRADE, "websocket")
            .body(Body::empty())
            .expect("a response")
    };
    let upgraded = commit(&Method::GET, response(101)).await;
    assert_eq!(upgraded.headers().len(), 2);
    let asking = commit(&Method::GET, response(426)).await;
    assert_eq!(asking.headers()[header::UPGRADE], "websocket");
    assert_eq!(asking.headers()[header::CONNECTION], "upgrade");
    let plain = commit(&Method::GET, response(200)).await;
    assert!(plain.headers().is_empty());
}
