//! An end to waiting: [`Timeout`].

use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use enfilade_core::{App, Body, BodyError, Error, IntoResponse, Middleware, Request, Response};
use http_body::{Body as HttpBody, Frame, SizeHint};
use pin_project_lite::pin_project;
use tokio::time::{Instant, Sleep, sleep_until};

/// Gives a response up that is not whole in time.
///
/// The time runs from the moment at which the request arrives here, and holds for the head and for
/// the body. Where there is no head in time, the client gets a 503, the app's future is dropped,
/// and [`TimedOut`] is the cause that loggers find. A body that is a stream and has not ended in
/// time is broken off, which the client can tell from a clean end. A body in memory and a piece of
/// a file are whole already: how slowly a client may read them is the host's matter.
///
/// ```
/// use std::time::Duration;
///
/// use enfilade_core::{App, Pipeline, Request};
/// use enfilade_middleware::Timeout;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let app = Pipeline::new()
///     .with(Timeout::new(Duration::from_millis(20)))
///     .app(async |_: Request| std::future::pending::<&str>().await);
///
/// let response = app.respond(Request::default()).await;
/// assert_eq!(response.status(), 503);
/// # }
/// ```
///
/// # Place in the pipeline
///
/// Inside of the access log and of the request id, so that what was given up is logged; outside of
/// everything whose waiting shall count. Event streams and long downloads want
/// [`without_body`](Timeout::without_body), or a pipeline without it.
///
/// The app is polled before any timer is armed: one that answers at once costs none. It needs a
/// tokio runtime with its time enabled; a future that blocks its thread cannot be interrupted.
#[derive(Clone, Debug)]
pub struct Timeout {
    after: Duration,
    body: bool,
}

impl Timeout {
    /// Gives up `after` this long; 30 years are the most.
    #[must_use]
    pub fn new(after: Duration) -> Timeout {
        Timeout {
            after: after.min(LONGEST),
            body: true,
        }
    }

    /// Only the head must be there in time; a body takes as long as it takes.
    #[must_use]
    pub const fn without_body(mut self) -> Timeout {
        self.body = false;
        self
    }
}

impl Middleware for Timeout {
    fn handle(&self, request: Request, next: &impl App) -> impl Future<Output = Response> + Send {
        Timed {
            reply: Some(next.respond(request)),
            deadline: Some(Deadline::new(self.after)),
            body: self.body,
        }
    }
}

pin_project! {
    /// Written by hand: an async block would keep the request and the response once more.
    struct Timed<F> {
        #[pin]
        reply: Option<F>,
        deadline: Option<Deadline>,
        body: bool,
    }
}

impl<F: Future<Output = Response>> Future for Timed<F> {
    type Output = Response;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Response> {
        let mut this = self.project();
        let (Some(reply), Some(deadline)) = (this.reply.as_mut().as_pin_mut(), &mut this.deadline)
        else {
            // Nobody polls a future that has ended.
            return Poll::Pending;
        };
        let mut polled = reply.poll(cx);
        match &mut polled {
            Poll::Ready(response) => {
                if *this.body
                    && response.body().is_stream()
                    && let Some(deadline) = this.deadline.take()
                {
                    let body = std::mem::take(response.body_mut());
                    *response.body_mut() = Body::new(Limited { body, deadline });
                }
            }
            Poll::Pending => {
                if let Poll::Ready(late) = deadline.poll(cx) {
                    // At once, whatever those outside do with the answer.
                    this.reply.set(None);
                    return Poll::Ready(Error::status(503).because(late).into_response());
                }
            }
        }
        polled
    }
}

/// The cause of a 503, and of a body that broke off: the response was not whole in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TimedOut {
    /// The time that it had.
    pub after: Duration,
}

impl fmt::Display for TimedOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the response was not whole after {:?}", self.after)
    }
}

impl std::error::Error for TimedOut {}

/// No clock reaches further, and no timer needs to.
const LONGEST: Duration = Duration::from_secs(30 * 365 * 24 * 60 * 60);

/// A moment, and the timer that is armed for it by the first who has to wait.
struct Deadline {
    at: Instant,
    after: Duration,
    timer: Option<Pin<Box<Sleep>>>,
}

impl Deadline {
    fn new(after: Duration) -> Deadline {
        Deadline {
            at: Instant::now() + after,
            after,
            timer: None,
        }
    }

    /// Reads the clock too: a task that has used up its share of tokio's time would be told by the
    /// timer alone that it is pending, for ever.
    fn passed(&self) -> Option<TimedOut> {
        (Instant::now() >= self.at).then_some(TimedOut { after: self.after })
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<TimedOut> {
        if let Some(late) = self.passed() {
            return Poll::Ready(late);
        }
        let timer = self
            .timer
            .get_or_insert_with(|| Box::pin(sleep_until(self.at)));
        timer
            .as_mut()
            .poll(cx)
            .map(|()| TimedOut { after: self.after })
    }
}

/// A body that is broken off at the deadline.
struct Limited {
    body: Body,
    deadline: Deadline,
}

impl HttpBody for Limited {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        // Before the body: one that is always ready must end as well.
        let late = match self.deadline.passed() {
            Some(late) => late,
            None => match Pin::new(&mut self.body).poll_frame(cx) {
                Poll::Pending => match self.deadline.poll(cx) {
                    Poll::Pending => return Poll::Pending,
                    Poll::Ready(late) => late,
                },
                ready => return ready,
            },
        };
        let ended = std::mem::take(&mut self.body).is_end_stream();
        Poll::Ready((!ended).then(|| Err(BodyError::new(late))))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use std::{
        error::Error as _,
        sync::{
            Arc,
            atomic::{AtomicBool, Ordering},
        },
    };

    use enfilade_core::{Cause, Pipeline, lint::Lint};
    use futures_util::{StreamExt, stream};
    use http_body_util::BodyExt;
    use tokio::time::sleep;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    async fn slow(_: Request) -> &'static str {
        sleep(10 * SECOND).await;
        "late"
    }

    /// A block each second, for ever.
    async fn ticking(_: Request) -> Response {
        Response::new(Body::stream(stream::repeat(()).then(async |()| {
            sleep(SECOND).await;
            Ok::<_, BodyError>(Bytes::from("tick"))
        })))
    }

    #[tokio::test(start_paused = true)]
    async fn an_app_that_hangs_is_dropped_and_answered_503_with_its_cause() {
        struct Told(Arc<AtomicBool>);
        impl Drop for Told {
            fn drop(&mut self) {
                self.0.store(true, Ordering::Relaxed);
            }
        }
        let dropped = Arc::new(AtomicBool::new(false));
        let seen = dropped.clone();
        let app = Pipeline::new()
            .with(Lint::panicking().around(Timeout::new(3 * SECOND)))
            .app(move |_: Request| {
                let told = Told(seen.clone());
                async {
                    let _told = told;
                    std::future::pending::<&str>().await
                }
            });
        let start = Instant::now();
        let response = app.respond(Request::default()).await;
        assert_eq!(response.status(), 503);
        assert!(start.elapsed() >= 3 * SECOND && start.elapsed() < 4 * SECOND);
        assert!(dropped.load(Ordering::Relaxed));
        let cause = response.extensions().get::<Cause>().expect("a cause");
        assert_eq!(cause.chain(), "the response was not whole after 3s");
        let body = response.into_body().into_bytes(1000).await.expect("text");
        assert!(!String::from_utf8_lossy(&body).contains("3s"));
    }

    #[tokio::test(start_paused = true)]
    async fn an_app_that_is_in_time_is_left_alone() {
        for after in [11 * SECOND, Duration::MAX] {
            let app = Pipeline::new()
                .with(Lint::panicking().around(Timeout::new(after)))
                .app(slow);
            assert_eq!(app.respond(Request::default()).await.status(), 200);
        }
    }

    /// A runtime without time panics when a timer is made.
    #[test]
    fn an_app_that_answers_at_once_arms_no_timer() {
        let app = Pipeline::new()
            .with(Lint::panicking().around(Timeout::new(SECOND)))
            .app(async |_: Request| "hello");
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        let runtime = runtime.expect("a runtime");
        let response = runtime.block_on(app.respond(Request::default()));
        assert_eq!(response.body().in_memory_len(), Some(5));
    }

    /// Tokio tells it that it must wait, and its timer too, as often as they ask.
    #[test]
    fn an_app_that_uses_up_its_share_of_the_runtime_is_given_up_too() {
        let (send, status) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let app = Pipeline::new()
                .with(Lint::panicking().around(Timeout::new(Duration::from_millis(20))))
                .app(async |_: Request| -> &'static str {
                    loop {
                        tokio::task::consume_budget().await;
                    }
                });
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_time()
                .build()
                .expect("a runtime");
            let response = runtime.block_on(app.respond(Request::default()));
            send.send(response.status()).expect("the test listens");
        });
        let status = status.recv_timeout(Duration::from_secs(30));
        assert_eq!(status.expect("in time"), 503);
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_goes_on_for_too_long_breaks_off() {
        // No lint: it is polled on after its end, as no host may do.
        let app = Pipeline::new()
            .with(Timeout::new(Duration::from_millis(3500)))
            .app(ticking);
        let mut body = app.respond(Request::default()).await.into_body();
        for _ in 0..3 {
            assert!(body.frame().await.expect("a frame").is_ok());
        }
        let error = body.frame().await.expect("a frame").expect_err("late");
        let cause = error.source().expect("a cause");
        assert!(cause.is::<TimedOut>(), "{cause}");
        assert!(
            body.frame().await.is_none(),
            "nothing comes after the error"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn the_time_of_the_head_counts_for_the_body() {
        let app = Pipeline::new()
            .with(Lint::panicking().around(Timeout::new(11 * SECOND)))
            .app(async |request: Request| {
                sleep(10 * SECOND).await;
                ticking(request).await
            });
        let mut body = app.respond(Request::default()).await.into_body();
        let start = Instant::now();
        while body.frame().await.is_some_and(|frame| frame.is_ok()) {}
        assert!(start.elapsed() < 2 * SECOND);
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_is_always_ready_breaks_off_too() {
        let app = Pipeline::new()
            .with(Lint::panicking().around(Timeout::new(SECOND)))
            .app(async |_: Request| {
                Response::new(Body::stream(stream::repeat_with(|| {
                    Ok::<_, BodyError>(Bytes::from("more"))
                })))
            });
        let mut body = app.respond(Request::default()).await.into_body();
        assert!(body.frame().await.expect("a frame").is_ok());
        tokio::time::advance(2 * SECOND).await;
        assert!(body.frame().await.expect("a frame").is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn without_body_a_stream_takes_as_long_as_it_takes() {
        let app = Pipeline::new()
            .with(Lint::panicking().around(Timeout::new(SECOND).without_body()))
            .app(ticking);
        let mut body = app.respond(Request::default()).await.into_body();
        for _ in 0..100 {
            assert!(body.frame().await.expect("a frame").is_ok());
        }
    }
}
