//! The two halves of a connection, whatever its kind: [`Reader`] and [`Writer`].

use std::{
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use socket2::SockRef;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{tcp, unix},
};

/// What comes from the web server.
#[derive(Debug)]
pub enum Reader {
    /// Over TCP.
    Tcp(tcp::OwnedReadHalf),
    /// Over a Unix socket.
    Unix(unix::OwnedReadHalf),
}

/// What goes to the web server.
#[derive(Debug)]
pub enum Writer {
    /// Over TCP.
    Tcp(tcp::OwnedWriteHalf),
    /// Over a Unix socket.
    Unix(unix::OwnedWriteHalf),
}

/// The same call, whatever the kind.
macro_rules! either {
    ($half:expr, $kind:ident, $inner:ident => $call:expr) => {
        match $half {
            $kind::Tcp($inner) => $call,
            $kind::Unix($inner) => $call,
        }
    };
}

impl Writer {
    /// Writes what the system takes at once.
    #[cfg(feature = "fastcgi")]
    pub(crate) fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        either!(self, Writer, half => half.try_write(bytes))
    }

    /// Ends the connection with a reset, when its other half is gone, too: so that what was written
    /// is not taken for all there was. Unix sockets have none: they end as ever.
    pub(crate) fn reset(self) {
        self.set_reset(true);
        if let Writer::Tcp(half) = self {
            // Dropped, it would say that this was all.
            half.forget();
        }
    }

    /// Whether the system resets the connection where it is closed, also for a process that died.
    pub(crate) fn set_reset(&self, reset: bool) {
        if let Writer::Tcp(half) = self {
            let linger = reset.then_some(Duration::ZERO);
            // Without it the connection ends as a Unix socket's does.
            let _ = SockRef::from(half.as_ref()).set_linger(linger);
        }
    }
}

impl AsyncRead for Reader {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        either!(&mut *self, Reader, half => Pin::new(half).poll_read(cx, buffer))
    }
}

impl AsyncWrite for Writer {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        either!(&mut *self, Writer, half => Pin::new(half).poll_write(cx, bytes))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        either!(&mut *self, Writer, half => Pin::new(half).poll_write_vectored(cx, slices))
    }

    fn is_write_vectored(&self) -> bool {
        either!(self, Writer, half => half.is_write_vectored())
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        either!(&mut *self, Writer, half => Pin::new(half).poll_flush(cx))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        either!(&mut *self, Writer, half => Pin::new(half).poll_shutdown(cx))
    }
}
