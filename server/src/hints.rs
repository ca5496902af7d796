//! Early hints of HTTP/1.1 on their way out: [`Hints`].

use std::{
    io,
    pin::Pin,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU32, Ordering::Relaxed},
    },
    task::{Context, Poll, Waker, ready},
};

use enfilade_core::{Hinted, host::EARLY_HINTS};
use http::HeaderMap;
use tokio::io::AsyncWrite;

/// What an app hints before it answers, until it is written.
///
/// hyper sends no 103, so the wire does, where hyper has asked it to flush: then hyper holds nothing
/// back, no answer before is half written, and the answer that is being made has no head yet. The
/// head is held back as long as hints wait, so none comes behind it or in the middle of it.
///
/// A request that hints nothing pays for two stores and a load.
#[derive(Default)]
pub(crate) struct Hints {
    /// The request whose answer has no head yet; 0 where there is none.
    open: AtomicU32,
    /// Whether there is something to write. It is looked at by the connection's task, and set under
    /// the lock.
    wait: AtomicBool,
    queue: Mutex<Queue>,
}

#[derive(Default)]
struct Queue {
    /// The request that what follows belongs to.
    request: u32,
    count: usize,
    bytes: Vec<u8>,
    /// Has the bytes written.
    waker: Option<Waker>,
}

impl Hints {
    /// Request `number` is to be answered.
    #[inline]
    pub(crate) fn open(&self, number: u32) {
        self.open.store(number, Relaxed);
    }

    /// The head of the answer goes out.
    #[inline]
    pub(crate) fn close(&self) {
        self.open.store(0, Relaxed);
    }

    /// Whether there is a request whose answer has no head yet.
    #[inline]
    pub(crate) fn are_open(&self) -> bool {
        self.open.load(Relaxed) != 0
    }

    /// Whether the head of the answer has to wait. The task is polled again when it has not.
    #[inline]
    pub(crate) fn wait(&self) -> bool {
        self.wait.load(Relaxed)
    }

    /// Takes a hint of request `number`, from any thread.
    pub(crate) fn push(&self, number: u64, fields: &HeaderMap) -> Hinted {
        let mut queue = self.lock();
        let open = self.open.load(Relaxed);
        if open == 0 || u64::from(open) != number {
            return Hinted::TooLate;
        }
        if queue.request != open {
            queue.begin(open);
        }
        if queue.count == EARLY_HINTS {
            return Hinted::TooMany;
        }
        queue.count += 1;
        write_head(fields, &mut queue.bytes);
        self.wait.store(true, Relaxed);
        if let Some(waker) = &queue.waker {
            waker.wake_by_ref();
        }
        Hinted::Taken
    }

    /// Writes what waits to `stream`, which has been given whole answers alone so far. Gives what
    /// was written; nothing where nothing waits.
    pub(crate) fn poll_write(
        &self,
        cx: &mut Context<'_>,
        stream: &mut (impl AsyncWrite + Unpin),
    ) -> Poll<io::Result<usize>> {
        let open = self.open.load(Relaxed);
        let mut queue = self.lock();
        if queue.request != open {
            // What came while the head before went out.
            queue.begin(open);
        }
        let mut written = 0;
        if !queue.bytes.is_empty() {
            written = ready!(Pin::new(stream).poll_write(cx, &queue.bytes))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            queue.bytes.drain(..written);
        }
        if queue.bytes.is_empty() {
            // A connection keeps no room for it.
            queue.bytes = Vec::new();
            if self.wait.swap(false, Relaxed) {
                // An answer may be held back.
                cx.waker().wake_by_ref();
            }
            queue.will_wake(cx.waker());
        }
        Poll::Ready(Ok(written))
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Queue {
    fn begin(&mut self, request: u32) {
        self.request = request;
        self.count = 0;
        self.bytes = Vec::new();
    }

    fn will_wake(&mut self, waker: &Waker) {
        if !self.waker.as_ref().is_some_and(|own| own.will_wake(waker)) {
            self.waker = Some(waker.clone());
        }
    }
}

/// RFC 8297, section 2.
fn write_head(fields: &HeaderMap, bytes: &mut Vec<u8>) {
    bytes.extend_from_slice(b"HTTP/1.1 103 Early Hints\r\n");
    for (name, value) in fields {
        for part in [name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"] {
            bytes.extend_from_slice(part);
        }
    }
    bytes.extend_from_slice(b"\r\n");
}
