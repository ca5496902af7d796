//! Stopping in order: [`Lifecycle`] and [`Stopping`].

use std::{
    collections::BTreeMap,
    fmt,
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};

use crate::guard::{CatchUnwind, Panicked};

type Callback = Box<dyn FnOnce() -> Pin<Box<dyn Future<Output = ()> + Send>> + Send>;

/// Where whoever opens something registers how it is closed.
///
/// Starting is constructing: open what an app needs with `await` and `?`, and register at once how
/// it is closed. The host runs the callbacks once, the last registered first, after its requests
/// have drained, and within a deadline. A start that fails closes what was already open.
///
/// ```
/// use enfilade_core::{App, Lifecycle, Request, Result};
///
/// # struct Pool; impl Pool { async fn close(&self) {} async fn connect() -> Result<Pool> { Ok(Pool) } }
/// async fn site(life: &Lifecycle) -> Result<impl App> {
///     let pool = std::sync::Arc::new(Pool::connect().await?);
///     let closing = pool.clone();
///     life.on_stop(async move || closing.close().await);
///     Ok(async |_: Request| "hello")
/// }
/// ```
#[derive(Clone, Default)]
pub struct Lifecycle {
    callbacks: Arc<Mutex<Vec<Callback>>>,
    stopping: Stopping,
}

impl Lifecycle {
    /// Nothing registered, and not stopping.
    #[must_use]
    pub fn new() -> Lifecycle {
        Lifecycle::default()
    }

    /// Registers what is to be done when the app stops.
    pub fn on_stop<F, Fut>(&self, callback: F)
    where
        F: FnOnce() -> Fut + Send + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        lock(&self.callbacks).push(Box::new(move || Box::pin(callback())));
    }

    /// Ends, as a future, when the host begins to stop.
    #[must_use]
    pub fn stopping(&self) -> Stopping {
        self.stopping.clone()
    }

    /// For hosts: says that stopping has begun. Requests still run.
    pub fn begin_stop(&self) {
        self.stopping.begin();
    }

    /// For hosts: runs the callbacks, the last registered first, each once, until `deadline` ends.
    /// Gives what went wrong; a callback that panics keeps no other from running.
    pub async fn stop(&self, deadline: impl Future<Output = ()> + Send) -> Vec<StopError> {
        self.begin_stop();
        let mut errors = Vec::new();
        let mut deadline = std::pin::pin!(deadline);
        // One at a time, so that a callback may register another.
        loop {
            let Some(callback) = lock(&self.callbacks).pop() else {
                return errors;
            };
            let mut running = std::pin::pin!(CatchUnwind::new(async move { callback().await }));
            let outcome = std::future::poll_fn(|cx| match running.as_mut().poll(cx) {
                Poll::Ready(outcome) => Poll::Ready(Some(outcome)),
                Poll::Pending => deadline.as_mut().poll(cx).map(|()| None),
            });
            match outcome.await {
                Some(Ok(())) => {}
                Some(Err(panic)) => errors.push(StopError::Panicked(Panicked::new(&*panic))),
                None => {
                    let left = std::mem::take(&mut *lock(&self.callbacks)).len();
                    errors.push(StopError::TooLate {
                        unfinished: left + 1,
                    });
                    return errors;
                }
            }
        }
    }
}

impl fmt::Debug for Lifecycle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lifecycle")
            .field("callbacks", &lock(&self.callbacks).len())
            .field("stopping", &self.stopping)
            .finish()
    }
}

/// What went wrong while stopping.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum StopError {
    /// A callback panicked.
    Panicked(Panicked),
    /// The deadline passed.
    TooLate {
        /// How many callbacks had not finished.
        unfinished: usize,
    },
}

impl fmt::Display for StopError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StopError::Panicked(_) => f.write_str("a stop callback panicked"),
            StopError::TooLate { unfinished } => {
                write!(
                    f,
                    "{unfinished} stop callbacks had not finished at the deadline"
                )
            }
        }
    }
}

impl std::error::Error for StopError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            StopError::Panicked(panic) => Some(panic),
            StopError::TooLate { .. } => None,
        }
    }
}

/// Ends, as a future, when the host begins to stop: what event streams and upgraded connections
/// wait for, so that they end in order.
///
/// Each clone can be awaited by itself.
pub struct Stopping {
    shared: Arc<Mutex<Waiting>>,
    /// Where this clone's waker is kept.
    key: Option<u64>,
}

#[derive(Default)]
struct Waiting {
    begun: bool,
    next_key: u64,
    wakers: BTreeMap<u64, Waker>,
}

impl Stopping {
    /// The token of a host that never stops.
    #[must_use]
    pub fn never() -> Stopping {
        Stopping {
            shared: Arc::default(),
            key: None,
        }
    }

    /// Whether stopping has begun.
    #[must_use]
    pub fn is_stopping(&self) -> bool {
        lock(&self.shared).begun
    }

    fn begin(&self) {
        let wakers = {
            let mut waiting = lock(&self.shared);
            waiting.begun = true;
            std::mem::take(&mut waiting.wakers)
        };
        wakers.into_values().for_each(Waker::wake);
    }
}

impl Default for Stopping {
    fn default() -> Stopping {
        Stopping::never()
    }
}

impl Clone for Stopping {
    fn clone(&self) -> Stopping {
        Stopping {
            shared: Arc::clone(&self.shared),
            key: None,
        }
    }
}

impl Future for Stopping {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let key = {
            let mut waiting = lock(&self.shared);
            if waiting.begun {
                return Poll::Ready(());
            }
            let key = self.key.unwrap_or_else(|| {
                waiting.next_key += 1;
                waiting.next_key
            });
            waiting.wakers.insert(key, cx.waker().clone());
            key
        };
        self.key = Some(key);
        Poll::Pending
    }
}

impl Drop for Stopping {
    fn drop(&mut self) {
        if let Some(key) = self.key {
            lock(&self.shared).wakers.remove(&key);
        }
    }
}

impl fmt::Debug for Stopping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Stopping({})", self.is_stopping())
    }
}

pub(crate) fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use super::*;

    #[tokio::test]
    async fn callbacks_run_once_and_in_reverse() {
        let (life, order) = (Lifecycle::new(), Arc::new(Mutex::new(Vec::new())));
        for n in 1..=3 {
            let order = order.clone();
            life.on_stop(async move || lock(&order).push(n));
        }
        assert!(life.stop(pending()).await.is_empty());
        assert!(life.stop(pending()).await.is_empty());
        assert_eq!(*lock(&order), [3, 2, 1]);
    }

    #[tokio::test]
    async fn a_callback_that_panics_keeps_no_other_from_running() {
        let (life, ran) = (Lifecycle::new(), Arc::new(Mutex::new(false)));
        let seen = ran.clone();
        life.on_stop(async move || *lock(&seen) = true);
        life.on_stop(async || panic!("at the disco"));
        let errors = life.stop(pending()).await;
        assert!(matches!(errors[..], [StopError::Panicked(_)]), "{errors:?}");
        assert!(*lock(&ran));
    }

    #[tokio::test]
    async fn a_callback_that_hangs_is_left_at_the_deadline() {
        let life = Lifecycle::new();
        life.on_stop(async || ());
        life.on_stop(async || pending().await);
        let errors = life.stop(ready(())).await;
        assert!(
            matches!(errors[..], [StopError::TooLate { unfinished: 2 }]),
            "{errors:?}"
        );
    }

    #[tokio::test]
    async fn everybody_who_waits_is_told_and_nobody_is_kept() {
        let life = Lifecycle::new();
        let waiting: Vec<_> = (0..3).map(|_| tokio::spawn(life.stopping())).collect();
        tokio::task::yield_now().await;
        assert_eq!(lock(&life.stopping.shared).wakers.len(), 3);
        waiting[0].abort();
        tokio::task::yield_now().await;
        assert_eq!(lock(&life.stopping.shared).wakers.len(), 2);
        life.begin_stop();
        for waiting in waiting.into_iter().skip(1) {
            waiting.await.expect("it ended");
        }
        assert!(life.stopping().is_stopping());
    }
}
