//! A body as the parser of multipart forms may take it.

use std::{
    fmt,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
};

use bytes::{Bytes, BytesMut};
use futures_core::Stream;
use http_body::Body as _;

use crate::{BoxError, body::Body};

/// The most that the parser may take before it finds anything, in bytes: what a part's head, or
/// the text in front of the first part, can be. It looks through all of it again with every block,
/// so that without a limit a long head in small blocks would take it a day.
const MOST_AT_ONCE: usize = 16 * 1024;

/// Small blocks are put together up to this size, so that many of them are looked at once.
const BLOCK: usize = 8 * 1024;

/// How much the parser has taken since it was last asked for something.
#[derive(Clone, Default)]
pub(super) struct Pulled(Arc<AtomicUsize>);

impl Pulled {
    pub(super) fn reset(&self) {
        self.0.store(0, Ordering::Relaxed);
    }
}

/// Gives one block and then lets the parser look at it.
///
/// The parser takes all that a stream has ready before it looks at any of it. A fast client, or a
/// body that is in memory, would end up in its buffer whole.
pub(super) struct Blocks {
    body: Body,
    pulled: Pulled,
    given: bool,
    over: bool,
}

impl Blocks {
    pub(super) const fn new(body: Body, pulled: Pulled) -> Blocks {
        Blocks {
            body,
            pulled,
            given: false,
            over: false,
        }
    }

    /// What is there, up to a block of some size; `None` at the end.
    fn poll_block(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, BoxError>>> {
        let mut small = BytesMut::new();
        while !self.over && small.len() < BLOCK {
            match Pin::new(&mut self.body).poll_frame(cx) {
                Poll::Ready(Some(Ok(frame))) => match frame.into_data() {
                    Ok(data) if small.is_empty() && data.len() >= BLOCK => {
                        return Poll::Ready(Some(Ok(data)));
                    }
                    Ok(data) => small.extend_from_slice(&data),
                    Err(_trailers) => {}
                },
                Poll::Ready(Some(Err(error))) => {
                    self.over = true;
                    return Poll::Ready(Some(Err(error.into())));
                }
                Poll::Ready(None) => self.over = true,
                Poll::Pending if small.is_empty() => return Poll::Pending,
                Poll::Pending => break,
            }
        }
        Poll::Ready((!small.is_empty()).then(|| Ok(small.freeze())))
    }
}

impl Stream for Blocks {
    type Item = Result<Bytes, BoxError>;

    fn poll_next(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, BoxError>>> {
        if std::mem::take(&mut self.given) {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        if self.pulled.0.load(Ordering::Relaxed) > MOST_AT_ONCE {
            self.over = true;
            return Poll::Ready(Some(Err(Box::new(HeadTooLarge))));
        }
        let polled = self.poll_block(cx);
        if let Poll::Ready(Some(Ok(block))) = &polled {
            self.pulled.0.fetch_add(block.len(), Ordering::Relaxed);
            self.given = true;
        }
        polled
    }
}

#[derive(Debug)]
struct HeadTooLarge;

impl fmt::Display for HeadTooLarge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the head of a part is larger than {MOST_AT_ONCE} bytes")
    }
}

impl std::error::Error for HeadTooLarge {}
