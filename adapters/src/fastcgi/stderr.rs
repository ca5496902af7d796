//! A request's error stream: [`Stderr`].

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Waker},
};

use bytes::BytesMut;
use enfilade_core::ErrorSink;

use super::record::{end_stream, kind, write_stream};

/// What is reported during a request goes to the web server, in STDERR records, which it writes
/// to its error log.
///
/// What is reported when the request has ended, or faster than the web server takes it, goes to
/// the host's own error stream instead.
pub(crate) struct Stderr {
    shared: Mutex<Shared>,
    otherwise: Arc<dyn ErrorSink>,
}

#[derive(Default)]
struct Shared {
    /// Lines, each with its end.
    text: String,
    used: bool,
    ended: bool,
    writer: Option<Waker>,
}

/// How much may wait to be sent.
const ROOM: usize = 16 * 1024;

impl Stderr {
    pub(crate) fn new(otherwise: Arc<dyn ErrorSink>) -> Stderr {
        Stderr {
            shared: Mutex::default(),
            otherwise,
        }
    }

    /// Writes what waits as records of request `id`. The task is woken when there is more.
    pub(crate) fn drain(&self, cx: &Context<'_>, id: u16, out: &mut BytesMut) {
        let mut shared = self.lock();
        shared.drain(id, out);
        if !shared
            .writer
            .as_ref()
            .is_some_and(|waker| waker.will_wake(cx.waker()))
        {
            shared.writer = Some(cx.waker().clone());
        }
    }

    /// Writes what waits, and ends the stream, if there was one.
    pub(crate) fn end(&self, id: u16, out: &mut BytesMut) {
        let mut shared = self.lock();
        shared.drain(id, out);
        if shared.used && !shared.ended {
            end_stream(out, kind::STDERR, id);
        }
        shared.ended = true;
        shared.writer = None;
    }

    /// Nothing can be sent any more: what waits goes to the host, and so does what comes.
    pub(crate) fn give_back(&self) {
        let waiting = {
            let mut shared = self.lock();
            shared.ended = true;
            shared.writer = None;
            std::mem::take(&mut shared.text)
        };
        for line in waiting.lines() {
            self.otherwise.report(line);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shared {
    fn drain(&mut self, id: u16, out: &mut BytesMut) {
        self.used |= !self.text.is_empty();
        write_stream(out, kind::STDERR, id, self.text.as_bytes());
        self.text = String::new();
    }
}

impl ErrorSink for Stderr {
    fn report(&self, line: &str) {
        let mut text = escaped(line);
        text.push('\n');
        let waker = {
            let mut shared = self.lock();
            if shared.ended || shared.text.len() + text.len() > ROOM {
                drop(shared);
                return self.otherwise.report(line);
            }
            shared.text.push_str(&text);
            shared.writer.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

/// One line stays one line in whatever log it ends up.
fn escaped(line: &str) -> String {
    let mut out = String::with_capacity(line.len() + 1);
    for c in line.chars() {
        if c.is_control() {
            out.extend(c.escape_default());
        } else {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Lines(Mutex<Vec<String>>);

    impl ErrorSink for Lines {
        fn report(&self, line: &str) {
            self.0.lock().expect("lines").push(line.to_owned());
        }
    }

    fn stderr() -> (Stderr, Arc<Lines>) {
        let lines = Arc::new(Lines::default());
        (Stderr::new(Arc::clone(&lines) as Arc<dyn ErrorSink>), lines)
    }

    #[test]
    fn lines_become_records_that_a_log_can_take() {
        let (stderr, _) = stderr();
        stderr.report("a\nb\x1b[31m é");
        let mut out = BytesMut::new();
        stderr.end(1, &mut out);
        assert_eq!(
            &out[..],
            b"\x01\x07\x00\x01\x00\x12\x00\x00a\\nb\\u{1b}[31m \xc3\xa9\n\x01\x07\x00\x01\x00\x00\x00\x00"
                .as_slice()
        );
    }

    #[test]
    fn what_still_waits_when_nobody_can_be_sent_it_goes_to_the_host() {
        let (stderr, lines) = stderr();
        stderr.report("one\ntwo");
        stderr.report("three");
        stderr.give_back();
        stderr.report("late");
        let lines = lines.0.lock().expect("lines");
        assert_eq!(*lines, ["one\\ntwo", "three", "late"]);
    }

    #[test]
    fn a_request_without_errors_has_no_stream_of_them() {
        let (stderr, _) = stderr();
        let mut out = BytesMut::new();
        stderr.end(1, &mut out);
        assert!(out.is_empty());
    }

    #[test]
    fn what_comes_late_or_in_floods_goes_to_the_host() {
        let (stderr, lines) = stderr();
        for _ in 0..20 {
            stderr.report(&"x".repeat(1000));
        }
        let mut out = BytesMut::new();
        stderr.end(1, &mut out);
        assert!(out.len() <= ROOM + 16);
        let flooded = lines.0.lock().expect("lines").len();
        assert_eq!(flooded, 4, "16 of 1001 bytes fit");
        stderr.report("late");
        assert_eq!(
            lines.0.lock().expect("lines").last().map(String::as_str),
            Some("late")
        );
        stderr.end(1, &mut out);
    }
}
