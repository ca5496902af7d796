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
}

impl Source {
    #[inline]
    pub(crate) fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.head.is_empty() {
            return self.read_behind_the_head(cx, buffer);
        }
        Pin::new(&mut self.stream).poll_read(cx, buffer)
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
