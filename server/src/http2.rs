//! An HTTP/2 connection that runs its streams itself: [`Http2`].

use std::{
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
};

use futures_util::{StreamExt, stream::FuturesUnordered};
use hyper::{rt::Executor, server::conn::http2};
use hyper_util::rt::TokioIo;

use crate::{breach::Limit, service::Service, session::Session, wire::Wire};

type Running = Pin<Box<dyn Future<Output = ()> + Send>>;

/// An HTTP/2 connection and the requests that run on it, in one task.
///
/// hyper would spawn a task for each request, and each would wake the connection to have its
/// frames written. Here, all that are ready are polled, and then the connection writes what they
/// made, at once. On tokio's multi-threaded runtime that takes a third off the processor time of
/// short requests, as much as a runtime for each core would. The price: what computes long without
/// awaiting holds up its neighbours on the connection, and belongs on other threads anyway.
///
/// Dropping it drops what runs on it.
pub(crate) struct Http2 {
    connection: http2::Connection<TokioIo<Wire>, Service, Streams>,
    running: FuturesUnordered<Running>,
    begun: Streams,
    session: Arc<Session>,
    /// Whether the client was told that there will be no more streams.
    leaving: bool,
}

/// The requests that were begun since the connection was polled last.
#[derive(Clone, Default)]
struct Streams(Arc<Mutex<Vec<Running>>>);

impl Streams {
    fn lock(&self) -> MutexGuard<'_, Vec<Running>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<F: Future<Output = ()> + Send + 'static> Executor<F> for Streams {
    fn execute(&self, stream: F) {
        self.lock().push(Box::pin(stream));
    }
}

impl Http2 {
    pub(crate) fn new(wire: Wire, service: Service) -> Http2 {
        let begun = Streams::default();
        let mut http2 = http2::Builder::new(begun.clone());
        http2.auto_date_header(service.0.site.date);
        let limits = &service.0.site.limits;
        http2
            .max_concurrent_streams(limits.http2_streams)
            .max_header_list_size(limits.http2_header_list)
            .initial_stream_window_size(limits.http2_stream_window)
            .initial_connection_window_size(limits.http2_connection_window)
            .max_local_error_reset_streams(limits.http2_local_resets)
            .max_pending_accept_reset_streams(limits.http2_pending_resets);
        let session = Arc::clone(&service.0);
        Http2 {
            connection: http2.serve_connection(TokioIo::new(wire), service),
            running: FuturesUnordered::new(),
            begun,
            session,
            leaving: false,
        }
    }

    /// Whether a request is being answered, or some of an answer could not be written yet.
    pub(crate) fn is_busy(&self) -> bool {
        !self.running.is_empty() || self.session.is_busy() || !self.begun.lock().is_empty()
    }

    /// Tells the client to begin nothing more here. Once is as good as often.
    pub(crate) fn graceful_shutdown(&mut self) {
        Pin::new(&mut self.connection).graceful_shutdown();
    }
}

impl Future for Http2 {
    type Output = hyper::Result<()>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<hyper::Result<()>> {
        let this = &mut *self;
        loop {
            while let Poll::Ready(Some(())) = this.running.poll_next_unpin(cx) {}
            if let Poll::Ready(end) = Pin::new(&mut this.connection).poll(cx) {
                if end.as_ref().is_err_and(is_of_calm) {
                    this.session.report(Limit::Calm);
                }
                return Poll::Ready(end);
            }
            if this.session.is_spent() && !std::mem::replace(&mut this.leaving, true) {
                this.graceful_shutdown();
                continue;
            }
            let begun = std::mem::take(&mut *this.begun.lock());
            if begun.is_empty() {
                return Poll::Pending;
            }
            this.running.extend(begun);
        }
    }
}

/// Whether h2 has broken off because the client did too much of something.
fn is_of_calm(error: &hyper::Error) -> bool {
    let cause = std::error::Error::source(error);
    let cause = cause.and_then(|cause| cause.downcast_ref::<h2::Error>());
    cause.is_some_and(|cause| cause.reason() == Some(h2::Reason::ENHANCE_YOUR_CALM))
}

impl Drop for Http2 {
    fn drop(&mut self) {
        // A request holds its executor: without this, one that was never polled held itself.
        self.begun.lock().clear();
    }
}
