//! How slowly a request's body may arrive: [`BodyPace`].

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use crate::{App, Middleware, Request, RequestExt, Response};

/// How slowly a client may send a request's body, where the host holds clients to a pace.
///
/// The bundled server does: a client that is slower gets 408, and the app is dropped. Put one in
/// front of the route that takes large uploads, or streams that rest; the innermost one holds.
/// Only time that is spent waiting for the client counts: an app may read as slowly as it likes.
///
/// ```
/// use std::time::Duration;
///
/// use enfilade_core::{BodyPace, Pipeline, Request};
///
/// // A day for an upload, but it must not rest for more than 20 seconds.
/// let pace = BodyPace::new().with_total(Duration::from_secs(24 * 60 * 60));
/// let app = Pipeline::new().with(pace).app(async |_: Request| "thanks");
/// # let _ = app;
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BodyPace {
    idle: Duration,
    rate: u32,
    grace: Duration,
    total: Duration,
}

impl BodyPace {
    /// No byte for 20 seconds, fewer than 500 bytes a second after the first 10 seconds, or 5
    /// minutes in all are too slow.
    #[must_use]
    pub const fn new() -> BodyPace {
        BodyPace {
            idle: Duration::from_secs(20),
            rate: 500,
            grace: Duration::from_secs(10),
            total: Duration::from_secs(300),
        }
    }

    /// As slowly as it likes: for a stream that may rest for hours.
    #[must_use]
    pub const fn any() -> BodyPace {
        BodyPace {
            idle: Duration::MAX,
            rate: 0,
            grace: Duration::MAX,
            total: Duration::MAX,
        }
    }

    /// How long no byte may come: 20 seconds by default.
    #[must_use]
    pub const fn with_idle(mut self, idle: Duration) -> BodyPace {
        self.idle = idle;
        self
    }

    /// How many bytes must come each second, on average, and after how long that counts: 500 after
    /// 10 seconds by default. Zero is no rate.
    #[must_use]
    pub const fn with_rate(mut self, bytes_each_second: u32, grace: Duration) -> BodyPace {
        (self.rate, self.grace) = (bytes_each_second, grace);
        self
    }

    /// How long all of it may take: 5 minutes by default.
    #[must_use]
    pub const fn with_total(mut self, total: Duration) -> BodyPace {
        self.total = total;
        self
    }

    /// The same pace, but its rate counts after `grace` at the latest: for a host with more to do
    /// than it can.
    #[must_use]
    pub fn hurried(mut self, grace: Duration) -> BodyPace {
        self.grace = self.grace.min(grace);
        self
    }

    /// How much longer a client may be waited for that has been waited for so long, and has sent
    /// so many bytes. [`Duration::MAX`] is for ever.
    #[must_use]
    pub fn patience(&self, waited: Duration, bytes: u64) -> Duration {
        let by_rate = match self.rate {
            0 => Duration::MAX,
            rate => self.grace.max(Duration::from_secs(bytes / u64::from(rate))),
        };
        let left = match by_rate.min(self.total) {
            Duration::MAX => Duration::MAX,
            all => all.saturating_sub(waited),
        };
        left.min(self.idle)
    }
}

impl Default for BodyPace {
    fn default() -> BodyPace {
        BodyPace::new()
    }
}

impl Middleware for BodyPace {
    async fn handle(&self, mut request: Request, next: &impl App) -> Response {
        request.environ_mut().set_body_pace(*self);
        next.respond(request).await
    }
}

/// For hosts: the pace that a body is held to, which the app may change while it arrives.
#[derive(Clone, Debug, Default)]
pub struct SharedPace(Arc<Mutex<BodyPace>>);

impl SharedPace {
    /// Begins with `pace`.
    #[must_use]
    pub fn new(pace: BodyPace) -> SharedPace {
        SharedPace(Arc::new(Mutex::new(pace)))
    }

    /// The pace, now.
    #[must_use]
    pub fn get(&self) -> BodyPace {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Holds to `pace` from now on.
    pub fn set(&self, pace: BodyPace) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = pace;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Body, Pipeline};

    const fn seconds(count: u64) -> Duration {
        Duration::from_secs(count)
    }

    #[test]
    fn who_hurries_gives_less_grace_and_never_more() {
        let pace = BodyPace::new().hurried(seconds(1));
        assert_eq!(pace.patience(seconds(0), 499), seconds(1));
        assert_eq!(pace.patience(seconds(0), 5_000), seconds(10));
        assert_eq!(pace.hurried(seconds(60)), pace);
        assert_eq!(
            BodyPace::any().hurried(seconds(1)).patience(seconds(9), 0),
            Duration::MAX
        );
    }

    #[test]
    fn patience_ends_with_the_first_of_rest_rate_and_total() {
        let pace = BodyPace::new();
        for (waited, bytes, patience) in [
            // At first, the grace is shorter than the rest that is allowed.
            (0, 0, 10),
            (9, 10, 1),
            (10, 5_000, 0),
            // 500 bytes buy a second.
            (10, 10_000, 10),
            (10, 20_000, 20),
            (10, 1_000_000, 20),
            (290, 10_000_000, 10),
            (301, 10_000_000, 0),
        ] {
            let left = pace.patience(seconds(waited), bytes);
            assert_eq!(left, seconds(patience), "{waited} s, {bytes} bytes");
        }
        assert_eq!(BodyPace::any().patience(seconds(10), 0), Duration::MAX);
    }

    #[tokio::test]
    async fn the_innermost_pace_reaches_the_host() {
        let shared = SharedPace::default();
        let mut request = Request::new(Body::from("x"));
        request.environ_mut().share_body_pace(shared.clone());
        let app = Pipeline::new()
            .with(BodyPace::new().with_total(seconds(60)))
            .with(BodyPace::any())
            .app(async |_: Request| "done");
        app.respond(request).await;
        assert_eq!(shared.get(), BodyPace::any());
    }
}
