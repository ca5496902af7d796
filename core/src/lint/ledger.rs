//! What a body has given so far, and which rules that breaks: [`Ledger`].

use std::task::Poll;

use bytes::Bytes;
use http_body::{Body as _, Frame, SizeHint};

use super::{
    check::{self, Check},
    record::Party,
};
use crate::{Body, BodyError, host::is_barred_from_trailers};

/// What polling a body gives.
pub(super) type Polled = Poll<Option<Result<Frame<Bytes>, BodyError>>>;

/// Which rules a body holds; those of requests and of responses have other numbers.
pub(super) struct Duties {
    maker: Party,
    reader: Party,
    /// More bytes than the head says.
    long: Check,
    /// A clean end before them.
    short: Check,
    hints: Check,
    /// A frame behind the end.
    behind: Check,
    /// It is asked for one.
    again: Check,
}

/// The host, or whatever plays it, makes it.
pub(super) const OF_A_REQUEST: Duties = Duties {
    maker: Party::Caller,
    reader: Party::Callee,
    long: check::LENGTH_OF_A_REQUEST,
    short: check::SHORT_REQUEST,
    hints: check::HINTS_OF_A_REQUEST,
    behind: check::BYTES_BEHIND_THE_END,
    again: check::READ_BEHIND_THE_END,
};

/// The app, or whatever plays it, makes it.
pub(super) const OF_A_RESPONSE: Duties = Duties {
    maker: Party::Callee,
    reader: Party::Caller,
    long: check::LENGTH_OF_A_RESPONSE,
    short: check::LENGTH_OF_A_RESPONSE,
    hints: check::HINTS_OF_A_RESPONSE,
    behind: check::HINTS_OF_A_RESPONSE,
    again: check::POLLED_AFTER_THE_END,
};

/// How many bytes there were, and which.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) bytes: u64,
    hash: u64,
}

impl Tally {
    pub(super) const fn new() -> Tally {
        Tally {
            bytes: 0,
            hash: 0xcbf2_9ce4_8422_2325,
        }
    }

    /// FNV-1a, which does not care where one block ends and the next begins.
    pub(super) fn add(&mut self, data: &[u8]) {
        self.bytes += data.len() as u64;
        self.hash = data.iter().fold(self.hash, |hash, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
        });
    }
}

/// A breach that a body has led to: of what, by whom.
pub(super) type Breach = (Check, Party, String);

/// What a body has given so far.
pub(super) struct Ledger {
    duties: &'static Duties,
    claimed: Option<u64>,
    pub(super) tally: Tally,
    /// Nothing more may be asked for.
    pub(super) ended: bool,
    /// All of it was given.
    pub(super) complete: bool,
    has_trailers: bool,
}

/// What a body says of itself before it is polled.
pub(super) struct Promise {
    hint: SizeHint,
    at_end: bool,
}

impl Promise {
    pub(super) fn of(body: &Body) -> Promise {
        Promise {
            hint: body.size_hint(),
            at_end: body.is_end_stream(),
        }
    }
}

impl Ledger {
    /// A body of which its head says that it has `claimed` bytes.
    pub(super) const fn new(duties: &'static Duties, claimed: Option<u64>) -> Ledger {
        Ledger {
            duties,
            claimed,
            tally: Tally::new(),
            ended: false,
            complete: false,
            has_trailers: false,
        }
    }

    /// The body was polled, and has said `promise` before.
    pub(super) fn polled(&mut self, promise: &Promise, polled: &Polled) -> Vec<Breach> {
        let mut found = Vec::new();
        if self.ended {
            let what = "a body was polled after its end".to_owned();
            found.push((self.duties.again, self.duties.reader, what));
        }
        let Poll::Ready(frame) = polled else {
            return found;
        };
        let mut blame = |check, what: String| found.push((check, self.duties.maker, what));
        if self.ended && frame.is_some() {
            blame(
                self.duties.behind,
                "a body gave more after its end".to_owned(),
            );
        }
        match frame {
            Some(Ok(frame)) => {
                if promise.at_end {
                    blame(
                        self.duties.hints,
                        "a frame came where the end was told".to_owned(),
                    );
                }
                if self.has_trailers {
                    blame(
                        check::TRAILERS,
                        "a frame came behind the trailers".to_owned(),
                    );
                }
                if let Some(data) = frame.data_ref() {
                    self.data(promise, data, &mut blame);
                } else if let Some(trailers) = frame.trailers_ref() {
                    self.has_trailers = true;
                    if let Some(name) = trailers
                        .keys()
                        .find(|n| is_barred_from_trailers(n.as_str()))
                    {
                        blame(check::TRAILERS, format!("`{name}` is sent as a trailer"));
                    }
                }
            }
            Some(Err(_)) => self.ended = true,
            None if self.ended => {}
            None => {
                if promise.hint.lower() > 0 {
                    let lower = promise.hint.lower();
                    let what = format!("a body ended where its hint promised {lower} bytes more");
                    blame(self.duties.hints, what);
                }
                self.end(&mut blame);
            }
        }
        found
    }

    fn data(&mut self, promise: &Promise, data: &Bytes, blame: &mut impl FnMut(Check, String)) {
        let bytes = data.len() as u64;
        if let Some(upper) = promise.hint.upper().filter(|upper| bytes > *upper) {
            let what = format!("{bytes} bytes came where the hint promised {upper} at most");
            blame(self.duties.hints, what);
        }
        self.tally.add(data);
        let bytes = self.tally.bytes;
        if let Some(claimed) = self.claimed.filter(|claimed| bytes > *claimed) {
            let what = format!("`Content-Length` says {claimed}, and {bytes} bytes came");
            blame(self.duties.long, what);
        }
    }

    fn end(&mut self, blame: &mut impl FnMut(Check, String)) {
        self.ended = true;
        self.complete = true;
        let bytes = self.tally.bytes;
        if let Some(claimed) = self.claimed.filter(|claimed| bytes < *claimed) {
            let what = format!("`Content-Length` says {claimed}, and {bytes} bytes came");
            blame(self.duties.short, what);
        }
    }

    /// The body is dropped. `at_end` tells whether it says that nothing is left of it: who knows
    /// that does not poll for the end.
    pub(super) fn dropped(&mut self, at_end: bool) -> Vec<Breach> {
        let mut found = Vec::new();
        if at_end && !self.ended {
            self.end(&mut |check, what| found.push((check, self.duties.maker, what)));
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tally_does_not_care_how_bytes_are_cut() {
        let tally = |blocks: &[&str]| {
            let mut tally = Tally::new();
            blocks.iter().for_each(|block| tally.add(block.as_bytes()));
            tally
        };
        assert_eq!(tally(&["abc", "", "d"]), tally(&["a", "bcd"]));
        assert_ne!(tally(&["abc"]), tally(&["abd"]));
    }
}
