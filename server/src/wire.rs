//! The bytes of a connection: [`Wire`].

use std::{
    io::{self, IoSlice},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep},
};

use crate::{session::Session, sniff::Head, stream::Stream};

/// A stream whose first bytes were looked at, and which knows what its end means.
///
/// A client that closes its side while its request is being answered may be gone or may still
/// read (RFC 9112, section 9.6); TCP does not tell which. So the end is held back while an answer
/// is owed, until nothing could be written for a while; then the client counts as gone.
pub(crate) struct Wire {
    stream: Stream,
    head: Head,
    session: Arc<Session>,
    patience: Duration,
    /// Runs from the end of what the client sends, or from what was written to it since.
    closing: Option<Pin<Box<Sleep>>>,
    /// Whether there was no room for the last write: then some of an answer has yet to go out.
    blocked: bool,
}

impl Wire {
    /// `head` was read from `stream` already. `patience` is how long the end is held back.
    pub(crate) const fn new(
        stream: Stream,
        head: Head,
        session: Arc<Session>,
        patience: Duration,
    ) -> Wire {
        Wire {
            stream,
            head,
            patience,
            session,
            closing: None,
            blocked: false,
        }
    }

    /// Gives the head back, and what is there behind it: hyper would make room for twice as much
    /// if it were handed the few bytes of the head alone.
    fn read_behind_the_head(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        buffer.put_slice(self.head.take(buffer.remaining()));
        // What goes wrong, and the end, come again when they are asked for.
        let _ = Pin::new(&mut self.stream).poll_read(cx, buffer);
        Poll::Ready(Ok(()))
    }

    /// Whether the client can be told that it has left, or after how long.
    fn poll_closed(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let owes = self.blocked || self.session.owes_an_answer();
        if self.patience.is_zero() || !owes {
            return Poll::Ready(Ok(()));
        }
        let patience = self.patience;
        self.closing
            .get_or_insert_with(|| Box::pin(tokio::time::sleep(patience)))
            .as_mut()
            .poll(cx)
            .map(Ok)
    }

    /// Whoever takes bytes is there.
    fn wrote(&mut self, cx: &Context<'_>, written: &Poll<io::Result<usize>>) {
        self.blocked = written.is_pending();
        if let (Some(closing), Poll::Ready(Ok(1..))) = (&mut self.closing, written) {
            closing.as_mut().reset(Instant::now() + self.patience);
            // It may have been the last of it, and then the end need not be held back any longer.
            cx.waker().wake_by_ref();
        }
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.head.is_empty() {
            return self.read_behind_the_head(cx, buffer);
        }
        if self.closing.is_some() {
            return self.poll_closed(cx);
        }
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buffer);
        if matches!(read, Poll::Ready(Ok(()))) && buffer.filled().len() == before {
            return self.poll_closed(cx);
        }
        read
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.wrote(cx, &written);
        written
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.wrote(cx, &written);
        written
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
