//! Taking a connection over: [`Upgrade`], [`Duplex`] and [`Io`].

use std::{
    fmt,
    future::Future,
    io,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
};

use http::{HeaderValue, StatusCode, header};

use crate::{IntoResponse, Response};

/// Bytes in both directions: what a host hands over. No runtime's own trait, so any host can.
pub trait Duplex: Send {
    /// Reads into `buffer`; 0 is the end.
    ///
    /// # Errors
    ///
    /// Where the connection is broken.
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>>;

    /// Writes from `buffer`.
    ///
    /// # Errors
    ///
    /// Where the connection is broken.
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &[u8],
    ) -> Poll<io::Result<usize>>;

    /// Sends what was written.
    ///
    /// # Errors
    ///
    /// Where the connection is broken.
    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>>;

    /// Ends this side.
    ///
    /// # Errors
    ///
    /// Where the connection is broken.
    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>>;
}

/// A connection that was taken over.
///
/// With feature `tokio` it is `tokio::io::AsyncRead + AsyncWrite`.
pub struct Io(Pin<Box<dyn Duplex>>);

impl Io {
    /// Erases the type of `duplex`.
    pub fn new(duplex: impl Duplex + 'static) -> Io {
        Io(Box::pin(duplex))
    }
}

impl fmt::Debug for Io {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Io")
    }
}

impl Duplex for Io {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        self.0.as_mut().poll_read(cx, buffer)
    }

    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.0.as_mut().poll_write(cx, buffer)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.as_mut().poll_flush(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.as_mut().poll_close(cx)
    }
}

/// Offered by the host in the environ where the client asked for another protocol.
///
/// ```
/// use enfilade_core::{Error, Request, RequestExt, Result};
///
/// async fn echo(request: Request) -> Result {
///     let upgrade = request.environ().upgrade().ok_or(Error::status(426))?.clone();
///     Ok(upgrade.accept(|_io| async move { /* read and write */ }))
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Upgrade {
    protocol: HeaderValue,
}

impl Upgrade {
    /// For hosts: the client offered `protocol`, the value of its `Upgrade` field.
    #[must_use]
    pub const fn new(protocol: HeaderValue) -> Upgrade {
        Upgrade { protocol }
    }

    /// What the client offered, such as `websocket`.
    #[must_use]
    pub const fn protocol(&self) -> &HeaderValue {
        &self.protocol
    }

    /// The response that switches protocols: 101. The host calls `handler` with the connection
    /// once it is out. Middleware may add fields, as for any response.
    pub fn accept<F, Fut>(self, handler: F) -> Response
    where
        F: FnOnce(Io) -> Fut + Send + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        let mut response = StatusCode::SWITCHING_PROTOCOLS.into_response();
        response
            .headers_mut()
            .insert(header::UPGRADE, self.protocol);
        response
            .headers_mut()
            .insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
        let handler: Handler = Box::new(move |io| Box::pin(handler(io)));
        response
            .extensions_mut()
            .insert(Upgrading(Arc::new(Mutex::new(Some(handler)))));
        response
    }
}

type Handler = Box<dyn FnOnce(Io) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send>;

/// For hosts: in the extensions of a 101, the handler that takes the connection over.
#[derive(Clone)]
pub struct Upgrading(Arc<Mutex<Option<Handler>>>);

impl Upgrading {
    /// Runs the handler with the connection. Nothing happens the second time.
    pub async fn run(&self, io: Io) {
        let handler = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(handler) = handler {
            handler(io).await;
        }
    }
}

impl fmt::Debug for Upgrading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Upgrading")
    }
}

#[cfg(feature = "tokio")]
mod tokio_io;
