//! What the bytes and the messages of an HTTP/1 connection must know of each other: [`Exchange`].

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use hyper::body::Incoming;

/// Whether a request is being answered, and whether all of it has arrived.
///
/// A client that closes its side in the middle of an exchange may have gone, or it may only have
/// said that it will send no more. What to make of it depends on this.
#[derive(Debug, Default)]
pub(crate) struct Exchange(AtomicU8);

const ANSWERING: u8 = 1;
const RECEIVING: u8 = 2;

impl Exchange {
    pub(crate) fn new() -> Arc<Exchange> {
        Arc::default()
    }

    /// Whether the client owes nothing more and is owed an answer.
    pub(crate) fn owes_an_answer(&self) -> bool {
        self.0.load(Ordering::Relaxed) == ANSWERING
    }

    /// A request has come; it is answered when the guard is dropped.
    pub(crate) fn begin(self: &Arc<Exchange>) -> Answering {
        self.0.fetch_or(ANSWERING, Ordering::Relaxed);
        Answering(Arc::clone(self))
    }

    /// The request's body, which tells when all of it is here.
    pub(crate) fn receive(self: &Arc<Exchange>, body: Incoming) -> Receiving {
        self.0.fetch_or(RECEIVING, Ordering::Relaxed);
        Receiving {
            body,
            exchange: Arc::clone(self),
        }
    }

    fn clear(&self, bit: u8) {
        self.0.fetch_and(!bit, Ordering::Relaxed);
    }
}

/// A request is being answered.
#[derive(Debug)]
pub(crate) struct Answering(Arc<Exchange>);

impl Drop for Answering {
    fn drop(&mut self) {
        self.0.clear(ANSWERING);
    }
}

/// A request's body.
#[derive(Debug)]
pub(crate) struct Receiving {
    body: Incoming,
    exchange: Arc<Exchange>,
}

impl HttpBody for Receiving {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        if matches!(polled, Poll::Ready(None)) || self.body.is_end_stream() {
            self.exchange.clear(RECEIVING);
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Receiving {
    fn drop(&mut self) {
        self.exchange.clear(RECEIVING);
    }
}
