//! The check in front of hyper: no request passes that two programs could read differently.
//!
//! [`Reader`] goes along with the bytes of an HTTP/1 connection, message by message, and tells how
//! many of them hyper may have. It does no I/O, and it is never more lenient than hyper: what it
//! lets pass, hyper reads, and with the same ends.
//!
//! Most heads are usual, and pass at little cost ([`usual`]), and nearly none where the client has
//! just said the same ([`known`]). Others are read closely ([`head`]). What is refused, and with
//! what, is told in the crate's documentation.

mod bytes;
mod chunks;
mod fields;
mod head;
mod host;
mod known;
mod lengths;
mod refusal;
mod request_line;
mod trailers;
mod twins;
mod usual;

use chunks::Chunks;
pub(crate) use fields::length;
use head::{Framing, Head};
pub(crate) use host::{is_host, is_same};
use known::Known;
pub(crate) use lengths::Lengths;
pub(crate) use refusal::{
    LONG_FIELD, LONG_HEAD, LONG_LINE, LONG_TARGET, LONG_TRAILERS, MANY_FIELDS, MANY_TRAILERS,
    Refusal, bad,
};
pub(crate) use trailers::are_trailers;

/// Follows the messages of a connection.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    state: State,
    known: Known,
    /// Whether what follows this message may be another protocol.
    may_switch: bool,
    /// Whether a field's name had `_` since it was asked last.
    underscore: bool,
}

#[derive(Debug, Default)]
enum State {
    /// At the start of a head.
    #[default]
    Head,
    Length(u64),
    /// Boxed: most connections never have one.
    Chunked(Box<Chunks>),
    /// Behind a message after which another protocol may be spoken.
    Undecided,
}

/// Why some bytes are not for hyper yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// All were good.
    Nowhere,
    /// A head has not ended.
    Unfinished,
    /// Whose bytes they are is known when the request before them is answered.
    Undecided,
    /// A head is refused: hyper must see nothing of it.
    Head(Refusal),
    /// A body is refused, of which hyper has seen the beginning.
    Body(Refusal),
}

impl Reader {
    /// Reads on in bytes behind those that passed before: how many may pass, and why no more.
    #[inline]
    pub(crate) fn read(&mut self, bytes: &[u8], lengths: &Lengths) -> (usize, Stop) {
        let mut at = 0;
        loop {
            let rest = &bytes[at..];
            match &mut self.state {
                State::Head => {
                    if rest.is_empty() {
                        return (at, Stop::Nowhere);
                    }
                    match Head::read(rest, &mut self.known, lengths) {
                        Ok(Some(head)) => {
                            at += head.length;
                            self.begin(&head);
                        }
                        Ok(None) => return (at, Stop::Unfinished),
                        Err(refusal) => return (at, Stop::Head(refusal)),
                    }
                }
                State::Length(left) => {
                    let count = usize::try_from(*left).unwrap_or(usize::MAX).min(rest.len());
                    *left -= count as u64;
                    at += count;
                    if *left > 0 {
                        return (at, Stop::Nowhere);
                    }
                    self.end();
                }
                State::Chunked(chunks) => {
                    let (count, read) = chunks.read(rest, lengths);
                    at += count;
                    match read {
                        Ok(()) if chunks.has_ended() => self.end(),
                        Ok(()) => return (at, Stop::Nowhere),
                        Err(refusal) => return (at, Stop::Body(refusal)),
                    }
                }
                State::Undecided if rest.is_empty() => return (at, Stop::Nowhere),
                State::Undecided => return (at, Stop::Undecided),
            }
        }
    }

    fn begin(&mut self, head: &Head) {
        self.may_switch = head.may_switch;
        self.underscore |= head.underscore;
        match head.framing {
            Framing::Length(0) => self.end(),
            Framing::Length(length) => self.state = State::Length(length),
            Framing::Chunked => self.state = State::Chunked(Box::default()),
        }
    }

    fn end(&mut self) {
        self.state = match self.may_switch {
            true => State::Undecided,
            false => State::Head,
        };
    }

    /// The request before was answered, and the next one follows.
    pub(crate) fn stay(&mut self) {
        if let State::Undecided = self.state {
            self.state = State::Head;
        }
    }

    pub(crate) const fn is_undecided(&self) -> bool {
        matches!(self.state, State::Undecided)
    }

    /// Whether there is more to come of a message whose head has passed.
    pub(crate) const fn is_in_body(&self) -> bool {
        matches!(self.state, State::Length(_) | State::Chunked(_))
    }

    /// Whether the next byte begins a message.
    pub(crate) const fn is_between_messages(&self) -> bool {
        matches!(self.state, State::Head)
    }

    /// Keeps nothing of the messages that have passed.
    pub(crate) fn forget(&mut self) {
        self.known.forget();
    }

    /// Whether a field's name had `_`; tells it once.
    pub(crate) fn take_underscore(&mut self) -> bool {
        std::mem::take(&mut self.underscore)
    }
}
