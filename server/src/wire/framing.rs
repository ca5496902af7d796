//! The wire of HTTP/2: frames are watched, and some are added.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll, ready},
};

use tokio::{
    io::{AsyncWrite, ReadBuf},
    time::Instant,
};

use super::Wire;
use crate::{
    Limits,
    breach::Limit,
    farewell::Patience,
    frames::{Frame, kind},
    traffic::{Act, Traffic},
};

/// Reasons (RFC 9113, section 7).
const NO_ERROR: u32 = 0;
const CANCEL: u32 = 8;
const ENHANCE_YOUR_CALM: u32 = 11;

/// What the server's own PING carries; h2 has others, and lets this one's answer pass.
const PING: &[u8; 8] = b"enfilade";

/// What is known of the frames of a connection, and those that are added between them.
pub(super) struct Framing {
    traffic: Traffic,
    /// For the client, between two frames of h2's.
    out: Vec<u8>,
    /// Whether some of that has gone out.
    out_begun: bool,
    /// For h2, between two frames of the client's.
    into: Vec<u8>,
    /// Whether something has gone out since it was asked what to wait for.
    wrote: bool,
    /// Whether the client has closed its side.
    ended: bool,
}

impl Framing {
    pub(super) fn new(limits: &Limits) -> Framing {
        Framing {
            traffic: Traffic::new(limits, Instant::now()),
            out: Vec::new(),
            out_begun: false,
            into: Vec::new(),
            wrote: false,
            ended: false,
        }
    }

    /// Whether the answer to what to wait for is the same as before, unless it is time.
    const fn is_settled(&self) -> bool {
        let has_added = !self.out.is_empty() || !self.into.is_empty();
        self.traffic.is_settled() && !self.wrote && !has_added
    }

    /// Whether the client may still be sending.
    pub(super) const fn has_unread(&self) -> bool {
        !self.ended
    }

    /// The last frame, where one can be understood.
    pub(super) fn last_words(&self, limit: Option<Limit>) -> Vec<u8> {
        if self.out_begun || !self.traffic.is_between_sent() {
            return Vec::new();
        }
        let reason = match limit {
            Some(Limit::IdleFrames | Limit::Resets) => ENHANCE_YOUR_CALM,
            _ => NO_ERROR,
        };
        let payload = [self.traffic.last_stream(), reason].map(u32::to_be_bytes);
        Frame::write(kind::GOAWAY, 0, payload.as_flattened())
    }

    /// Ends a stream for both: the client is told, and h2 is told that the client did it, for it
    /// has no other way to be told.
    fn reset(&mut self, stream: u32) {
        self.traffic.reset(stream);
        let frame = Frame::write(kind::RST_STREAM, stream, &CANCEL.to_be_bytes());
        self.out.extend_from_slice(&frame);
        self.into.extend_from_slice(&frame);
    }

    /// Gives h2 what was added for it.
    fn give(&mut self, buffer: &mut ReadBuf<'_>) -> bool {
        if self.into.is_empty() || !self.traffic.is_between_received() {
            return false;
        }
        let count = self.into.len().min(buffer.remaining());
        buffer.put_slice(&self.into[..count]);
        self.into.drain(..count);
        count > 0
    }
}

impl Wire {
    /// Reads, and looks at what came before h2 does.
    pub(super) fn poll_read_frames(
        &mut self,
        framing: &mut Framing,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if framing.give(buffer) {
            return Poll::Ready(Ok(()));
        }
        let before = buffer.filled().len();
        if self.source.poll_read(cx, buffer)?.is_pending() {
            // h2 looks for more behind each request that it hands over.
            if framing.is_settled() && self.alarm.is_set() {
                return Poll::Pending;
            }
            ready!(self.ask(framing, cx))?;
            framing.give(buffer);
            return Poll::Ready(Ok(()));
        }
        let bytes = &buffer.filled()[before..];
        framing.ended = bytes.is_empty();
        let broke = framing.traffic.received(bytes);
        self.session.stream(framing.traffic.has_streams());
        if let Some(limit) = broke {
            buffer.set_filled(before);
            self.session.report(limit);
            self.leave(framing.last_words(Some(limit)), Patience::REFUSED);
            return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
        }
        Poll::Ready(Ok(()))
    }

    /// There is nothing to read. Ends with the connection, or when there is something for h2.
    fn ask(&mut self, framing: &mut Framing, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        framing.wrote = false;
        let now = Instant::now();
        let session = self.session.clone();
        if self.old.is_some_and(|old| now >= old) {
            session.spend();
        }
        loop {
            let mut act = framing.traffic.ask(now, &session.site.limits);
            let rests = framing.traffic.rests();
            if rests && (session.is_spent() || session.site.crowd.shall_leave()) {
                act = Act::Rest;
            }
            match act {
                Act::Ping => {
                    let ping = Frame::write(kind::PING, 0, PING);
                    framing.out.extend_from_slice(&ping);
                }
                Act::Reset(stream) => {
                    session.report(Limit::Stream);
                    framing.reset(stream);
                }
                Act::Rest => {
                    self.leave(framing.last_words(None), Patience::REFUSED);
                    return Poll::Ready(Ok(()));
                }
                Act::Break(limit) => {
                    session.report(limit);
                    self.leave(framing.last_words(Some(limit)), Patience::REFUSED);
                    return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
                }
                Act::Wait(due) => {
                    let old = self.old.filter(|_| !session.is_spent());
                    for due in due.into_iter().chain(old) {
                        self.alarm.by(cx, due);
                    }
                    break;
                }
            }
        }
        // What goes wrong comes again when something is written.
        let _ = self.poll_out(framing, cx);
        if framing.into.is_empty() || !framing.traffic.is_between_received() {
            return Poll::Pending;
        }
        Poll::Ready(Ok(()))
    }

    /// Writes what was added for the client, where it is time for it.
    fn poll_out(&mut self, framing: &mut Framing, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !framing.out_begun && !framing.traffic.is_between_sent() {
            return Poll::Ready(Ok(()));
        }
        while !framing.out.is_empty() {
            let count = ready!(Pin::new(&mut self.source.stream).poll_write(cx, &framing.out))?;
            framing.out.drain(..count);
            framing.out_begun = !framing.out.is_empty();
        }
        Poll::Ready(Ok(()))
    }

    /// Sees that what was added goes out, and that somebody is waited for whom what went out left
    /// with something to do.
    pub(super) fn poll_flush_frames(
        &mut self,
        framing: &mut Framing,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        if framing.wrote && framing.traffic.has_news() && self.ask(framing, cx)?.is_ready() {
            // There is something to read now.
            cx.waker().wake_by_ref();
        }
        self.poll_out(framing, cx)
    }

    /// Writes, and looks at what went out.
    pub(super) fn poll_write_frames(
        &mut self,
        framing: &mut Framing,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_out(framing, cx))?;
        let written = Pin::new(&mut self.source.stream).poll_write_vectored(cx, slices);
        if let Poll::Ready(Ok(mut count)) = written {
            framing.wrote = true;
            for slice in slices {
                let part = count.min(slice.len());
                let informs = |stream| self.session.interims.is_informational(stream);
                framing.traffic.sent(&slice[..part], informs);
                count -= part;
            }
            self.session.stream(framing.traffic.has_streams());
        }
        written
    }
}
