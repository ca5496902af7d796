//! Being told what became of a body, without wrapping it.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body::{Body as _, Frame};

use super::{Body, BodyError};

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
    /// Nobody was left to send it to: the client had left before the head, and the app went on to
    /// its end ([`OnDisconnect::Finish`](crate::OnDisconnect::Finish)).
    Unsent,
}

/// A body, what watches it, and what there is to tell.
pub(super) struct Watched<W: BodyWatch + ?Sized> {
    body: Body,
    begun: bool,
    ended: bool,
    bytes: u64,
    watch: W,
}

impl<W: BodyWatch> Watched<W> {
    pub(super) const fn new(body: Body, watch: W) -> Watched<W> {
        Watched {
            body,
            begun: false,
            ended: false,
            bytes: 0,
            watch,
        }
    }
}

impl<W: BodyWatch + ?Sized> Watched<W> {
    pub(super) const fn body(&self) -> &Body {
        &self.body
    }

    pub(super) const fn body_mut(&mut self) -> &mut Body {
        &mut self.body
    }

    /// The bytes, where they are all in memory; then nothing is left.
    pub(super) fn take_bytes(&mut self) -> Option<Bytes> {
        match std::mem::take(&mut self.body).try_into_bytes() {
            Ok(bytes) => {
                self.data(bytes.len());
                Some(bytes)
            }
            Err(body) => {
                self.body = body;
                None
            }
        }
    }

    /// Drops what is left: there is nobody to send it to.
    pub(super) fn abandon(&mut self) {
        std::mem::take(&mut self.body).abandon();
        self.end(Ending::Unsent);
    }

    pub(super) fn poll_frame(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        if let Poll::Ready(frame) = &polled {
            match frame {
                Some(Ok(frame)) => self.data(frame.data_ref().map_or(0, Bytes::len)),
                Some(Err(_)) => self.end(Ending::Failed),
                None => self.end(Ending::Complete),
            }
        }
        polled
    }

    fn data(&mut self, bytes: usize) {
        if !self.begun {
            self.begun = true;
            self.watch.first_frame();
        }
        self.bytes += bytes as u64;
    }

    fn end(&mut self, ending: Ending) {
        if !self.ended {
            self.ended = true;
            self.watch.end(BodyEnd {
                bytes: self.bytes,
                ending,
            });
        }
    }
}

/// A host that knows the length does not poll for the end.
impl<W: BodyWatch + ?Sized> Drop for Watched<W> {
    fn drop(&mut self) {
        let at_the_end = self.body.is_end_stream() || self.body.size_hint().exact() == Some(0);
        // A watch inside is told first, as it is where the body is polled to its end.
        drop(std::mem::take(&mut self.body));
        self.end(if at_the_end {
            Ending::Complete
        } else {
            Ending::Dropped
        });
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use http_body_util::BodyExt;

    use super::*;

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

    /// Writes down its name when the body begins and when it ends.
    struct Named(&'static str, Arc<Mutex<Vec<String>>>);

    impl BodyWatch for Named {
        fn first_frame(&mut self) {
            let line = format!("{} begins", self.0);
            self.1.lock().expect("no panic").push(line);
        }

        fn end(&mut self, end: BodyEnd) {
            let line = format!("{} ends {:?}", self.0, end.ending);
            self.1.lock().expect("no panic").push(line);
        }
    }

    #[tokio::test]
    async fn the_inner_of_two_watches_is_told_first_however_a_body_ends() {
        let watched = |body: Body| {
            let lines = Arc::default();
            let body = body.watch(Named("inner", Arc::clone(&lines)));
            (body.watch(Named("outer", Arc::clone(&lines))), lines)
        };
        let told = |lines: Arc<Mutex<Vec<String>>>| lines.lock().expect("no panic").join(", ");
        let failing = || {
            let error = Err::<Bytes, _>(BodyError::new("disk gone"));
            Body::stream(futures_util::stream::iter([error]))
        };

        let (body, lines) = watched("hello".into());
        drop(body);
        assert_eq!(told(lines), "inner ends Dropped, outer ends Dropped");

        let (mut body, lines) = watched("hello".into());
        while body.frame().await.is_some() {}
        let complete = "inner ends Complete, outer ends Complete";
        assert_eq!(
            told(lines),
            format!("inner begins, outer begins, {complete}")
        );

        let (mut body, lines) = watched("hello".into());
        drop(body.frame().await);
        drop(body);
        assert_eq!(
            told(lines),
            format!("inner begins, outer begins, {complete}")
        );

        let (mut body, lines) = watched(failing());
        drop(body.frame().await);
        assert_eq!(told(lines), "inner ends Failed, outer ends Failed");
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
