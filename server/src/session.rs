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

use crate::{admission::Admission, leftover, site::Site, strict::Refusal};

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
    pub(crate) admission: Admission,
}

impl Session {
    pub(crate) fn new(site: Arc<Site>, facts: Connection) -> Arc<Session> {
        Arc::new(Session {
            site,
            facts: Arc::new(facts),
            answering: AtomicBool::new(false),
            receiving: AtomicBool::new(false),
            admission: Admission::default(),
        })
    }

    /// Whether the client owes nothing more and is owed an answer.
    pub(crate) fn owes_an_answer(&self) -> bool {
        self.answering.load(Relaxed) && !self.receiving.load(Relaxed)
    }

    /// Tells of a request that is refused.
    pub(crate) fn report(&self, refusal: Refusal) {
        self.site.refusals.report(refusal, &self.facts);
    }

    /// A request has come; it is answered when the guard is dropped.
    pub(crate) fn answer(self: &Arc<Session>) -> Answering {
        self.answering.store(true, Relaxed);
        Answering(Arc::clone(self))
    }

    /// The request's body, which tells when all of it is here.
    pub(crate) fn receive(self: &Arc<Session>, body: Incoming, finish: bool) -> Body {
        if body.is_end_stream() {
            return Body::empty();
        }
        self.receiving.store(true, Relaxed);
        Body::new(Receiving {
            body: Some(body),
            finish,
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

    pub(crate) fn admission(&self) -> &Admission {
        &self.0.admission
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
    /// Nothing when it has ended.
    body: Option<Incoming>,
    /// Whether the connection waits for its end.
    finish: bool,
    session: Arc<Session>,
}

impl HttpBody for Receiving {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let Some(body) = &mut self.body else {
            return Poll::Ready(None);
        };
        let polled = Pin::new(&mut *body).poll_frame(cx);
        if body.is_end_stream() || matches!(polled, Poll::Ready(None | Some(Err(_)))) {
            self.session.receiving.store(false, Relaxed);
            self.body = None;
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(Incoming::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        let none = SizeHint::with_exact(0);
        self.body.as_ref().map_or(none, Incoming::size_hint)
    }
}

impl Drop for Receiving {
    fn drop(&mut self) {
        self.session.receiving.store(false, Relaxed);
        if let (Some(body), true) = (self.body.take(), self.finish) {
            leftover::finish(body);
        }
    }
}
