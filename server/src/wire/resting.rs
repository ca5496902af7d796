//! A connection of HTTP/1.1 between two requests: it rests without hyper.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::Instant,
};

use super::Wire;
use crate::{gate::Gate, session::Session};

/// How long a connection is idle before it rests.
///
/// To rest and to be woken costs as much as a short request, so it shall not happen often to one
/// connection; those that are busy pay two instructions in a thousand for the possibility.
const TIRED_AFTER: Duration = Duration::from_secs(2);

/// How long the client may take to let the server take leave.
const LEAVE_WITHIN: Duration = Duration::from_secs(1);

impl Wire {
    pub(crate) const fn session(&self) -> &Arc<Session> {
        &self.session
    }

    /// The connection is idle at `now`, and may be until `due`. Gives when to look at it again.
    pub(super) fn tire(&self, now: Instant, due: Instant) -> Instant {
        let gate = self.gate.as_ref();
        let is_between_messages = gate.is_some_and(Gate::is_between_messages);
        if self.rests || !is_between_messages || self.session.is_busy() {
            return due;
        }
        let tired = self.waiting.since().map(|since| since + TIRED_AFTER);
        match tired {
            Some(tired) if now < tired => tired.min(due),
            _ => {
                self.session.tire();
                due
            }
        }
    }

    /// Nobody serves it until something comes: hyper and its buffers are gone, 9 of 11 kB. All
    /// that counts for the next request is here and in the [`Session`].
    pub(crate) fn rest(mut self) -> Box<Wire> {
        self.rests = true;
        if let Some(gate) = &mut self.gate {
            gate.forget();
        }
        Box::new(self)
    }

    /// Waits for the next byte; `false` where it is the end.
    pub(crate) fn poll_awake(&mut self, cx: &mut Context<'_>) -> Poll<bool> {
        let mut buffer = ReadBuf::new(self.source.head.refill());
        let read = Pin::new(&mut self.source.stream).poll_read(cx, &mut buffer);
        let count = buffer.filled().len();
        if read.is_pending() {
            // However the wait ends, there is nobody who would have to be told why.
            return self.wait_to_read(cx).map(|_| false);
        }
        if count > 0 {
            self.source.head.read(count);
            self.rests = false;
        }
        Poll::Ready(count > 0)
    }

    /// Takes leave, or goes without: TLS has a last word, and a client that reads nothing has no
    /// room for it.
    pub(crate) fn poll_leave(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if Pin::new(&mut *self).poll_shutdown(cx).is_ready() {
            return Poll::Ready(());
        }
        self.poll_out_of_patience(cx, LEAVE_WITHIN)
    }
}
