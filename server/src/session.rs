//! What the bytes and the requests of a connection share: [`Session`].

use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError, Weak,
    atomic::{AtomicBool, AtomicU32, Ordering::Relaxed},
};

use enfilade_core::{Body, BodyPace, Connection, Hinted, Informational};
use http::HeaderMap;

use crate::{
    admission::Admission,
    breach::Limit,
    exchange::Exchange,
    hints::Hints,
    http2::Interims,
    receiving::{Receiving, Upload},
    site::Site,
    strict::Refusal,
    tasks::Phase,
    waiting::Progress,
};

/// One connection: the site that it reaches, its facts, and how far its requests are.
///
/// With HTTP/1.1 there is one at a time: what its client owes, and is owed, says what it means when
/// nothing comes, or when the client closes its side.
pub(crate) struct Session {
    pub(crate) site: Arc<Site>,
    pub(crate) facts: Arc<Connection>,
    /// Whether many requests run at once: HTTP/2, and HTTP/3.
    pub(crate) http2: bool,
    /// Requests that have begun. The connection alone counts them, so a store does.
    begun: AtomicU32,
    answering: AtomicBool,
    receiving: AtomicBool,
    /// Whether the client was still sending a body that nobody reads any more.
    unread: AtomicBool,
    /// Whether the next answer shall be the last one.
    spent: AtomicBool,
    /// Whether something else than HTTP is spoken now.
    taken_over: AtomicBool,
    /// Whether there was no room for the last write: then some of an answer has yet to go out.
    blocked: AtomicBool,
    /// Whether streams of HTTP/2 are open, some of whose answers may wait for their windows.
    streaming: AtomicBool,
    /// Whether it has been idle for long enough to rest.
    tired: AtomicBool,
    exchange: Mutex<Option<Arc<Exchange>>>,
    pub(crate) admission: Admission,
    /// With HTTP/1.1.
    pub(crate) hints: Hints,
    /// With HTTP/2.
    pub(crate) interims: Interims,
}

impl Session {
    pub(crate) fn new(site: Arc<Site>, mut facts: Connection, http2: bool) -> Arc<Session> {
        Arc::new_cyclic(|session: &Weak<Session>| {
            // With HTTP/3, somebody else takes them.
            if facts.capabilities.informational && facts.informational.is_none() {
                facts.informational = Some(session.clone());
            }
            Session {
                site,
                facts: Arc::new(facts),
                http2,
                begun: AtomicU32::new(0),
                answering: AtomicBool::new(false),
                receiving: AtomicBool::new(false),
                unread: AtomicBool::new(false),
                spent: AtomicBool::new(false),
                taken_over: AtomicBool::new(false),
                blocked: AtomicBool::new(false),
                streaming: AtomicBool::new(false),
                tired: AtomicBool::new(false),
                exchange: Mutex::new(None),
                admission: Admission::default(),
                hints: Hints::default(),
                interims: Interims::default(),
            }
        })
    }

    pub(crate) fn progress(&self) -> Progress {
        Progress {
            begun: self.begun.load(Relaxed),
            answering: self.answering.load(Relaxed),
            receiving: self.receiving.load(Relaxed),
        }
    }

    /// Whether the client owes nothing more and is owed an answer, or some of one. What is spoken
    /// after a switch of protocols owes nothing that is known here.
    pub(crate) fn owes_an_answer(&self) -> bool {
        let owes = self.answering.load(Relaxed) && !self.receiving.load(Relaxed);
        (owes || self.blocked.load(Relaxed)) && !self.is_taken_over()
    }

    /// Whether a request is being received or answered.
    pub(crate) fn is_busy(&self) -> bool {
        self.blocked.load(Relaxed)
            || self.answering.load(Relaxed)
            || self.receiving.load(Relaxed)
            || self.streaming.load(Relaxed)
    }

    /// Tells whether some of an answer could not be written yet.
    pub(crate) fn wrote(&self, blocked: bool) {
        self.blocked.store(blocked, Relaxed);
    }

    /// Tells whether streams of HTTP/2 are open.
    pub(crate) fn stream(&self, open: bool) {
        self.streaming.store(open, Relaxed);
    }

    /// It has been idle for long enough to rest: see [`Wire::rest`](crate::wire::Wire::rest).
    pub(crate) fn tire(&self) {
        self.tired.store(true, Relaxed);
    }

    /// Whether it shall rest now; tells it once.
    pub(crate) fn take_tired(&self) -> bool {
        let tired = self.tired.load(Relaxed);
        if tired {
            self.tired.store(false, Relaxed);
        }
        tired
    }

    /// Whether the client may be sending what nobody reads.
    pub(crate) fn has_unread_body(&self) -> bool {
        self.unread.load(Relaxed)
    }

    /// The pace of the body that is being received.
    pub(crate) fn body_pace(&self) -> Option<BodyPace> {
        let exchange = self.exchange();
        exchange
            .as_ref()
            .map(|exchange| exchange.pace_at(&self.site))
    }

    /// The body that is being received broke a limit. Gives whether its answer can still tell.
    pub(crate) fn refuse(&self, limit: Limit) -> bool {
        let exchange = self.exchange();
        let first = exchange.as_ref().is_some_and(|e| e.refuse(limit));
        if first {
            self.report(limit);
        }
        first
    }

    /// The connection has come far enough: it is closed after the next answer.
    pub(crate) fn spend(&self) {
        self.spent.store(true, Relaxed);
    }

    pub(crate) fn is_spent(&self) -> bool {
        self.spent.load(Relaxed)
    }

    /// Whether the answer that goes out shall be the last of a connection of HTTP/1.1: it has come
    /// far enough, others wait for its place, or the server stops.
    pub(crate) fn is_last(&self) -> bool {
        let site = &self.site;
        let leaves = || site.crowd.shall_leave() || site.tasks.phase() > Phase::Serving;
        !self.http2 && (self.is_spent() || leaves())
    }

    /// Another protocol is spoken from now on, which has its own patience.
    pub(crate) fn take_over(&self) {
        self.taken_over.store(true, Relaxed);
    }

    pub(crate) fn is_taken_over(&self) -> bool {
        self.taken_over.load(Relaxed)
    }

    /// Tells of a request that is refused.
    pub(crate) fn report_refusal(&self, refusal: Refusal) {
        match Limit::broken_by(refusal) {
            Some(limit) => self.report(limit),
            None => self.site.refusals.report(refusal, &self.facts),
        }
    }

    /// The client broke a limit.
    pub(crate) fn report(&self, limit: Limit) {
        let site = &self.site;
        site.breaches.report(limit, &site.limits, &self.facts.peer);
    }

    /// A request has come; it is answered when the guard is dropped. Gives whether there is a place
    /// for it, too.
    pub(crate) fn answer(self: &Arc<Session>) -> (Answering, bool) {
        let begun = self.begun.load(Relaxed).saturating_add(1);
        self.begun.store(begun, Relaxed);
        self.hints.open(begun);
        self.answering.store(true, Relaxed);
        self.unread.store(false, Relaxed);
        if begun >= self.site.limits.requests {
            self.spend();
        }
        let in_flight = self.site.in_flight.fetch_add(1, Relaxed);
        let answering = Answering {
            session: Arc::clone(self),
            exchange: None,
        };
        (answering, in_flight < self.site.limits.requests_in_flight)
    }

    /// The number of the request that has come last.
    pub(crate) fn number(&self) -> u64 {
        u64::from(self.begun.load(Relaxed))
    }

    /// A request's body, which tells when all of it is here, and is held to its limits.
    pub(crate) fn receive(
        self: &Arc<Session>,
        body: impl Upload,
        finish: bool,
    ) -> (Body, Option<Arc<Exchange>>) {
        if body.is_end_stream() {
            return (Body::empty(), None);
        }
        let exchange = Exchange::new(self.site.limits.body_pace());
        if !self.http2 {
            self.receiving.store(true, Relaxed);
            *self.exchange() = Some(Arc::clone(&exchange));
        }
        let receiving = Receiving::new(body, finish, Arc::clone(self), Arc::clone(&exchange));
        (Body::new(receiving), Some(exchange))
    }

    /// All of a body is here, or nobody reads it any more.
    pub(crate) fn received(&self, all: bool) {
        if !self.http2 {
            self.receiving.store(false, Relaxed);
            self.unread.store(!all, Relaxed);
        }
    }

    fn exchange(&self) -> MutexGuard<'_, Option<Arc<Exchange>>> {
        self.exchange.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Informational for Session {
    fn early_hints(&self, number: u64, fields: HeaderMap) -> Hinted {
        match self.http2 {
            true => self.interims.hint(number, fields),
            false => self.hints.push(number, &fields),
        }
    }
}

/// A request that is being answered.
pub(crate) struct Answering {
    session: Arc<Session>,
    pub(crate) exchange: Option<Arc<Exchange>>,
}

impl Answering {
    pub(crate) fn session(&self) -> &Session {
        &self.session
    }

    pub(crate) fn site(&self) -> &Site {
        &self.session.site
    }

    pub(crate) fn facts(&self) -> &Arc<Connection> {
        &self.session.facts
    }

    /// The limit that the request's body broke.
    pub(crate) fn refused(&self) -> Option<Limit> {
        self.exchange.as_ref()?.refused()
    }

    pub(crate) fn admission(&self) -> &Admission {
        &self.session.admission
    }

    /// Reports what went wrong to the host's error stream.
    pub(crate) fn report(&self, line: &str) {
        self.session.facts.errors.report(line);
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        self.session.answering.store(false, Relaxed);
        self.session.site.in_flight.fetch_sub(1, Relaxed);
    }
}
