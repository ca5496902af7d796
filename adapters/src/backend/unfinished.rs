//! An answer that is being written: [`Unfinished`].

use std::{
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll},
};

use tokio::io::AsyncWrite;

use super::Writer;

/// A connection whose end is a reset, until it is shut down.
///
/// In protocols in which an answer without a length ends with its connection, nothing else tells
/// one that broke off from one that was whole: whether the app failed, the host was told to stop,
/// or its process was killed. Over a Unix socket nothing tells.
#[derive(Debug)]
pub(crate) struct Unfinished {
    /// Nothing, when it was dropped.
    writer: Option<Writer>,
    finished: bool,
}

impl Unfinished {
    pub(crate) fn new(writer: Writer) -> Unfinished {
        writer.set_reset(true);
        Unfinished {
            writer: Some(writer),
            finished: false,
        }
    }

    fn poll<T>(
        &mut self,
        poll: impl FnOnce(Pin<&mut Writer>) -> Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        match &mut self.writer {
            Some(writer) => poll(Pin::new(writer)),
            None => Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
        }
    }
}

impl AsyncWrite for Unfinished {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll(|writer| writer.poll_write(cx, bytes))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.poll(|writer| writer.poll_write_vectored(cx, slices))
    }

    fn is_write_vectored(&self) -> bool {
        self.writer.as_ref().is_some_and(Writer::is_write_vectored)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll(|writer| writer.poll_flush(cx))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !std::mem::replace(&mut self.finished, true)
            && let Some(writer) = &self.writer
        {
            writer.set_reset(false);
        }
        self.poll(|writer| writer.poll_shutdown(cx))
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if let (false, Some(writer)) = (self.finished, self.writer.take()) {
            writer.reset();
        }
    }
}
