//! The bytes of a connection: [`Wire`].

use std::{
    io::{self, IoSlice},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep},
};

use crate::{
    gate::Gate, linger::Linger, session::Session, sniff::Head, source::Source, stream::Stream,
};

/// A stream whose first bytes were looked at, and which knows what its end means.
///
/// While an answer is owed, nobody reads: hyper would, to see the client leave, and would make a
/// new buffer for it, because the request still holds the old one. Here the few bytes of the head
/// do, wherever hyper has written all that there is to write, or cannot write more.
///
/// A client that closes its side while its request is being answered may be gone or may still
/// read (RFC 9112, section 9.6); TCP does not tell which. So the end is held back while an answer
/// is owed, until nothing could be written for a while; then the client counts as gone.
pub(crate) struct Wire {
    source: Source,
    session: Arc<Session>,
    /// What hyper may see of it; `None` with HTTP/2.
    gate: Option<Gate>,
    /// Runs when the last answer is out, where the client may still be sending.
    linger: Option<Linger>,
    /// How long the end is held back; `None` where somebody reads all the time (HTTP/2).
    patience: Option<Duration>,
    /// Runs from the end of what the client sends, or from what was written to it since.
    closing: Option<Pin<Box<Sleep>>>,
    /// Whether there was no room for the last write: then some of an answer has yet to go out.
    blocked: bool,
}

impl Wire {
    /// `head` was read from `stream` already. `patience` is how long the end is held back, where
    /// the wire is to look for it.
    pub(crate) const fn new(
        stream: Stream,
        head: Head,
        session: Arc<Session>,
        patience: Option<Duration>,
        gate: Option<Gate>,
    ) -> Wire {
        Wire {
            source: Source { stream, head },
            gate,
            linger: None,
            patience,
            session,
            closing: None,
            blocked: false,
        }
    }

    /// Ends when the client has left while it is owed an answer.
    fn poll_left(&mut self, cx: &mut Context<'_>) -> Poll<io::Error> {
        let Some(patience) = self.patience else {
            return Poll::Pending;
        };
        if !self.blocked && !self.session.owes_an_answer() {
            return Poll::Pending;
        }
        if self.closing.is_none() {
            if !self.source.head.is_empty() || self.gate.as_ref().is_some_and(Gate::holds) {
                // It has sent the next request, and its end is behind that.
                return Poll::Pending;
            }
            let mut buffer = ReadBuf::new(self.source.head.refill());
            if let Err(error) = ready!(Pin::new(&mut self.source.stream).poll_read(cx, &mut buffer))
            {
                return Poll::Ready(error);
            }
            let count = buffer.filled().len();
            if count > 0 {
                self.source.head.read(count);
                // Whoever waits for these bytes would not be told of them any more.
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
        }
        ready!(self.poll_out_of_patience(cx, patience));
        Poll::Ready(io::ErrorKind::ConnectionAborted.into())
    }

    fn poll_out_of_patience(&mut self, cx: &mut Context<'_>, patience: Duration) -> Poll<()> {
        if patience.is_zero() {
            return Poll::Ready(());
        }
        self.closing
            .get_or_insert_with(|| Box::pin(tokio::time::sleep(patience)))
            .as_mut()
            .poll(cx)
    }

    /// Whoever takes bytes is there; whoever does not may have left.
    fn wrote(
        &mut self,
        cx: &mut Context<'_>,
        written: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        self.blocked = written.is_pending();
        if self.blocked {
            return self.poll_left(cx).map(Err);
        }
        if let (Some(closing), Some(patience), Poll::Ready(Ok(1..))) =
            (&mut self.closing, self.patience, &written)
        {
            closing.as_mut().reset(Instant::now() + patience);
        }
        written
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        match &mut this.gate {
            Some(gate) => gate.poll_read(&mut this.source, &this.session, cx, buffer),
            None => this.source.poll_read(cx, buffer),
        }
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.source.stream).poll_write(cx, bytes);
        self.wrote(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.source.stream).poll_write_vectored(cx, slices);
        self.wrote(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.source.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if let Poll::Ready(left) = self.poll_left(cx) {
            return Poll::Ready(Err(left));
        }
        Pin::new(&mut self.source.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.linger.is_none() {
            ready!(Pin::new(&mut self.source.stream).poll_shutdown(cx))?;
            if !self.gate.as_ref().is_some_and(Gate::is_amid_a_request) {
                return Poll::Ready(Ok(()));
            }
        }
        let this = &mut *self;
        let linger = this.linger.get_or_insert_with(Linger::new);
        linger.poll(&mut this.source.stream, cx).map(Ok)
    }
}
