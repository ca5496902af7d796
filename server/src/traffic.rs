//! What a connection of HTTP/2 owes and is owed, seen from its frames: [`Traffic`].

use std::time::Duration;

use tokio::time::Instant;

use crate::{
    Limits,
    breach::Limit,
    budget::Budget,
    frames::{Event, Frame, Frames, flag, kind},
    streams::Streams,
};

/// The setting that says how much may be sent on a new stream (RFC 9113, section 6.5.2).
const INITIAL_WINDOW_SIZE: u16 = 4;

/// The bytes before the first frame of a client.
const PREFACE: usize = 24;

/// How long until a client may reset one more stream.
const RESET_EACH: Duration = Duration::from_millis(30);

/// DATA of fewer bytes does no work. No message is so short: gRPC puts five bytes in front of each.
const SMALL_DATA: u32 = 5;

/// What DATA of either side earns: it is answered by WINDOW_UPDATE for the stream and for the
/// connection.
const DATA_EARNS: u32 = 2;

/// The frames of both sides, and what follows from them. There is no I/O here.
///
/// What a client may open, and how much it may send, is h2's affair; this is about what h2 does not
/// bound: frames that do no work, and clients that rest, or do not read.
#[derive(Debug)]
pub(crate) struct Traffic {
    received: Frames,
    sent: Frames,
    streams: Streams,
    idle_frames: Budget,
    resets: Budget,
    /// The greatest number of a stream that the client has opened.
    last: u32,
    begun: bool,
    /// Whether the fields that the client sends continue in the next frame.
    continues: bool,
    /// Whether something has come since it was asked last.
    heard: bool,
    /// When that was.
    heard_at: Instant,
    pinged_at: Option<Instant>,
    /// How many frames have begun that do not continue another.
    heads: u32,
    /// Since when one has not been whole: its number, and whether its own head was.
    partial: Option<(u32, bool, Instant)>,
    /// Since when there has been no stream.
    resting_since: Option<Instant>,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    /// Nothing, until then.
    Wait(Option<Instant>),
    /// The client is asked whether it is there.
    Ping,
    /// A stream that is not read is ended.
    Reset(u32),
    /// The connection has rested long enough.
    Rest,
    /// The connection is ended.
    Break(Limit),
}

impl Traffic {
    /// Whether a stream is open: it is until all of its answer has gone out.
    pub(crate) const fn has_streams(&self) -> bool {
        !self.streams.is_empty()
    }

    pub(crate) fn new(limits: &Limits, now: Instant) -> Traffic {
        let frame = Duration::from_secs(1) / limits.http2_idle_frames.max(1);
        Traffic {
            received: Frames::behind(PREFACE),
            sent: Frames::default(),
            streams: Streams::default(),
            idle_frames: Budget::new(limits.http2_idle_frames, frame, now),
            resets: Budget::new(limits.http2_resets, RESET_EACH, now),
            last: 0,
            begun: false,
            continues: false,
            heard: false,
            heard_at: now,
            pinged_at: None,
            heads: 0,
            partial: None,
            // The first frame is waited for.
            resting_since: Some(now),
        }
    }

    /// Whether there is no stream, and there was some use of the connection.
    pub(crate) const fn rests(&self) -> bool {
        self.begun && self.streams.is_empty()
    }

    /// Whether nothing has come since it was asked, and streams are open.
    pub(crate) const fn is_settled(&self) -> bool {
        !self.heard && self.has_streams()
    }

    /// Whether what went out may have begun a wait.
    pub(crate) const fn has_news(&self) -> bool {
        self.streams.is_empty() || self.streams.may_stall()
    }

    /// The greatest number of a stream that the client has opened.
    pub(crate) const fn last_stream(&self) -> u32 {
        self.last
    }

    /// Whether the next byte that is read is the first of a frame.
    pub(crate) const fn is_between_received(&self) -> bool {
        self.received.is_between()
    }

    /// Whether the next byte that is written is the first of a frame.
    pub(crate) const fn is_between_sent(&self) -> bool {
        self.sent.is_between()
    }

    /// `bytes` have come. Gives the limit that they break.
    pub(crate) fn received(&mut self, bytes: &[u8]) -> Option<Limit> {
        self.heard = true;
        let mut frames = std::mem::take(&mut self.received);
        let mut broken = None;
        frames.feed(bytes, |event| {
            broken = match event {
                Event::Begun(frame) => self.receive(frame),
                Event::Setting(INITIAL_WINDOW_SIZE, size) => {
                    self.streams.set_initial(i64::from(size));
                    None
                }
                Event::Setting(..) => None,
                Event::Window { stream, increment } => {
                    self.streams.widen(stream, i64::from(increment));
                    None
                }
            };
            broken.is_none()
        });
        self.received = frames;
        broken
    }

    fn receive(&mut self, frame: Frame) -> Option<Limit> {
        self.begun = true;
        if !self.continues {
            self.heads = self.heads.wrapping_add(1);
        }
        match frame.kind {
            kind::HEADERS => {
                self.continues = !frame.has(flag::END_HEADERS);
                if frame.stream > self.last {
                    self.last = frame.stream;
                    self.resting_since = None;
                    self.streams.open(frame.stream);
                }
                None
            }
            kind::DATA => {
                if frame.length < SMALL_DATA && !frame.has(flag::END_STREAM) {
                    return self.idle();
                }
                self.idle_frames.earn(DATA_EARNS);
                None
            }
            kind::RST_STREAM if self.streams.close(frame.stream) => {
                (!self.resets.spend()).then_some(Limit::Resets)
            }
            kind::CONTINUATION => {
                self.continues = !frame.has(flag::END_HEADERS);
                self.idle()
            }
            kind::PING if frame.has(flag::ACK) && self.pinged_at.take().is_some() => None,
            // What does no work.
            _ => self.idle(),
        }
    }

    fn idle(&mut self) -> Option<Limit> {
        (!self.idle_frames.spend()).then_some(Limit::IdleFrames)
    }

    /// `bytes` have gone out. Of a stream's fields, `informs` tells whether they are those of an
    /// informational answer.
    pub(crate) fn sent(&mut self, bytes: &[u8], informs: impl Fn(u32) -> bool) {
        let Traffic {
            sent,
            streams,
            idle_frames,
            ..
        } = self;
        sent.feed(bytes, |event| {
            if let Event::Begun(frame) = event {
                match frame.kind {
                    kind::HEADERS if informs(frame.stream) => {}
                    kind::HEADERS => streams.answer(frame.stream),
                    kind::DATA => {
                        idle_frames.earn(DATA_EARNS);
                        streams.send(frame.stream, frame.length);
                    }
                    kind::RST_STREAM => {
                        streams.close(frame.stream);
                    }
                    _ => {}
                }
                let ends = matches!(frame.kind, kind::HEADERS | kind::DATA);
                if ends && frame.has(flag::END_STREAM) {
                    // What the client still sends is nobody's.
                    streams.close(frame.stream);
                }
            }
            true
        });
    }

    /// A stream was reset by the server.
    pub(crate) fn reset(&mut self, stream: u32) {
        self.streams.close(stream);
    }

    /// Nothing comes, at `now`: what is to be done?
    pub(crate) fn ask(&mut self, now: Instant, limits: &Limits) -> Act {
        if std::mem::take(&mut self.heard) {
            self.heard_at = now;
            self.pinged_at = None;
        }
        let mut due = None;
        let mut until = |time: Option<Instant>| {
            due = match (due, time) {
                (Some(due), Some(time)) => Some(time.min(due)),
                (due, time) => time.or(due),
            };
            time.is_some_and(|time| now >= time)
        };
        let is_data = self.received.begun().is_some_and(|f| f.kind == kind::DATA);
        let is_whole = self.received.is_between() || is_data;
        if self.begun && (self.continues || !is_whole) {
            let has_head = self.continues || self.received.begun().is_some();
            let since = match self.partial {
                Some((number, had, since)) if (number, had) == (self.heads, has_head) => since,
                _ => now,
            };
            self.partial = Some((self.heads, has_head, since));
            if until(since.checked_add(limits.head)) {
                return Act::Break(Limit::Head);
            }
        }
        if self.streams.is_empty() {
            let since = *self.resting_since.get_or_insert(now);
            let (time, act) = match self.begun {
                false => (limits.first_byte, Act::Break(Limit::FirstByte)),
                true => (limits.http2_keep_alive, Act::Rest),
            };
            if until(since.checked_add(time)) {
                return act;
            }
            return Act::Wait(due);
        }
        match self.pinged_at {
            Some(pinged) if until(pinged.checked_add(limits.http2_pong)) => {
                return Act::Break(Limit::Ping);
            }
            None if until(self.heard_at.checked_add(limits.http2_ping)) => {
                self.pinged_at = Some(now);
                return Act::Ping;
            }
            _ => {}
        }
        if let Some((stream, stalled)) = self.streams.stalled(now, &limits.write_pace())
            && until(Some(stalled))
        {
            return Act::Reset(stream);
        }
        Act::Wait(due)
    }
}

#[cfg(test)]
mod tests;
