//! Which bytes of a client hyper may read: [`Gate`].

use std::{
    io,
    task::{Context, Poll, ready},
};

use tokio::io::ReadBuf;

use crate::{
    session::Session,
    source::Source,
    strict::{Reader, Refusal, Stop},
};

/// What hyper reads in place of a head that is refused: a request that no client can make, since
/// the target `*` is for OPTIONS alone. So the answer goes out when it is its turn, behind those of
/// the requests before, and the connection closes behind it.
const REFUSED: &[u8] = b"GET * HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";

/// How many bytes of a head come before it is looked at again, where no line ends in them.
const LOOK_EVERY: usize = 1024;

/// The bytes of an HTTP/1 connection, as they are let through.
///
/// Nearly always a read brings whole heads, and they pass where they lie. What hyper may not have
/// yet is held back: a head until its end is here, and what follows an offer to speak another
/// protocol until it is taken up or not.
#[derive(Debug, Default)]
pub(crate) struct Gate {
    reader: Reader,
    held: Vec<u8>,
    /// How many of the held bytes may pass.
    ready: usize,
    /// How many of them were there when they were looked at last.
    looked_at: usize,
    way: Way,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Way {
    /// What comes is read before it passes.
    #[default]
    Checked,
    /// It is another protocol's.
    Open,
    /// A head was refused, and hyper was told: nothing more comes.
    Shut,
    /// A body was refused.
    Broken(Refusal),
}

impl Gate {
    /// Gives what `source` has, and may pass.
    pub(crate) fn poll_read(
        &mut self,
        source: &mut Source,
        session: &Session,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let from = buffer.filled().len();
        loop {
            if self.pour(buffer) {
                return Poll::Ready(Ok(()));
            }
            match self.way {
                Way::Checked => {}
                Way::Open => return source.poll_read(cx, buffer),
                Way::Shut => return Poll::Ready(Ok(())),
                Way::Broken(refusal) => {
                    let error = io::Error::new(io::ErrorKind::InvalidData, refusal);
                    return Poll::Ready(Err(error));
                }
            }
            let refused = if self.reader.is_undecided() {
                // hyper asks for more when the request before was answered.
                if session.admission.has_switched() {
                    self.open();
                    continue;
                }
                self.stay(session)
            } else if self.held.is_empty() {
                ready!(source.poll_read(cx, buffer))?;
                if buffer.filled().len() == from {
                    return Poll::Ready(Ok(()));
                }
                self.check(session, buffer, from)
            } else {
                let mut room = ReadBuf::new(self.room());
                let read = source.poll_read(cx, &mut room);
                let count = room.filled().len();
                let refused = self.came(session, count);
                ready!(read)?;
                if count == 0 {
                    return Poll::Ready(Ok(()));
                }
                refused
            };
            self.tell(session, refused);
            if buffer.filled().len() > from {
                return Poll::Ready(Ok(()));
            }
        }
    }

    /// Tells those who answer what was found out.
    #[inline]
    fn tell(&mut self, session: &Session, refused: Option<Refusal>) {
        if self.reader.take_underscore() {
            session.admission.see_underscore();
        }
        let Some(refusal) = refused else {
            return;
        };
        session.report_refusal(refusal);
        match self.way {
            Way::Broken(_) => session.admission.refuse_body(refusal),
            _ => session.admission.refuse_head(refusal),
        }
    }

    /// Whether bytes have come that hyper has not seen.
    pub(crate) const fn holds(&self) -> bool {
        !self.held.is_empty()
    }

    /// Whether all that has come was whole messages, and has passed.
    pub(crate) const fn is_between_messages(&self) -> bool {
        self.reader.is_between_messages()
            && self.held.is_empty()
            && matches!(self.way, Way::Checked)
    }

    /// Keeps nothing of the messages that have passed.
    pub(crate) fn forget(&mut self) {
        self.reader.forget();
    }

    /// Whether the client may go on sending what nobody will read.
    pub(crate) const fn is_amid_a_request(&self) -> bool {
        self.reader.is_in_body() || !self.held.is_empty() || !matches!(self.way, Way::Checked)
    }

    /// Reads what was put into `buffer` behind the first `from` bytes, and leaves there what may
    /// pass. Gives what is refused.
    #[inline]
    fn check(
        &mut self,
        session: &Session,
        buffer: &mut ReadBuf<'_>,
        from: usize,
    ) -> Option<Refusal> {
        let fresh = &buffer.filled()[from..];
        let (good, stop) = self.reader.read(fresh, &session.site.lengths);
        if stop == Stop::Nowhere {
            return None;
        }
        self.held.extend_from_slice(&fresh[good..]);
        buffer.set_filled(from + good);
        self.stop(0, stop)
    }

    /// Room for more of a head that has not ended. What was read is given to
    /// [`came`](Gate::came).
    fn room(&mut self) -> &mut [u8] {
        let length = self.held.len();
        self.held.resize(length + LOOK_EVERY, 0);
        &mut self.held[length..]
    }

    /// Takes `count` bytes that were put into the room. Gives what is refused.
    fn came(&mut self, session: &Session, count: usize) -> Option<Refusal> {
        let before = self.held.len() - LOOK_EVERY;
        self.held.truncate(before + count);
        let fresh = &self.held[before..];
        // A head of many lines that come one by one is not looked at again for each.
        let is_due = self.held.len() >= self.looked_at + LOOK_EVERY.max(self.looked_at / 4);
        let line_ends = before <= LOOK_EVERY && fresh.contains(&b'\n');
        if is_due || line_ends || self.ends_a_head(before) {
            return self.look(session);
        }
        None
    }

    /// Whether there is an empty line in what is held, behind the first `before` bytes or across
    /// them.
    fn ends_a_head(&self, before: usize) -> bool {
        let near = &self.held[before.saturating_sub(2)..];
        near.windows(3).any(|bytes| bytes == b"\n\r\n")
            || near.windows(2).any(|bytes| bytes == b"\n\n")
    }

    /// The request before was answered: what follows is another one.
    fn stay(&mut self, session: &Session) -> Option<Refusal> {
        self.reader.stay();
        self.look(session)
    }

    /// What follows is another protocol's.
    fn open(&mut self) {
        self.way = Way::Open;
        self.ready = self.held.len();
    }

    fn look(&mut self, session: &Session) -> Option<Refusal> {
        let (good, stop) = self.reader.read(&self.held, &session.site.lengths);
        self.stop(good, stop)
    }

    /// Stops behind the first `good` of the held bytes.
    fn stop(&mut self, good: usize, stop: Stop) -> Option<Refusal> {
        self.ready = good;
        self.looked_at = self.held.len() - good;
        match stop {
            Stop::Nowhere | Stop::Unfinished | Stop::Undecided => None,
            Stop::Head(refusal) => {
                self.held.truncate(good);
                self.held.extend_from_slice(REFUSED);
                self.ready = self.held.len();
                self.way = Way::Shut;
                Some(refusal)
            }
            Stop::Body(refusal) => {
                self.held.truncate(good);
                self.way = Way::Broken(refusal);
                Some(refusal)
            }
        }
    }

    /// Gives held bytes that may pass; whether there were any.
    fn pour(&mut self, buffer: &mut ReadBuf<'_>) -> bool {
        if self.ready == 0 {
            return false;
        }
        let count = self.ready.min(buffer.remaining());
        buffer.put_slice(&self.held[..count]);
        self.ready -= count;
        if count == self.held.len() {
            // A connection that waits keeps no room for it.
            self.held = Vec::new();
        } else {
            self.held.drain(..count);
        }
        true
    }
}
