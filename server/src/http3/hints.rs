//! Answers before the answer (RFC 8297): [`Hints`].

use std::{
    collections::{HashMap, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};

use enfilade_core::{Hinted, Informational, host::EARLY_HINTS};
use http::HeaderMap;

/// The early hints of a connection's requests, by the numbers of their streams, until they are
/// sent. A request is here until the head of its answer is made.
#[derive(Default)]
pub(super) struct Hints(Mutex<HashMap<u64, Request>>);

#[derive(Default)]
struct Request {
    waiting: VecDeque<HeaderMap>,
    taken: usize,
    waker: Option<Waker>,
}

impl Hints {
    /// The app of the request `number` may give hints.
    pub(super) fn begin(&self, number: u64) {
        self.lock().insert(number, Request::default());
    }

    /// The next hints of the request.
    pub(super) fn poll_next(&self, number: u64, cx: &Context<'_>) -> Poll<HeaderMap> {
        let mut requests = self.lock();
        let Some(request) = requests.get_mut(&number) else {
            return Poll::Pending;
        };
        match request.waiting.pop_front() {
            Some(fields) => Poll::Ready(fields),
            None => {
                request.waker = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }

    /// It is too late for more. Gives those that have not been sent.
    pub(super) fn end(&self, number: u64) -> VecDeque<HeaderMap> {
        let request = self.lock().remove(&number);
        request.map(|request| request.waiting).unwrap_or_default()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<u64, Request>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Informational for Hints {
    fn early_hints(&self, number: u64, fields: HeaderMap) -> Hinted {
        let mut requests = self.lock();
        let Some(request) = requests.get_mut(&number) else {
            return Hinted::TooLate;
        };
        if request.taken >= EARLY_HINTS {
            return Hinted::TooMany;
        }
        request.taken += 1;
        request.waiting.push_back(fields);
        let waker = request.waker.take();
        drop(requests);
        if let Some(waker) = waker {
            waker.wake();
        }
        Hinted::Taken
    }
}

#[cfg(test)]
mod tests {
    use std::task::Context;

    use super::*;

    #[test]
    fn so_many_are_taken_while_there_is_no_head_and_none_for_other_requests() {
        let (hints, fields) = (Hints::default(), HeaderMap::new);
        assert_eq!(hints.early_hints(4, fields()), Hinted::TooLate);
        hints.begin(4);
        let cx = Context::from_waker(Waker::noop());
        assert!(hints.poll_next(4, &cx).is_pending());
        for _ in 0..EARLY_HINTS {
            assert_eq!(hints.early_hints(4, fields()), Hinted::Taken);
        }
        assert_eq!(hints.early_hints(4, fields()), Hinted::TooMany);
        assert!(hints.poll_next(4, &cx).is_ready());
        assert_eq!(hints.early_hints(4, fields()), Hinted::TooMany);
        assert_eq!(hints.end(4).len(), EARLY_HINTS - 1);
        assert_eq!(hints.early_hints(4, fields()), Hinted::TooLate);
        assert!(hints.end(4).is_empty());
    }
}
