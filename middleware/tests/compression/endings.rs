//! How compressed bodies end: whole, with trailers, broken off, dropped.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use bytes::Bytes;
use enfilade_core::{Body, BodyError};
use enfilade_middleware::Coding;
use futures_util::{StreamExt, stream};
use http::HeaderMap;
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};

use crate::{
    CODINGS, blocks, decode,
    streams::{data, encoded, encoded_without_lint, poll},
    text,
};

#[tokio::test]
async fn trailers_pass_without_digests_of_other_bytes() {
    for coding in CODINGS {
        let mut body = encoded(coding, || {
            let mut trailers = HeaderMap::new();
            trailers.insert("server-timing", "db;dur=5".parse().expect("a value"));
            trailers.insert("content-digest", "sha-256=:AA==:".parse().expect("a value"));
            let frames = [
                Frame::data(Bytes::from(text(3000))),
                Frame::trailers(trailers),
            ];
            Body::new(StreamBody::new(stream::iter(
                frames.map(Ok::<_, BodyError>),
            )))
        })
        .await;
        let mut received = Vec::new();
        let mut trailers = None;
        while let Some(frame) = body.frame().await {
            match frame.expect("no error").into_data() {
                Ok(data) => {
                    assert!(trailers.is_none(), "{coding}");
                    received.extend_from_slice(&data);
                }
                Err(frame) => trailers = frame.into_trailers().ok(),
            }
        }
        assert_eq!(
            decode(coding, &received).expect("whole"),
            text(3000).into_bytes(),
            "{coding}"
        );
        let trailers = trailers.expect("trailers");
        assert_eq!(trailers["server-timing"], "db;dur=5");
        assert!(!trailers.contains_key("content-digest"));
    }
}

#[tokio::test]
async fn a_body_that_breaks_off_never_ends_cleanly() {
    for coding in CODINGS {
        for before in [0, 10, 100_000] {
            let mut body = encoded_without_lint(coding, || {
                let blocks = [Ok(Bytes::from(text(before))), Err("reset")];
                Body::stream(stream::iter(blocks))
            })
            .await;
            let mut received = Vec::new();
            let error = loop {
                match body.frame().await.expect("an error before the end") {
                    Ok(frame) => received.extend_from_slice(&frame.into_data().expect("data")),
                    Err(error) => break error,
                }
            };
            let cause = std::error::Error::source(&error).expect("a cause");
            assert_eq!(cause.to_string(), "reset", "{coding} {before}");
            assert!(decode(coding, &received).is_err(), "{coding} {before}");
            assert!(body.frame().await.is_none(), "{coding} {before}");
        }
    }
}

#[tokio::test]
async fn an_empty_stream_is_an_empty_encoding() {
    for coding in CODINGS {
        let body = encoded(coding, || blocks([Bytes::new(), Bytes::new()])).await;
        let received = body.into_bytes(100).await.expect("the end");
        assert_eq!(decode(coding, &received).expect("whole"), b"", "{coding}");
    }
}

/// Tells when it is dropped.
struct Open(Arc<AtomicBool>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.store(false, Ordering::SeqCst);
    }
}

/// `block`, and then what `rest` says; the flag is set as long as the stream is there.
fn open(
    rest: Option<Result<Bytes, &'static str>>,
) -> (impl Fn() -> Body + Send + Sync, Arc<AtomicBool>) {
    let flag = Arc::new(AtomicBool::new(true));
    let shared = flag.clone();
    let body = move || {
        let open = Open(shared.clone());
        let blocks = stream::iter([Ok(Bytes::from("one"))].into_iter().chain(rest.clone()));
        let forever = stream::pending().take(usize::from(rest.is_none()));
        Body::stream(blocks.chain(forever).map(move |block| {
            let _ = &open;
            block
        }))
    };
    (body, flag)
}

#[tokio::test]
async fn a_dropped_body_closes_the_inner_one() {
    for read in [false, true] {
        let (body, is_open) = open(None);
        let mut body = encoded(Coding::Zstd, body).await;
        if read {
            data(poll(&mut body, &Arc::default()));
        }
        assert!(is_open.load(Ordering::SeqCst));
        drop(body);
        assert!(!is_open.load(Ordering::SeqCst));
    }
}

#[tokio::test]
async fn a_body_that_ended_or_broke_off_is_closed_at_once() {
    for (rest, fails) in [(Ok(Bytes::from("two")), false), (Err("reset"), true)] {
        let (body, is_open) = open(Some(rest));
        let mut body = encoded_without_lint(Coding::Zstd, body).await;
        assert!(is_open.load(Ordering::SeqCst));
        assert_eq!(
            body.frame().await.expect("data or an error").is_err(),
            fails
        );
        assert!(!is_open.load(Ordering::SeqCst));
        assert!(body.frame().await.is_none());
    }
}
