//! What a connection of HTTP/1.1 waits for: [`Waiting`].

use enfilade_core::BodyPace;
use tokio::time::Instant;

use crate::{Limits, breach::Limit, waits::Waits};

/// What a connection of HTTP/1.1 waits for, and by when it must come.
///
/// It is told of bytes, and asked only when there are none: so a request that comes at once costs
/// one look at the clock. There is no I/O here.
#[derive(Debug, Default)]
pub(crate) struct Waiting {
    /// The requests that had begun when it was asked last, and whether some of the next had come.
    asked: (u32, bool),
    /// Since when that has been so.
    since: Option<Instant>,
    /// The number of the last request some of whose head has come.
    partial: u32,
    /// Boxed, for connections that rest; kept from one body to the next.
    body: Option<Box<Waits>>,
    /// Rare: most answers fit into the socket's buffer.
    write: Option<Box<Waits>>,
}

/// What becomes of a connection when nothing comes in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Overdue {
    /// It has rested long enough.
    Rested,
    Broke(Limit),
}

/// What the requests of a connection tell of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Progress {
    /// How many requests have begun.
    pub(crate) begun: u32,
    /// Whether one is being answered.
    pub(crate) answering: bool,
    /// Whether its body is still to come.
    pub(crate) receiving: bool,
}

impl Waiting {
    /// For a connection some of whose first head has come already, or not.
    pub(crate) fn new(partial: bool) -> Waiting {
        Waiting {
            partial: u32::from(partial),
            ..Waiting::default()
        }
    }

    /// `count` bytes have come.
    pub(crate) fn came(&mut self, count: usize, progress: Progress) {
        if progress.receiving {
            if self.asked.0 != progress.begun {
                self.begin((progress.begun, false));
            }
            self.body.get_or_insert_default().moved(count, Instant::now);
        } else if !progress.answering {
            self.partial = progress.begun.wrapping_add(1);
        }
    }

    /// Since when nothing has come and nothing is owed, or since when some of a message is awaited.
    pub(crate) const fn since(&self) -> Option<Instant> {
        self.since
    }

    /// Whether bytes have come that became no request.
    pub(crate) const fn is_partial(&self, progress: Progress) -> bool {
        self.partial == progress.begun.wrapping_add(1)
    }

    /// Nothing comes, at `now`. Gives by when something must, and what becomes of it otherwise.
    pub(crate) fn reads(
        &mut self,
        now: Instant,
        progress: Progress,
        pace: impl FnOnce() -> Option<BodyPace>,
        limits: &Limits,
    ) -> Option<(Instant, Overdue)> {
        let asked = (progress.begun, self.is_partial(progress));
        if self.asked != asked {
            self.begin(asked);
        }
        if progress.receiving {
            let body = self.body.get_or_insert_default();
            let due = body.wait(now, &pace()?)?;
            return Some((due, Overdue::Broke(Limit::Body)));
        }
        if progress.answering {
            return None;
        }
        let since = *self.since.get_or_insert(now);
        let (time, overdue) = match (asked.1, progress.begun) {
            (true, _) => (limits.head, Overdue::Broke(Limit::Head)),
            (false, 0) => (limits.first_byte, Overdue::Broke(Limit::FirstByte)),
            (false, _) => (limits.keep_alive, Overdue::Rested),
        };
        Some((since.checked_add(time)?, overdue))
    }

    /// There is no room for what is written, at `now`. Gives by when there must be.
    pub(crate) fn writes(&mut self, now: Instant, limits: &Limits) -> Option<Instant> {
        self.write
            .get_or_insert_default()
            .wait(now, &limits.write_pace())
    }

    /// `count` bytes have gone out.
    pub(crate) fn went(&mut self, count: usize) {
        if let Some(waits) = &mut self.write {
            waits.moved(count, Instant::now);
        }
    }

    fn begin(&mut self, asked: (u32, bool)) {
        if self.asked.0 != asked.0 {
            for waits in [&mut self.body, &mut self.write].into_iter().flatten() {
                **waits = Waits::default();
            }
        }
        self.asked = asked;
        self.since = None;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// What happens on a connection, second by second.
    #[derive(Clone, Copy)]
    enum Event {
        Bytes,
        /// A request begins, with a body or without.
        Begins(bool),
        BodyEnds,
        Answered,
        /// A second later.
        Wait(u64),
    }
    use Event::{Answered, Begins, BodyEnds, Bytes, Wait};

    /// After how many seconds the connection ends, and why.
    fn end(partial: bool, events: &[Event]) -> (u64, Option<Overdue>) {
        let (limits, start) = (Limits::default(), Instant::now());
        let mut waiting = Waiting::new(partial);
        let mut second = 0;
        let mut progress = Progress {
            begun: 0,
            answering: false,
            receiving: false,
        };
        let rest = [Wait(1000)];
        for event in events.iter().chain(&rest) {
            match *event {
                Bytes => waiting.came(1, progress),
                Begins(body) => {
                    progress.begun += 1;
                    (progress.answering, progress.receiving) = (true, body);
                }
                BodyEnds => progress.receiving = false,
                Answered => progress.answering = false,
                Wait(seconds) => {
                    for _ in 0..seconds {
                        let now = start + Duration::from_secs(second);
                        let pace = || Some(limits.body_pace());
                        match waiting.reads(now, progress, pace, &limits) {
                            Some((due, overdue)) if now >= due => return (second, Some(overdue)),
                            _ => second += 1,
                        }
                    }
                }
            }
        }
        (second, None)
    }

    #[test]
    fn every_wait_has_its_end() {
        const FIRST: Option<Overdue> = Some(Overdue::Broke(Limit::FirstByte));
        const HEAD: Option<Overdue> = Some(Overdue::Broke(Limit::Head));
        const RESTED: Option<Overdue> = Some(Overdue::Rested);
        // The clock of a body is that of the bytes, which these tests do not move.
        const BODY: Option<Overdue> = Some(Overdue::Broke(Limit::Body));
        let drip: Vec<_> = [Bytes, Wait(3)].repeat(10);
        let twice = [Bytes, Begins(false), Answered, Wait(1)].repeat(2);
        for (name, partial, events, ended) in [
            ("nothing", false, &[][..], (10, FIRST)),
            ("a byte", true, &[], (10, HEAD)),
            ("a byte, late", false, &[Wait(9), Bytes], (19, HEAD)),
            ("a head that drips", true, &drip, (10, HEAD)),
            (
                "a request",
                false,
                &[Bytes, Begins(false), Answered],
                (60, RESTED),
            ),
            (
                "an app that computes",
                true,
                &[Begins(false), Wait(500)],
                (1500, None),
            ),
            ("a second request", true, &twice, (61, RESTED)),
            (
                "a second head that is not ended",
                true,
                &[Begins(false), Answered, Wait(30), Bytes],
                (40, HEAD),
            ),
            (
                "a body that does not come",
                true,
                &[Begins(true)],
                (10, BODY),
            ),
            (
                "a body, and then an app that computes",
                true,
                &[Begins(true), Wait(5), Bytes, BodyEnds, Wait(100), Answered],
                (165, RESTED),
            ),
        ] {
            assert_eq!(end(partial, events), ended, "{name}");
        }
    }

    #[test]
    fn room_must_come_in_time_and_what_fitted_into_buffers_is_none() {
        let (limits, start) = (Limits::default(), Instant::now());
        let mut waiting = Waiting::default();
        waiting.went(1 << 30);
        let due = start + Duration::from_secs(30);
        assert_eq!(waiting.writes(start, &limits), Some(due));
    }
}
