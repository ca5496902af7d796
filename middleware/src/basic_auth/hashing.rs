//! Password hashing off the async threads, and a bounded number at once: [`Hashing`].

use std::{fmt, num::NonZeroUsize, sync::Arc};

use enfilade_core::{Error, Result, blocking};
use http::{HeaderValue, header::RETRY_AFTER};
use tokio::sync::Semaphore;

/// Threads for hashing passwords, of which no flood of logins gets more.
///
/// Hashing is expensive on purpose. Without a bound, whoever sends wrong passwords fast enough has
/// all processors, and with memory-hard hashes all memory.
#[derive(Clone)]
pub(super) struct Hashing {
    threads: Arc<Semaphore>,
    /// The threads and those who wait for one.
    places: Arc<Semaphore>,
    limit: usize,
}

/// How many may wait for each thread. At 50 ms for a password the last one waits 1.6 s.
const WAITING: usize = 32;

impl Hashing {
    pub(super) fn new(threads: NonZeroUsize) -> Hashing {
        let threads = threads.get().min(512);
        Hashing {
            threads: Arc::new(Semaphore::new(threads)),
            places: Arc::new(Semaphore::new(threads * (WAITING + 1))),
            limit: threads,
        }
    }

    /// Half of the processors: as many stay for everything else.
    pub(super) fn of_half_the_processors() -> Hashing {
        let processors = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        Hashing::new(NonZeroUsize::new(processors / 2).unwrap_or(NonZeroUsize::MIN))
    }

    /// Runs `hash` on a thread for blocking work, in its turn. A 503 where too many wait already.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        hash: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T> {
        let place = Arc::clone(&self.places).try_acquire_owned();
        let place = place.map_err(|_| busy())?;
        let thread = Arc::clone(&self.threads).acquire_owned().await;
        let thread = thread.map_err(|_| busy())?;
        // Both go along: a client that leaves ends the future, not the hashing.
        blocking(move || {
            let _until_done = (place, thread);
            hash()
        })
        .await
    }
}

fn busy() -> Error {
    Error::status(503)
        .message("too many logins at once")
        .header(RETRY_AFTER, HeaderValue::from_static("1"))
}

impl fmt::Debug for Hashing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hashing({})", self.limit)
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::{
            atomic::{AtomicUsize, Ordering},
            mpsc,
        },
        time::Duration,
    };

    use enfilade_core::Request;

    use super::*;

    impl Hashing {
        /// Nobody gets a place.
        pub(in super::super) fn without_threads() -> Hashing {
            Hashing {
                threads: Arc::new(Semaphore::new(0)),
                places: Arc::new(Semaphore::new(0)),
                limit: 0,
            }
        }
    }

    fn two() -> Hashing {
        Hashing::new(NonZeroUsize::new(2).expect("two"))
    }

    #[tokio::test]
    async fn a_flood_gets_no_more_threads_than_there_are_and_the_rest_is_refused() {
        let hashing = two();
        let running = Arc::new(AtomicUsize::new(0));
        let most = Arc::new(AtomicUsize::new(0));
        let logins = (0..100).map(|_| {
            let (running, most) = (Arc::clone(&running), Arc::clone(&most));
            hashing.run(move || {
                let now = running.fetch_add(1, Ordering::SeqCst) + 1;
                most.fetch_max(now, Ordering::SeqCst);
                std::thread::sleep(Duration::from_millis(2));
                running.fetch_sub(1, Ordering::SeqCst);
            })
        });
        let outcomes = futures_util::future::join_all(logins).await;
        let done = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
        let refused = outcomes.into_iter().filter_map(Result::err);
        for error in refused {
            let response = error.response_to(&Request::default());
            assert_eq!(response.status(), 503);
            assert_eq!(response.headers()[RETRY_AFTER], "1");
        }
        assert_eq!(done, 2 * (WAITING + 1));
        assert_eq!(most.load(Ordering::SeqCst), 2);
        hashing.run(|| ()).await.expect("the flood is over");
    }

    #[tokio::test]
    async fn a_client_that_leaves_gives_its_thread_back_only_when_the_hash_is_done() {
        let hashing = two();
        let (finish, finished) = mpsc::channel::<()>();
        let (began, begun) = tokio::sync::oneshot::channel();
        let login = hashing.run(move || {
            let _ = began.send(());
            finished.recv()
        });
        tokio::select! {
            _ = login => panic!("it cannot be done"),
            _ = begun => {}
        }
        assert_eq!(hashing.threads.available_permits(), 1);
        finish.send(()).expect("the hash is still under way");
        let both = hashing.threads.acquire_many(2).await;
        assert_eq!(both.expect("open").num_permits(), 2);
    }

    #[tokio::test]
    async fn a_panic_gives_the_thread_back() {
        let hashing = two();
        for _ in 0..3 {
            let panicked = hashing.run(|| panic!("on purpose")).await;
            let error = panicked.map(|()| "done").expect_err("it panicked");
            assert_eq!(error.status_code(), 500);
        }
        assert_eq!(hashing.threads.available_permits(), 2);
        assert_eq!(hashing.places.available_permits(), 2 * (WAITING + 1));
    }
}
