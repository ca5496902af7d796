//! The open streams of a connection of HTTP/2, and how much may be sent on them: [`Streams`].

use enfilade_core::BodyPace;
use tokio::time::Instant;

use crate::waits::Waits;

/// What may be sent before anything is said about it (RFC 9113, section 6.9.2).
const INITIAL_WINDOW: i64 = 65_535;

/// The open streams, by their numbers, which grow.
#[derive(Debug)]
pub(crate) struct Streams {
    open: Vec<Stream>,
    /// The window of a new stream.
    initial: i64,
    /// The window of the connection.
    window: i64,
    /// Whether a window may be closed: nearly always none is.
    starved: bool,
}

#[derive(Debug)]
struct Stream {
    number: u32,
    window: i64,
    /// Whether the answer has begun.
    answered: bool,
    /// The waits for the window to open.
    waits: Waits,
}

impl Default for Streams {
    fn default() -> Streams {
        Streams {
            open: Vec::new(),
            initial: INITIAL_WINDOW,
            window: INITIAL_WINDOW,
            starved: false,
        }
    }
}

impl Streams {
    pub(crate) const fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    /// The client opens a stream whose number is the greatest so far.
    pub(crate) fn open(&mut self, number: u32) {
        self.starved |= self.initial <= 0;
        self.open.push(Stream {
            number,
            window: self.initial,
            answered: false,
            waits: Waits::default(),
        });
    }

    /// The stream is over. Gives whether it was open.
    pub(crate) fn close(&mut self, number: u32) -> bool {
        let place = self.place(number);
        if let Some(place) = place {
            self.open.remove(place);
        }
        place.is_some()
    }

    pub(crate) fn answer(&mut self, number: u32) {
        if let Some(stream) = self.stream(number) {
            stream.answered = true;
        }
    }

    /// DATA goes out.
    pub(crate) fn send(&mut self, number: u32, count: u32) {
        self.window -= i64::from(count);
        let mut closed = self.window <= 0;
        if let Some(stream) = self.stream(number) {
            stream.window -= i64::from(count);
            stream.waits.moved(count as usize, Instant::now);
            closed |= stream.window <= 0;
            if closed {
                // From now on: nobody may ask before more can be sent.
                stream.waits.begin(Instant::now());
            }
        }
        self.starved |= closed;
    }

    /// Whether some may be waited for.
    pub(crate) const fn may_stall(&self) -> bool {
        self.starved
    }

    /// The client takes more, of a stream or of all (0).
    pub(crate) fn widen(&mut self, number: u32, increment: i64) {
        match number {
            0 => self.window += increment,
            number => {
                if let Some(stream) = self.stream(number) {
                    stream.window += increment;
                }
            }
        }
    }

    /// The client says how much it takes of each stream, those that are open too.
    pub(crate) fn set_initial(&mut self, size: i64) {
        for stream in &mut self.open {
            stream.window += size - self.initial;
        }
        self.initial = size;
        self.starved = true;
    }

    /// The stream that is waited for, and by when more of it must be taken, which comes first.
    pub(crate) fn stalled(&mut self, now: Instant, pace: &BodyPace) -> Option<(u32, Instant)> {
        if !self.starved {
            return None;
        }
        let all = self.window <= 0;
        self.starved = all;
        let mut first: Option<(u32, Instant)> = None;
        for stream in &mut self.open {
            if !all && stream.window > 0 {
                // Only the time counts in which it could not be sent on.
                stream.waits.moved(0, || now);
                continue;
            }
            self.starved = true;
            if stream.answered
                && let Some(due) = stream.waits.wait(now, pace)
                && first.is_none_or(|(_, first)| due < first)
            {
                first = Some((stream.number, due));
            }
        }
        first
    }

    fn place(&self, number: u32) -> Option<usize> {
        let by_number = |stream: &Stream| stream.number;
        self.open.binary_search_by_key(&number, by_number).ok()
    }

    fn stream(&mut self, number: u32) -> Option<&mut Stream> {
        let place = self.place(number)?;
        self.open.get_mut(place)
    }
}
