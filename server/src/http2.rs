//! An HTTP/2 connection that runs its streams itself: [`Http2`].

use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use futures_util::{StreamExt, stream::FuturesUnordered};
use h2::{
    Reason, RecvStream,
    server::{Builder, Connection, Handshake, SendResponse},
};

use crate::{breach::Limit, http2::running::Running, session::Session, wire::Wire};

mod head;
mod interims;
mod running;
mod sending;
mod upload;

pub(crate) use interims::Interims;

/// An HTTP/2 connection and the requests that run on it, in one task.
///
/// All that are ready are polled, and then the connection writes what they made, at once. A task
/// for each request would have to wake the connection to have its frames written: on tokio's
/// multi-threaded runtime that costs a third of the processor time of short requests. The price:
/// what computes long without awaiting holds up its neighbours on the connection, and belongs on
/// other threads anyway.
///
/// Dropping it drops what runs on it.
pub(crate) struct Http2 {
    connection: Stage,
    /// Requests that have come, and were not polled yet.
    begun: Vec<Running>,
    /// Those that could not be answered at once.
    running: FuturesUnordered<Running>,
    session: Arc<Session>,
    /// Whether the client was told that there will be no more streams.
    leaving: bool,
}

enum Stage {
    Opening(Handshake<Wire, Bytes>),
    Open(Connection<Wire, Bytes>),
}

impl Http2 {
    pub(crate) fn new(wire: Wire, session: Arc<Session>) -> Http2 {
        let limits = &session.site.limits;
        let mut http2 = Builder::new();
        http2
            .max_concurrent_streams(limits.http2_streams)
            .max_header_list_size(limits.http2_header_list)
            .initial_window_size(limits.http2_stream_window)
            .initial_connection_window_size(limits.http2_connection_window)
            .max_local_error_reset_streams(Some(limits.http2_local_resets))
            .max_pending_accept_reset_streams(limits.http2_pending_resets);
        Http2 {
            connection: Stage::Opening(http2.handshake(wire)),
            begun: Vec::new(),
            running: FuturesUnordered::new(),
            session,
            leaving: false,
        }
    }

    /// Whether a request is being answered, or some of an answer could not be written yet.
    pub(crate) fn is_busy(&self) -> bool {
        !self.running.is_empty() || !self.begun.is_empty() || self.session.is_busy()
    }

    /// Tells the client to begin nothing more here. Once is as good as often.
    pub(crate) fn graceful_shutdown(&mut self) {
        self.leaving = true;
        if let Stage::Open(connection) = &mut self.connection {
            connection.graceful_shutdown();
        }
    }

    /// Has the requests go on that can.
    fn run(&mut self, cx: &mut Context<'_>) {
        for mut request in self.begun.drain(..) {
            // Nearly all are answered here, and need no place among those that wait.
            if Pin::new(&mut request).poll(cx).is_pending() {
                self.running.push(request);
            }
        }
        while let Poll::Ready(Some(())) = self.running.poll_next_unpin(cx) {}
        if self.session.interims.wait() {
            // Of requests that were not polled: somebody else has asked for them.
            self.running.iter_mut().for_each(Running::inform);
        }
    }

    /// Writes what was made, and reads what has come. Ends with the connection.
    fn poll_connection(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), h2::Error>> {
        loop {
            match &mut self.connection {
                Stage::Opening(handshake) => {
                    let mut connection = ready!(Pin::new(handshake).poll(cx))?;
                    if self.leaving {
                        connection.graceful_shutdown();
                    }
                    self.connection = Stage::Open(connection);
                }
                Stage::Open(connection) => match ready!(connection.poll_accept(cx)) {
                    Some(request) => self.begin(request?),
                    None => return Poll::Ready(Ok(())),
                },
            }
        }
    }

    fn begin(&mut self, (request, respond): (http::Request<RecvStream>, SendResponse<Bytes>)) {
        let request = Running::begin(request, respond, &self.session);
        self.begun.push(request);
    }
}

impl Future for Http2 {
    type Output = Result<(), h2::Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), h2::Error>> {
        let this = &mut *self;
        this.session.interims.listen(cx);
        loop {
            this.run(cx);
            if let Poll::Ready(end) = this.poll_connection(cx) {
                // h2 has broken off because the client did too much of something.
                let reason = end.as_ref().err().and_then(h2::Error::reason);
                if reason == Some(Reason::ENHANCE_YOUR_CALM) {
                    this.session.report(Limit::Calm);
                }
                return Poll::Ready(end);
            }
            if this.session.is_spent() && !this.leaving {
                this.graceful_shutdown();
            } else if this.begun.is_empty() {
                return Poll::Pending;
            }
        }
    }
}
