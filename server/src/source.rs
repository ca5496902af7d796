//! What a connection's bytes are read from: [`Source`].

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};

use tokio::io::{AsyncRead, ReadBuf};

use crate::{sniff::Head, stream::Stream};

/// A stream, and its first bytes, which were read already.
pub(crate) struct Source {
    pub(crate) stream: Stream,
    pub(crate) head: Head,
    /// Bytes that came since it was asked last.
    came: usize,
}

impl Source {
    pub(crate) const fn new(stream: Stream, head: Head) -> Source {
        Source {
            stream,
            head,
            came: 0,
        }
    }

    #[inline]
    pub(crate) fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = if self.head.is_empty() {
            Pin::new(&mut self.stream).poll_read(cx, buffer)
        } else {
            self.read_behind_the_head(cx, buffer)
        };
        self.came += buffer.filled().len() - before;
        read
    }

    /// How many bytes have come since it was asked last.
    pub(crate) const fn take_count(&mut self) -> usize {
        std::mem::replace(&mut self.came, 0)
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
}
