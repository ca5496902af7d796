//! A body that can be had back as long as nobody has read of it.

use std::{
    fmt,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};

use crate::{Body, BodyError};

/// Gives a body that reads `body`, and what takes `body` back. No body needs no loan.
pub(super) fn lend(body: Body) -> (Body, Loan) {
    if body.in_memory_len() == Some(0) {
        return (Body::empty(), Loan(None));
    }
    let slot = Arc::new(Mutex::new(Some(body)));
    let lent = Lent {
        slot: Arc::clone(&slot),
        body: None,
    };
    (Body::new(lent), Loan(Some(slot)))
}

type Slot = Arc<Mutex<Option<Body>>>;

pub(super) struct Loan(Option<Slot>);

impl Loan {
    /// The body, if nothing of it was read. Whoever still has the lent one can read it no more.
    pub(super) fn end(self) -> Option<Body> {
        match self.0 {
            Some(slot) => lock(&slot).take(),
            None => Some(Body::empty()),
        }
    }
}

struct Lent {
    slot: Slot,
    /// The body itself, once somebody reads.
    body: Option<Body>,
}

impl HttpBody for Lent {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let this = self.get_mut();
        if this.body.is_none() {
            this.body = lock(&this.slot).take();
        }
        match &mut this.body {
            Some(body) => Pin::new(body).poll_frame(cx),
            None => Poll::Ready(Some(Err(BodyError::new(PassedOn)))),
        }
    }

    fn is_end_stream(&self) -> bool {
        let slot = lock(&self.slot);
        let body = self.body.as_ref().or(slot.as_ref());
        body.is_some_and(HttpBody::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        let slot = lock(&self.slot);
        let body = self.body.as_ref().or(slot.as_ref());
        body.map(HttpBody::size_hint).unwrap_or_default()
    }
}

fn lock(slot: &Mutex<Option<Body>>) -> MutexGuard<'_, Option<Body>> {
    slot.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Why a lent body cannot be read.
#[derive(Debug)]
struct PassedOn;

impl fmt::Display for PassedOn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the body was passed on to another app")
    }
}

impl std::error::Error for PassedOn {}
