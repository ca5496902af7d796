//! The bytes of a connection: [`Wire`].

use std::{
    io::{self, IoSlice},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::Instant,
};

use crate::{
    alarm::Alarm,
    breach::Limit,
    exchange::HURRY,
    farewell::{self, Patience},
    gate::Gate,
    session::Session,
    source::Source,
    stream::Stream,
    waiting::{Overdue, Waiting},
};

mod framing;
mod resting;

use framing::Framing;

/// How long an answer may take to become a refusal.
const CUT_AFTER: Duration = Duration::from_secs(1);

/// A stream whose first bytes were looked at, and which knows what its end means.
///
/// While an answer is owed, nobody reads: hyper would, to see the client leave, and would make a
/// new buffer for it, because the request still holds the old one. Here the few bytes of the head
/// do, wherever hyper has written all that there is to write, or cannot write more.
///
/// A client that closes its side while its request is being answered may be gone or may still
/// read (RFC 9112, section 9.6); TCP does not tell which. So the end is held back while an answer
/// is owed, until nothing could be written for a while; then the client counts as gone.
///
/// Whenever there is nothing to read, or no room to write, it asks by when there must be, and ends
/// the connection if that has passed.
pub(crate) struct Wire {
    source: Source,
    session: Arc<Session>,
    /// What hyper may see of it; `None` with HTTP/2.
    gate: Option<Gate>,
    /// How long the end is held back; `None` where somebody reads all the time (HTTP/2).
    patience: Option<Duration>,
    /// When the client counts as gone: runs from the end of what it sends, or from what was
    /// written to it since.
    gone: Option<Instant>,
    waiting: Waiting,
    /// What is known of the frames of HTTP/2.
    framing: Option<Box<Framing>>,
    /// When the connection is too old.
    old: Option<Instant>,
    /// Whether there is no hyper: see [`Wire::rest`].
    rests: bool,
    alarm: Alarm,
}

impl Wire {
    /// `head` was read from `stream` already. `patience` is how long the end is held back, where
    /// the wire is to look for it.
    pub(crate) fn new(
        source: Source,
        session: Arc<Session>,
        patience: Option<Duration>,
        alarm: Alarm,
        gate: Option<Gate>,
    ) -> Wire {
        Wire {
            gate,
            patience,
            gone: None,
            waiting: Waiting::new(!source.head.is_empty()),
            source,
            framing: session
                .http2
                .then(|| Box::new(Framing::new(&session.site.limits))),
            old: session.site.old(Instant::now()),
            rests: false,
            session,
            alarm,
        }
    }

    /// There is nothing to read.
    fn wait_to_read(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let session = &self.session;
        if session.is_taken_over() {
            return Poll::Pending;
        }
        let now = Instant::now();
        let is_old = self.old.is_some_and(|old| now >= old);
        if is_old {
            session.spend();
        }
        let pace = || session.body_pace();
        let limits = &session.site.limits;
        let waits = self.waiting.reads(now, session.progress(), pace, limits);
        let Some((mut due, overdue)) = waits else {
            return Poll::Pending;
        };
        if overdue == Overdue::Rested {
            due = self.old.map_or(due, |old| due.min(old));
            if session.site.crowd.shall_leave() {
                due = now;
            }
        }
        if now < due {
            due = match overdue {
                Overdue::Rested => self.tire(now, due),
                // There may be less room then.
                Overdue::Broke(Limit::Body) => due.min(now + HURRY),
                Overdue::Broke(_) => due,
            };
            self.alarm.by(cx, due);
            return Poll::Pending;
        }
        match overdue {
            // To hyper, it is the client that has closed.
            Overdue::Rested => Poll::Ready(Ok(())),
            Overdue::Broke(Limit::Body) if session.refuse(Limit::Body) => {
                // The answer becomes a refusal. Where it has begun already, it is cut off.
                self.alarm.by(cx, now + CUT_AFTER);
                Poll::Pending
            }
            Overdue::Broke(limit) => self.break_off(limit),
        }
    }

    /// Ends the connection, with an answer where one can be understood.
    fn break_off<T>(&mut self, limit: Limit) -> Poll<io::Result<T>> {
        match limit {
            Limit::Head => {
                self.session.report(limit);
                let words = farewell::answer(limit.status(), self.session.site.date);
                self.leave(words, Patience::REFUSED);
            }
            // The end was reported with the refusal.
            Limit::Body => {}
            _ => self.session.report(limit),
        }
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }

    /// Hands the stream to somebody who closes it with patience.
    fn leave(&mut self, words: Vec<u8>, patience: Patience) {
        let stream = std::mem::replace(&mut self.source.stream, Stream::Gone);
        farewell::leave(stream, words, patience, self.session.site.tasks.register());
    }

    /// Ends when the client has left while it is owed an answer.
    fn poll_left(&mut self, cx: &mut Context<'_>) -> Poll<io::Error> {
        let Some(patience) = self.patience else {
            return Poll::Pending;
        };
        if !self.session.owes_an_answer() {
            return Poll::Pending;
        }
        if self.gone.is_none() {
            if !self.source.head.is_empty() || self.gate.as_ref().is_some_and(Gate::holds) {
                // It has sent the next request, and its end is behind that.
                return Poll::Pending;
            }
            let mut buffer = ReadBuf::new(self.source.head.refill());
            if let Err(error) = ready!(Pin::new(&mut self.source.stream).poll_read(cx, &mut buffer))
            {
                return Poll::Ready(error);
            }
            let count = buffer.filled().len();
            if count > 0 {
                self.source.head.read(count);
                // Whoever waits for these bytes would not be told of them any more.
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
        }
        ready!(self.poll_out_of_patience(cx, patience));
        Poll::Ready(io::ErrorKind::ConnectionAborted.into())
    }

    fn poll_out_of_patience(&mut self, cx: &mut Context<'_>, patience: Duration) -> Poll<()> {
        let now = Instant::now();
        let gone = *self.gone.get_or_insert(now + patience);
        if now >= gone {
            return Poll::Ready(());
        }
        self.alarm.by(cx, gone);
        Poll::Pending
    }

    /// Whoever takes bytes is there; whoever does not may have left.
    fn wrote(
        &mut self,
        cx: &mut Context<'_>,
        written: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        self.session.wrote(written.is_pending());
        if written.is_pending() {
            return self.wait_to_write(cx);
        }
        if let Poll::Ready(Ok(count @ 1..)) = written {
            self.waiting.went(count);
            if let (Some(gone), Some(patience)) = (&mut self.gone, self.patience) {
                *gone = Instant::now() + patience;
            }
        }
        written
    }

    /// There is no room for what is written.
    fn wait_to_write(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        if let Poll::Ready(left) = self.poll_left(cx) {
            return Poll::Ready(Err(left));
        }
        let (now, limits) = (Instant::now(), &self.session.site.limits);
        match self.waiting.writes(now, limits) {
            _ if self.session.is_taken_over() => Poll::Pending,
            Some(due) if now >= due => {
                // What was written and not read would keep the system trying.
                self.source.stream.reset_on_close();
                self.break_off(Limit::Write)
            }
            Some(due) => {
                self.alarm.by(cx, due);
                Poll::Pending
            }
            None => Poll::Pending,
        }
    }

    /// Writes what the app hints before it answers.
    fn poll_hints(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.session.hints.are_open() {
            let stream = &mut self.source.stream;
            let written = self.session.hints.poll_write(cx, stream);
            if let Poll::Ready(Ok(0)) = written {
                break;
            }
            ready!(self.wrote(cx, written))?;
        }
        Poll::Ready(Ok(()))
    }

    /// Whether the client may still be sending something that nobody will read.
    fn has_unread(&self) -> bool {
        if self.session.is_taken_over() {
            return false;
        }
        if let Some(framing) = &self.framing {
            return framing.has_unread();
        }
        if self.gate.as_ref().is_some_and(Gate::is_amid_a_request) {
            return true;
        }
        let session = &self.session;
        session.has_unread_body() || self.waiting.is_partial(session.progress())
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if let Some(mut framing) = self.framing.take() {
            let read = self.poll_read_frames(&mut framing, cx, buffer);
            self.framing = Some(framing);
            return read;
        }
        let this = &mut *self;
        let read = match &mut this.gate {
            Some(gate) => gate.poll_read(&mut this.source, &this.session, cx, buffer),
            None => this.source.poll_read(cx, buffer),
        };
        // What is held back has come as well.
        let count = this.source.take_count();
        if count > 0 {
            let progress = this.session.progress();
            this.waiting.came(count, progress);
        }
        if read.is_pending() {
            return self.wait_to_read(cx);
        }
        read
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = match self.framing.take() {
            None => Pin::new(&mut self.source.stream).poll_write(cx, bytes),
            Some(mut framing) => {
                let slices = [IoSlice::new(bytes)];
                let written = self.poll_write_frames(&mut framing, cx, &slices);
                self.framing = Some(framing);
                written
            }
        };
        self.wrote(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = match self.framing.take() {
            None => Pin::new(&mut self.source.stream).poll_write_vectored(cx, slices),
            Some(mut framing) => {
                let written = self.poll_write_frames(&mut framing, cx, slices);
                self.framing = Some(framing);
                written
            }
        };
        self.wrote(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.source.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if let Poll::Ready(left) = self.poll_left(cx) {
            return Poll::Ready(Err(left));
        }
        match self.framing.take() {
            // hyper holds nothing back when it asks for this.
            None => ready!(self.poll_hints(cx))?,
            Some(mut framing) => {
                let flushed = self.poll_flush_frames(&mut framing, cx);
                self.framing = Some(framing);
                ready!(flushed)?;
            }
        }
        let flushed = Pin::new(&mut self.source.stream).poll_flush(cx);
        // TLS takes more than there is room for, and has yet to write it.
        self.session.wrote(flushed.is_pending());
        flushed
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.has_unread() {
            let patience = match self.framing {
                None => Patience::ANSWERED,
                Some(_) => Patience::REFUSED,
            };
            self.leave(Vec::new(), patience);
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.source.stream).poll_shutdown(cx)
    }
}
