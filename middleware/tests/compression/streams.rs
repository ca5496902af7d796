//! Bodies that are made while they are sent: blocks, flushes, turns.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
};

use bytes::Bytes;
use enfilade_core::{Body, BodyError, Response};
use enfilade_middleware::{Coding, Compression};
use futures_util::{StreamExt, stream};
use http_body::{Body as HttpBody, Frame};
use http_body_util::BodyExt;
use proptest::prelude::*;

use crate::{
    CODINGS, answer, answer_without_lint, blocks, bytes, decode, decode_so_far, field, request,
    response, text,
};

pub(crate) async fn encoded(coding: Coding, body: impl Fn() -> Body + Send + Sync) -> Body {
    let asked = request("GET", &[("accept-encoding", coding.as_str())]);
    let events = || response(body(), &[("content-type", "text/event-stream")]);
    encoded_body(coding, answer(Compression::new(), asked, events).await)
}

/// The same, for who polls it on after its end, as no host may do.
pub(crate) async fn encoded_without_lint(
    coding: Coding,
    body: impl Fn() -> Body + Send + Sync,
) -> Body {
    let asked = request("GET", &[("accept-encoding", coding.as_str())]);
    let events = || response(body(), &[("content-type", "text/event-stream")]);
    encoded_body(
        coding,
        answer_without_lint(Compression::new(), asked, events).await,
    )
}

fn encoded_body(coding: Coding, answered: Response) -> Body {
    assert_eq!(field(&answered, "content-encoding"), Some(coding.as_str()));
    assert_eq!(field(&answered, "content-length"), None);
    answered.into_body()
}

/// Counts how often it is woken.
#[derive(Default)]
pub(crate) struct Woken(AtomicUsize);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

pub(crate) type Polled = Poll<Option<Result<Frame<Bytes>, BodyError>>>;

pub(crate) fn poll(body: &mut Body, woken: &Arc<Woken>) -> Polled {
    let waker = Waker::from(woken.clone());
    Pin::new(body).poll_frame(&mut Context::from_waker(&waker))
}

pub(crate) fn data(polled: Polled) -> Bytes {
    match polled {
        Poll::Ready(Some(Ok(frame))) => {
            let data = frame.into_data().expect("data");
            assert!(!data.is_empty(), "a frame without bytes");
            data
        }
        other => panic!("no frame, but {other:?}"),
    }
}

/// `size` bytes that do not compress.
fn noise(size: usize) -> Bytes {
    let mut state = 1_u32;
    let noise = (0..size).map(|_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    });
    noise.collect()
}

#[tokio::test]
async fn each_event_arrives_whole_before_the_next_is_made() {
    for coding in CODINGS {
        let (sender, receiver) = tokio::sync::mpsc::unbounded_channel::<Result<Bytes, BodyError>>();
        let receiver = std::sync::Mutex::new(Some(receiver));
        let mut body = encoded(coding, || {
            let receiver = receiver.lock().expect("no panic").take().expect("once");
            Body::stream(stream::unfold(receiver, async |mut receiver| {
                Some((receiver.recv().await?, receiver))
            }))
        })
        .await;

        let woken = Arc::new(Woken::default());
        let mut sent = Vec::new();
        let mut received = Vec::new();
        assert!(poll(&mut body, &woken).is_pending(), "{coding}");
        for n in 0..20 {
            let event = format!("data: {{\"n\": {n}}}\n\n");
            sent.extend_from_slice(event.as_bytes());
            sender.send(Ok(event.into())).expect("the body is there");
            received.extend_from_slice(&data(poll(&mut body, &woken)));
            assert_eq!(decode_so_far(coding, &received), sent, "{coding}");
            // Nothing is sent twice, and nothing spins.
            let before = woken.0.load(Ordering::SeqCst);
            assert!(poll(&mut body, &woken).is_pending(), "{coding}");
            assert_eq!(woken.0.load(Ordering::SeqCst), before, "{coding}");
        }
        drop(sender);
        received.extend_from_slice(&body.into_bytes(1000).await.expect("the end"));
        assert_eq!(decode(coding, &received).expect("whole"), sent, "{coding}");
    }
}

#[tokio::test]
async fn a_flush_that_fills_several_blocks_is_whole() {
    let noise = noise(200_000);
    for coding in CODINGS {
        // A flush may also end just where a block does.
        for size in (16_340..16_390).chain([40_000, 120_000]) {
            let block = noise.slice(..size);
            let mut body = encoded(coding, || {
                let block = stream::iter([Ok::<_, BodyError>(block.clone())]);
                Body::stream(block.chain(stream::pending()))
            })
            .await;
            let woken = Arc::new(Woken::default());
            let (mut received, mut turns) = (Vec::new(), 0);
            loop {
                match poll(&mut body, &woken) {
                    Poll::Pending if woken.0.load(Ordering::SeqCst) == turns => break,
                    Poll::Pending => turns += 1,
                    ready => received.extend_from_slice(&data(ready)),
                }
            }
            assert!(decode_so_far(coding, &received) == block, "{coding} {size}");
        }
    }
}

#[tokio::test]
async fn a_large_block_is_encoded_a_slice_a_poll_in_bounded_blocks() {
    for coding in CODINGS {
        let size = 1_000_000;
        let mut body = encoded(coding, || Body::from(text(size))).await;
        let woken = Arc::new(Woken::default());
        let (mut received, mut turns) = (Vec::new(), 0);
        while !body.is_end_stream() {
            match poll(&mut body, &woken) {
                // Whoever pends because of work alone wakes by itself.
                Poll::Pending => turns += 1,
                ready => {
                    let block = data(ready);
                    assert!(
                        (1..=32 * 1024).contains(&block.len()),
                        "{coding} {}",
                        block.len()
                    );
                    received.extend_from_slice(&block);
                }
            }
            assert_eq!(woken.0.load(Ordering::SeqCst), turns, "{coding}");
        }
        assert!(
            (size / 40_000..=size / 30_000).contains(&turns),
            "{coding} {turns}"
        );
        assert_eq!(
            decode(coding, &received).expect("whole"),
            text(size).into_bytes(),
            "{coding}"
        );
    }
}

#[tokio::test]
async fn frames_without_end_and_without_bytes_let_others_have_their_turn() {
    let mut body = encoded(Coding::Gzip, || {
        Body::stream(stream::repeat_with(|| Ok::<_, BodyError>(Bytes::new())))
    })
    .await;
    let woken = Arc::new(Woken::default());
    assert!(poll(&mut body, &woken).is_pending());
    assert_eq!(woken.0.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn an_encoder_that_served_before_knows_nothing_of_it() {
    for coding in CODINGS {
        let mut answers = Vec::new();
        for round in 0..3 {
            // Some are given up half way: a client that leaves, and noise that does not shrink.
            let mut left = encoded(coding, || blocks([text(50_000), text(90_000)])).await;
            for _ in 0..round {
                drop(left.frame().await);
            }
            drop(left);
            let asked = request("GET", &[("accept-encoding", coding.as_str())]);
            let answered = answer(Compression::new(), asked, || response(text(20_000), &[])).await;
            answers.push(bytes(answered).await);
        }
        assert_eq!(
            decode(coding, &answers[0]).expect("whole"),
            text(20_000).into_bytes()
        );
        assert!(
            answers.iter().all(|answer| *answer == answers[0]),
            "{coding}"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_chunking_decodes_to_the_same_bytes(
        sizes in prop::collection::vec((0_usize..50_000, any::<bool>()), 0..12),
        is_noise in any::<bool>(),
        coding in prop::sample::select(&CODINGS[..]),
        level in 1..=9_i32,
    ) {
        let total = sizes.iter().map(|(size, _)| size).sum();
        let source = if is_noise { noise(total) } else { Bytes::from(text(total)) };
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        let received = runtime.block_on(async {
            let asked = request("GET", &[("accept-encoding", coding.as_str())]);
            let compression = Compression::new().with_level(coding, level);
            let answered = answer(compression, asked, || {
                let mut rest = source.clone();
                let sizes = sizes.clone();
                let blocks = sizes.into_iter().map(move |(size, pends)| (rest.split_to(size), pends));
                response(Body::stream(stream::iter(blocks).then(async |(block, pends)| {
                    if pends {
                        tokio::task::yield_now().await;
                    }
                    Ok::<_, BodyError>(block)
                })), &[])
            }).await;
            bytes(answered).await
        });
        prop_assert_eq!(decode(coding, &received).expect("whole"), source);
    }
}
