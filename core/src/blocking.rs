//! Work that would hold up other requests: [`blocking`].

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::{Error, Panicked, Result};

/// Runs `work` on a thread where it may take its time: hashing, compression, files, whatever
/// computes for longer than some hundred microseconds or waits without `.await`.
///
/// It needs no particular runtime: the threads are those of the `blocking` crate, at most 500,
/// started when needed. Dropping the future before a thread has begun cancels the work; what has
/// begun goes on to its end, and its result is dropped.
///
/// ```
/// use enfilade_core::{Request, Result, blocking};
///
/// async fn sum(_: Request) -> Result<String> {
///     let sum = blocking(|| (0..1_000_000_u64).sum::<u64>()).await?;
///     Ok(sum.to_string())
/// }
/// # use enfilade_core::App;
/// # async fn check() {
/// # assert_eq!(sum.respond(Request::default()).await.status(), 200);
/// # }
/// ```
///
/// # Errors
///
/// A 500 where `work` panicked; its cause is [`Panicked`]. A `Result` that it gives is inside of
/// this one: `blocking(work).await??`.
pub async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    // Whatever the panic left half done was moved in, and is dropped.
    let caught = ::blocking::unblock(|| catch_unwind(AssertUnwindSafe(work))).await;
    caught.map_err(|panic| Error::from(Panicked::new(&*panic)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Cause;

    #[tokio::test]
    async fn work_is_done_on_another_thread() {
        let here = std::thread::current().id();
        let there = blocking(|| std::thread::current().id())
            .await
            .expect("no panic");
        assert_ne!(here, there);
    }

    #[tokio::test]
    async fn a_panic_is_an_error_and_the_next_work_is_done() {
        let error = blocking(|| -> u8 { panic!("at the {}", "disco") }).await;
        let error = error.expect_err("it panicked");
        assert_eq!(error.status_code(), 500);
        let cause = error.cause().expect("a cause");
        assert!(cause.error().is::<Panicked>(), "{}", Cause::chain(cause));
        assert!(cause.chain().ends_with("at the disco"));
        assert_eq!(blocking(|| 1).await.expect("no panic"), 1);
    }
}
