//! What the bytes and the requests of a connection share: [`Session`].

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    task::{Context, Poll},
};

use bytes::Bytes;
use enfilade_core::{Body, Connection};
use http_body::{Body as HttpBody, Frame, SizeHint};
use hyper::body::Incoming;

use crate::site::Site;

/// One connection: the site that it reaches, its facts, and, with HTTP/1.1, whether a request is
/// being answered and whether all of it has arrived.
///
/// A client that closes its side in the middle of an exchange may have gone, or it may only have
/// said that it will send no more. What to make of it depends on these two.
pub(crate) struct Session {
    pub(crate) site: Arc<Site>,
    pub(crate) facts: Arc<Connection>,
    answering: AtomicBool,
    receiving: AtomicBool,
}

impl Session {
    pub(crate) fn new(site: Arc<Site>, facts: Connection) -> Arc<Session> {
        Arc::new(Session {
            site,
            facts: Arc::new(facts),
            answering: AtomicBool::new(false),
            receiving: AtomicBool::new(false),
        })
    }

    /// Whether the client owes nothing more and is owed an answer.
    pub(crate) fn owes_an_answer(&self) -> bool {
        self.answering.load(Relaxed) && !self.receiving.load(Relaxed)
    }

    /// A request has come; it is answered when the guard is dropped.
    pub(crate) fn answer(self: &Arc<Session>) -> Answering {
        self.answering.store(true, Relaxed);
        Answering(Arc::clone(self))
    }

    /// The request's body, which tells when all of it is here.
    pub(crate) fn receive(self: &Arc<Session>, body: Incoming) -> Body {
        if body.is_end_stream() {
            return Body::empty();
        }
        self.receiving.store(true, Relaxed);
        Body::new(Receiving {
            body,
            session: Arc::clone(self),
        })
    }
}

/// A request that is being answered.
pub(crate) struct Answering(Arc<Session>);

impl Answering {
    pub(crate) fn site(&self) -> &Site {
        &self.0.site
    }

    pub(crate) fn facts(&self) -> &Arc<Connection> {
        &self.0.facts
    }

    /// Reports what went wrong to the host's error stream.
    pub(crate) fn report(&self, line: &str) {
        self.0.facts.errors.report(line);
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        self.0.answering.store(false, Relaxed);
    }
}

/// A request's body.
pub(crate) struct Receiving {
    body: Incoming,
    session: Arc<Session>,
}

impl HttpBody for Receiving {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        if self.body.is_end_stream() || matches!(polled, Poll::Ready(None)) {
            self.session.receiving.store(false, Relaxed);
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Receiving {
    fn drop(&mut self) {
        self.session.receiving.store(false, Relaxed);
    }
}
