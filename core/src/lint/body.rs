//! Bodies on their way past a lint: [`WatchedBody`].

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};

use super::{
    ledger::{Ledger, Polled, Promise},
    record::Stand,
};
use crate::{Body, BodyEnd, BodyError, BodyWatch, Ending};

/// What looks at a body, beside its ledger.
pub(super) trait Watch: Send + Sync + Unpin + 'static {
    /// It was polled.
    fn polled(&mut self, _: &Stand, _: &Polled) {}

    /// It is gone. Called exactly once.
    fn closed(&mut self, stand: &Stand, ledger: &Ledger);
}

/// `body`, watched. What is in memory or in a file stays there; `cut` breaks it off after so many
/// frames.
pub(super) fn watched(
    mut body: Body,
    mut ledger: Ledger,
    stand: Stand,
    mut watch: impl Watch,
    cut: Option<usize>,
) -> Body {
    if body.in_memory_len() == Some(0) {
        // It may know more than that it is empty, so it stays as it is.
        close(&mut ledger, true, &stand, &mut watch);
        return body;
    }
    if cut.is_some() || body.is_stream() {
        return Body::new(WatchedBody {
            body: Some(body),
            ledger,
            stand,
            cut,
            watch,
        });
    }
    if let Some(bytes) = body.peek() {
        ledger.tally.add(bytes);
    }
    body = body.watch(InPlace {
        ledger,
        stand,
        watch,
    });
    body
}

fn close(ledger: &mut Ledger, at_end: bool, stand: &Stand, watch: &mut impl Watch) {
    for (check, party, what) in ledger.dropped(at_end) {
        stand.find(check, party, what);
    }
    watch.closed(stand, ledger);
}

/// Bytes in memory, or a file.
struct InPlace<W> {
    ledger: Ledger,
    stand: Stand,
    watch: W,
}

impl<W: Watch> BodyWatch for InPlace<W> {
    fn end(&mut self, end: BodyEnd) {
        self.ledger.ended = true;
        self.ledger.complete =
            end.ending == Ending::Complete && self.ledger.tally.bytes == end.bytes;
        self.watch.closed(&self.stand, &self.ledger);
    }
}

/// A stream.
struct WatchedBody<W: Watch> {
    body: Option<Body>,
    ledger: Ledger,
    stand: Stand,
    cut: Option<usize>,
    watch: W,
}

impl<W: Watch> WatchedBody<W> {
    /// Drops the body, then looks at what that has done.
    fn close(&mut self) {
        if let Some(body) = self.body.take() {
            let at_end = body.is_end_stream() || body.size_hint().exact() == Some(0);
            drop(body);
            close(&mut self.ledger, at_end, &self.stand, &mut self.watch);
        }
    }
}

impl<W: Watch> HttpBody for WatchedBody<W> {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Polled {
        let this = &mut *self;
        if this.cut == Some(0) && !this.ledger.ended {
            this.ledger.ended = true;
            this.close();
            return Poll::Ready(Some(Err(BodyError::new("the lint has cut it short"))));
        }
        let Some(body) = &mut this.body else {
            return Poll::Ready(None);
        };
        let promise = Promise::of(body);
        let polled = Pin::new(body).poll_frame(cx);
        for (check, party, what) in this.ledger.polled(&promise, &polled) {
            this.stand.find(check, party, what);
        }
        this.watch.polled(&this.stand, &polled);
        if let (Poll::Ready(Some(_)), Some(frames)) = (&polled, &mut this.cut) {
            *frames = frames.saturating_sub(1);
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(HttpBody::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body
            .as_ref()
            .map_or_else(SizeHint::default, HttpBody::size_hint)
    }
}

impl<W: Watch> Drop for WatchedBody<W> {
    fn drop(&mut self) {
        self.close();
    }
}

/// Of a stream's frames, whether one is data that is not empty.
pub(super) fn has_bytes(frame: &Frame<Bytes>) -> bool {
    frame.data_ref().is_some_and(|data| !data.is_empty())
}
