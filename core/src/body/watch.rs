//! Being told what became of a body, without wrapping it.

use bytes::Bytes;
use http_body::Frame;

use super::BodyError;

/// Is told how a body went. See [`Body::watch`](super::Body::watch).
pub trait BodyWatch: Send + Sync {
    /// The first frame is handed on.
    fn first_frame(&mut self) {}

    /// The body is over. Called exactly once.
    fn end(&mut self, end: BodyEnd);
}

/// How a body went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct BodyEnd {
    /// The bytes of data that were handed on.
    pub bytes: u64,
    /// How it ended.
    pub ending: Ending,
}

/// How a body ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ending {
    /// All of it was handed on.
    Complete,
    /// It gave an error.
    Failed,
    /// It was dropped before its end: the client left, or it may not be sent (HEAD, 304).
    Dropped,
}

/// A watch and its counters; another one behind it where a body is watched by several.
pub(super) struct Watched {
    watch: Box<dyn BodyWatch>,
    begun: bool,
    ended: bool,
    bytes: u64,
    next: Option<Box<Watched>>,
}

impl Watched {
    pub(super) fn new(watch: impl BodyWatch + 'static, next: Option<Box<Watched>>) -> Watched {
        Watched {
            watch: Box::new(watch),
            begun: false,
            ended: false,
            bytes: 0,
            next,
        }
    }

    pub(super) fn polled(&mut self, frame: &Option<Result<Frame<Bytes>, BodyError>>) {
        match frame {
            Some(Ok(frame)) => self.data(frame.data_ref().map_or(0, Bytes::len)),
            Some(Err(_)) => self.end(Ending::Failed),
            None => self.end(Ending::Complete),
        }
    }

    pub(super) fn data(&mut self, bytes: usize) {
        if !self.begun {
            self.begun = true;
            self.watch.first_frame();
        }
        self.bytes += bytes as u64;
        if let Some(next) = &mut self.next {
            next.data(bytes);
        }
    }

    pub(super) fn dropped(&mut self, at_the_end: bool) {
        self.end(if at_the_end {
            Ending::Complete
        } else {
            Ending::Dropped
        });
    }

    fn end(&mut self, ending: Ending) {
        if !self.ended {
            self.ended = true;
            self.watch.end(BodyEnd {
                bytes: self.bytes,
                ending,
            });
        }
        if let Some(next) = &mut self.next {
            next.end(ending);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use http_body_util::BodyExt;

    use super::*;
    use crate::Body;

    #[derive(Clone, Default)]
    struct Notes(Arc<Mutex<Vec<BodyEnd>>>);

    impl BodyWatch for Notes {
        fn end(&mut self, end: BodyEnd) {
            self.0.lock().expect("no panic").push(end);
        }
    }

    fn ends(run: impl FnOnce(Body), body: Body) -> Vec<BodyEnd> {
        let notes = Notes::default();
        run(body.watch(notes.clone()));
        notes.0.lock().expect("no panic").clone()
    }

    #[test]
    fn a_body_ends_once_and_is_complete_when_all_was_handed_on() {
        let end = BodyEnd {
            bytes: 5,
            ending: Ending::Complete,
        };
        let poll = |mut body: Body| {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .build()
                .expect("a runtime");
            runtime.block_on(async { while body.frame().await.is_some() {} });
        };
        assert_eq!(ends(poll, Body::from("hello")), [end]);
        // A host that knows the length does not poll for the end.
        let once = |mut body: Body| {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .build()
                .expect("a runtime");
            runtime.block_on(async { body.frame().await });
        };
        assert_eq!(ends(once, Body::from("hello")), [end]);
        assert_eq!(
            ends(|body| drop(body.try_into_bytes()), Body::from("hello")),
            [end]
        );
        assert_eq!(ends(drop, Body::empty()), [BodyEnd { bytes: 0, ..end }]);
    }

    #[test]
    fn a_body_that_nobody_reads_is_dropped_and_not_complete() {
        let end = BodyEnd {
            bytes: 0,
            ending: Ending::Dropped,
        };
        assert_eq!(ends(drop, Body::from("hello")), [end]);
    }

    #[test]
    fn two_watches_are_told_both() {
        let (first, second) = (Notes::default(), Notes::default());
        drop(
            Body::from("hello")
                .watch(first.clone())
                .watch(second.clone()),
        );
        assert_eq!(first.0.lock().expect("no panic").len(), 1);
        assert_eq!(second.0.lock().expect("no panic").len(), 1);
    }
}
