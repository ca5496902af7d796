//! A connection and the requests that run on it: [`Driver`].

use std::{
    future::Future,
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use futures_util::{StreamExt, stream::FuturesUnordered};
use h3::{quic::StreamId, server::Connection};
use tokio::time::{Instant, Sleep, sleep};

use super::{fate::Over, link::Link, request::run, transport::Transport};
use crate::{
    alarm::Alarm,
    breach::Limit,
    budget::Budget,
    tasks::{Phase, Task},
};

/// How long the server stays when a connection is to end, for a client whose next request may be
/// on its way, and for the word of it to arrive.
const LINGER: Duration = Duration::from_millis(250);

/// How long until a client may reset one more stream.
const RESET_EACH: Duration = Duration::from_millis(30);

/// The greatest number of a stream that a client can open.
const LAST_STREAM: u64 = (1 << 62) - 4;

type Running = Pin<Box<dyn Future<Output = Over> + Send>>;

/// A connection of HTTP/3, in one task with its requests. Dropping it drops what runs on it, and
/// h3 closes the connection.
pub(super) struct Driver<'a> {
    requests: FuturesUnordered<Running>,
    h3: Connection<Transport, Bytes>,
    link: Arc<Link>,
    task: &'a mut Task,
    /// What the client has left before it was answered.
    resets: Budget,
    /// Streams that were ended because of what the client did wrong.
    refused: usize,
    /// The first stream that has not been begun.
    next: u64,
    since: Since,
    alarm: Alarm,
    leaving: Option<Leaving>,
    /// The last number that the client was told.
    told: Option<StreamId>,
}

/// When what began.
struct Since {
    /// That there is no request.
    resting: Option<Instant>,
    /// By when the connection is too old.
    old: Option<Instant>,
}

/// A connection that is to end.
struct Leaving {
    pause: Pin<Box<Sleep>>,
    /// Whether it was busy when the pause began.
    busy: bool,
    /// Whether the client knows which of its requests are the last.
    last: bool,
}

impl<'a> Driver<'a> {
    pub(super) fn new(
        h3: Connection<Transport, Bytes>,
        link: Arc<Link>,
        task: &'a mut Task,
    ) -> Driver<'a> {
        let now = Instant::now();
        let site = &link.session.site;
        Driver {
            requests: FuturesUnordered::new(),
            resets: Budget::new(site.limits.http2_resets, RESET_EACH, now),
            refused: 0,
            next: 0,
            since: Since {
                resting: None,
                old: site.old(now),
            },
            alarm: Alarm::default(),
            leaving: None,
            told: None,
            h3,
            link,
            task,
        }
    }

    /// Runs the requests, and begins those that have come. Ends with the connection.
    fn poll_requests(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            while let Poll::Ready(Some(over)) = self.requests.poll_next_unpin(cx) {
                if self.has_too_much(over) {
                    return Poll::Ready(());
                }
            }
            // It has no state of its own, so it can be begun anew each time.
            match pin!(self.h3.accept()).poll(cx) {
                Poll::Ready(Ok(Some(resolver))) => {
                    let Some(begun) = self.link.take_begun() else {
                        return Poll::Ready(());
                    };
                    self.next = self.next.max(begun.id.into_inner() + 4);
                    self.since.resting = None;
                    let run = run(resolver, begun, Arc::clone(&self.link));
                    self.requests.push(Box::pin(run));
                }
                // The client asks for no more, and waits for what it has asked for.
                Poll::Ready(Ok(None)) if !self.requests.is_empty() => return Poll::Pending,
                // It has all, or it is gone.
                Poll::Ready(_) => return Poll::Ready(()),
                Poll::Pending => return Poll::Pending,
            }
        }
    }

    /// Whether a request that ended so is one too many, and the connection is closed.
    fn has_too_much(&mut self, over: Over) -> bool {
        let limits = &self.link.session.site.limits;
        let broken = match over {
            Over::Answered | Over::Lost => return false,
            Over::Cancelled => (!self.resets.spend()).then_some(Limit::Resets),
            Over::Refused => {
                self.refused += 1;
                (self.refused > limits.http2_local_resets).then_some(Limit::Calm)
            }
        };
        broken.inspect(|limit| self.link.breach(*limit)).is_some()
    }

    /// Tells the client which requests will be answered: those below `end`.
    fn go_away(&mut self, cx: &mut Context<'_>, end: u64) {
        if let Ok(end) = StreamId::try_from(end) {
            // A client that leaves no room for it is told by the end of the connection.
            let _ = pin!(self.h3.inner.shutdown(&mut self.told, end)).poll(cx);
        }
    }

    fn leave(&mut self, cx: &mut Context<'_>) {
        if self.leaving.is_none() {
            self.go_away(cx, LAST_STREAM);
            self.leaving = Some(Leaving {
                pause: Box::pin(sleep(LINGER)),
                busy: !self.requests.is_empty(),
                last: false,
            });
        }
    }

    /// Lets what runs end, and what is on its way come: then the client is told the last request,
    /// and then the connection ends.
    fn poll_leaving(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        while let Some(leaving) = &mut self.leaving {
            if leaving.pause.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
            let busy = !self.requests.is_empty();
            let was_busy = std::mem::replace(&mut leaving.busy, busy);
            leaving.pause.as_mut().reset(Instant::now() + LINGER);
            if !std::mem::replace(&mut leaving.last, true) {
                // Also where some run: else who never rests would never be told.
                let end = self.next;
                self.link.end_at(end);
                self.go_away(cx, end);
            } else if !busy && !was_busy {
                return Poll::Ready(());
            }
        }
        Poll::Pending
    }

    /// Whether the connection has come far enough.
    fn shall_leave(&mut self, cx: &mut Context<'_>) -> bool {
        let session = &self.link.session;
        let (site, now) = (&session.site, Instant::now());
        let mut due = self.since.old;
        let mut leaves = session.is_spent();
        if self.requests.is_empty() {
            let since = *self.since.resting.get_or_insert(now);
            let begun = self.link.has_heard();
            let time = match begun {
                true => site.limits.http2_keep_alive,
                false => site.limits.first_byte,
            };
            let rested = since.checked_add(time);
            if rested.is_some_and(|rested| now >= rested) {
                if !begun {
                    session.report(Limit::FirstByte);
                }
                leaves = true;
            }
            due = due.into_iter().chain(rested).min();
            leaves |= site.crowd.shall_leave();
        }
        match due {
            Some(due) if now >= due => leaves = true,
            Some(due) => self.alarm.by(cx, due),
            None => {}
        }
        leaves
    }
}

impl Future for Driver<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        match this.task.phase(cx) {
            Phase::Serving => {}
            Phase::Draining => this.leave(cx),
            Phase::Aborting => return Poll::Ready(()),
        }
        if this.poll_requests(cx).is_ready() {
            return Poll::Ready(());
        }
        if this.leaving.is_none() && this.shall_leave(cx) {
            this.leave(cx);
        }
        this.poll_leaving(cx)
    }
}
