//! What runs, so that a server can stop in order: [`Tasks`] and [`Task`].

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU8, Ordering},
    },
    task::{Context, Waker},
};

use slab::Slab;
use tokio::sync::Notify;

use crate::crowd::Place;

/// How far a server has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    Serving,
    /// What runs ends in order.
    Draining,
    /// What runs is dropped.
    Aborting,
}

/// The connections of a server, and what took some of them over.
///
/// The phase is one atomic that each looks at when it is polled; the wakers are there to have them
/// polled when it changes. So a request pays one load.
#[derive(Debug)]
pub(crate) struct Tasks {
    phase: AtomicU8,
    wakers: Mutex<Slab<Option<Waker>>>,
    empty: Notify,
    /// One has ended.
    left: Notify,
}

impl Tasks {
    pub(crate) fn new() -> Arc<Tasks> {
        Arc::new(Tasks {
            phase: AtomicU8::new(Phase::Serving as u8),
            wakers: Mutex::default(),
            empty: Notify::new(),
            left: Notify::new(),
        })
    }

    /// Counts one more. To be called before it is spawned, so that none is overlooked.
    pub(crate) fn register(self: &Arc<Tasks>) -> Task {
        Task {
            key: self.lock().insert(None),
            waker: None,
            tasks: Arc::clone(self),
            place: None,
        }
    }

    /// How many run.
    pub(crate) fn count(&self) -> usize {
        self.lock().len()
    }

    /// Goes on to `phase`, never back, and tells everyone.
    pub(crate) fn enter(&self, phase: Phase) {
        self.phase.fetch_max(phase as u8, Ordering::SeqCst);
        self.wake();
    }

    /// Has everyone look at what has changed.
    pub(crate) fn wake(&self) {
        let wakers: Vec<Waker> = self.lock().iter().filter_map(|(_, w)| w.clone()).collect();
        wakers.into_iter().for_each(Waker::wake);
    }

    /// Ends when fewer than `most` run.
    pub(crate) async fn fewer_than(&self, most: usize) {
        loop {
            let left = self.left.notified();
            if self.count() < most {
                return;
            }
            left.await;
        }
    }

    /// Ends when none runs.
    pub(crate) async fn ended(&self) {
        loop {
            let emptied = self.empty.notified();
            if self.count() == 0 {
                return;
            }
            emptied.await;
        }
    }

    pub(crate) fn phase(&self) -> Phase {
        match self.phase.load(Ordering::SeqCst) {
            0 => Phase::Serving,
            1 => Phase::Draining,
            _ => Phase::Aborting,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Slab<Option<Waker>>> {
        self.wakers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One that runs. Dropping it is its end.
#[derive(Debug)]
pub(crate) struct Task {
    tasks: Arc<Tasks>,
    key: usize,
    waker: Option<Waker>,
    place: Option<Place>,
}

impl Task {
    /// Keeps `place` as long as it runs.
    pub(crate) fn with_place(mut self, place: Option<Place>) -> Task {
        self.place = place;
        self
    }

    /// The phase, now. The task is woken when it changes.
    pub(crate) fn phase(&mut self, cx: &Context<'_>) -> Phase {
        let known = self.waker.as_ref();
        if !known.is_some_and(|waker| waker.will_wake(cx.waker())) {
            self.waker = Some(cx.waker().clone());
            self.tasks.lock()[self.key].clone_from(&self.waker);
        }
        self.tasks.phase()
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        let mut wakers = self.tasks.lock();
        wakers.remove(self.key);
        let last = wakers.is_empty();
        drop(wakers);
        self.tasks.left.notify_waiters();
        if last {
            self.tasks.empty.notify_waiters();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{future::poll_fn, task::Poll};

    use super::*;

    #[tokio::test]
    async fn every_task_is_woken_by_each_phase_and_the_last_one_ends_the_wait() {
        let tasks = Tasks::new();
        let running: Vec<_> = (0..3)
            .map(|_| {
                let mut task = tasks.register();
                tokio::spawn(poll_fn(move |cx| match task.phase(cx) {
                    Phase::Aborting => Poll::Ready(()),
                    _ => Poll::Pending,
                }))
            })
            .collect();
        tokio::task::yield_now().await;
        tasks.enter(Phase::Draining);
        tokio::task::yield_now().await;
        assert_eq!(tasks.count(), 3);
        tasks.enter(Phase::Aborting);
        tasks.ended().await;
        for task in running {
            task.await.expect("it ended");
        }
    }

    #[test]
    fn a_phase_never_goes_back() {
        let tasks = Tasks::new();
        tasks.enter(Phase::Aborting);
        tasks.enter(Phase::Draining);
        assert_eq!(tasks.phase(), Phase::Aborting);
    }
}
