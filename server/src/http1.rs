//! An HTTP/1.1 connection: [`Http1`].

use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use hyper::server::conn::http1::UpgradeableConnection;
use hyper_util::rt::TokioIo;

use crate::{service::Service, session::Session, wire::Wire};

/// An HTTP/1.1 connection. It can be taken over.
///
/// When the server stops, hyper is not told: it would close a connection on which nothing is owed
/// at once, though a request may be on its way. Each answer says by itself that it is the last one:
/// see [`Finish`](crate::finish::Finish).
pub(crate) struct Http1 {
    connection: UpgradeableConnection<TokioIo<Wire>, Service>,
    session: Arc<Session>,
}

impl Http1 {
    pub(crate) const fn new(
        connection: UpgradeableConnection<TokioIo<Wire>, Service>,
        session: Arc<Session>,
    ) -> Http1 {
        Http1 {
            connection,
            session,
        }
    }

    /// Whether a request is being received or answered. Half a head is none.
    pub(crate) fn is_busy(&self) -> bool {
        self.session.is_busy()
    }
}

impl Future for Http1 {
    type Output = hyper::Result<()>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<hyper::Result<()>> {
        Pin::new(&mut self.connection).poll(cx)
    }
}
