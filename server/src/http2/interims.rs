//! Informational answers over HTTP/2, on their way: [`Interims`].

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    task::Context,
};

use bytes::Bytes;
use enfilade_core::{Hinted, host::EARLY_HINTS};
use futures_util::task::AtomicWaker;
use h2::server::SendResponse;
use http::{HeaderMap, Response, StatusCode};

use crate::session::Session;

/// The informational answers (1xx) that were asked for on a connection, by the numbers of their
/// streams, until they are sent.
///
/// They are asked for from any thread; the connection's task sends them, before the head of the
/// answer and never behind it.
#[derive(Default)]
pub(crate) struct Interims {
    /// Whether some wait to be sent. It is set under the lock.
    wait: AtomicBool,
    /// Whether there were any.
    used: AtomicBool,
    streams: Mutex<Streams>,
    /// Has them sent.
    waker: AtomicWaker,
}

#[derive(Default)]
struct Streams {
    /// Those whose answer has no head yet, with the number of hints that were taken for it.
    open: Vec<(u32, usize)>,
    waiting: Vec<Interim>,
}

struct Interim {
    stream: u32,
    status: StatusCode,
    fields: HeaderMap,
}

impl Interims {
    /// Who asks wakes the task of `cx`.
    pub(super) fn listen(&self, cx: &Context<'_>) {
        self.waker.register(cx.waker());
    }

    /// Whether some wait to be sent.
    pub(super) fn wait(&self) -> bool {
        self.wait.load(Relaxed)
    }

    /// Takes early hints (RFC 8297) for `stream`.
    pub(crate) fn hint(&self, stream: u64, fields: HeaderMap) -> Hinted {
        let mut streams = self.lock();
        let mut open = streams.open.iter_mut();
        let Some((stream, hints)) = open.find(|(number, _)| u64::from(*number) == stream) else {
            return Hinted::TooLate;
        };
        if *hints == EARLY_HINTS {
            return Hinted::TooMany;
        }
        *hints += 1;
        let interim = Interim {
            stream: *stream,
            status: StatusCode::EARLY_HINTS,
            fields,
        };
        self.push(&mut streams, interim);
        Hinted::Taken
    }

    /// Asks for an answer of `status` without fields, if it is not too late.
    pub(super) fn ask(&self, stream: u32, status: StatusCode) {
        let mut streams = self.lock();
        if streams.open.iter().any(|(number, _)| *number == stream) {
            let fields = HeaderMap::new();
            let interim = Interim {
                stream,
                status,
                fields,
            };
            self.push(&mut streams, interim);
        }
    }

    fn push(&self, streams: &mut Streams, interim: Interim) {
        streams.waiting.push(interim);
        self.used.store(true, Relaxed);
        self.wait.store(true, Relaxed);
        self.waker.wake();
    }

    /// Gives those that wait for `stream`.
    fn take(&self, streams: &mut Streams, stream: u32) -> Vec<Interim> {
        let own = |interim: &mut Interim| interim.stream == stream;
        let taken = streams.waiting.extract_if(.., own).collect();
        self.wait.store(!streams.waiting.is_empty(), Relaxed);
        taken
    }

    /// Whether a head of `stream` that goes out is informational: that of its answer is not made.
    pub(crate) fn is_informational(&self, stream: u32) -> bool {
        let is_open = || self.lock().open.iter().any(|(number, _)| *number == stream);
        self.used.load(Relaxed) && is_open()
    }

    fn lock(&self) -> MutexGuard<'_, Streams> {
        self.streams.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A stream whose answer has no head yet: until it is dropped, informational answers are taken
/// for it.
pub(super) struct Informed {
    session: Arc<Session>,
    stream: u32,
}

impl Informed {
    pub(super) fn open(session: &Arc<Session>, stream: u32) -> Informed {
        session.interims.lock().open.push((stream, 0));
        Informed {
            session: Arc::clone(session),
            stream,
        }
    }

    /// Sends what was asked for.
    #[inline]
    pub(super) fn send(&self, respond: &mut SendResponse<Bytes>) {
        if self.session.interims.wait() {
            self.send_all(respond);
        }
    }

    #[cold]
    fn send_all(&self, respond: &mut SendResponse<Bytes>) {
        let interims = &self.session.interims;
        let taken = interims.take(&mut interims.lock(), self.stream);
        for Interim { status, fields, .. } in taken {
            let mut response = Response::new(());
            *response.status_mut() = status;
            *response.headers_mut() = fields;
            // Where the client has left, there is nobody to be informed.
            respond.send_informational(response).ok();
        }
    }
}

impl Drop for Informed {
    fn drop(&mut self) {
        let interims = &self.session.interims;
        let mut streams = interims.lock();
        let mut open = streams.open.iter();
        if let Some(place) = open.position(|(number, _)| *number == self.stream) {
            streams.open.swap_remove(place);
        }
        if interims.wait() {
            drop(interims.take(&mut streams, self.stream));
        }
    }
}
