//! When to try again: [`Patience`].

use std::time::Duration;

/// The longest time that an authority may ask to be left alone.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// The shortest wait: whatever was told, nobody is asked without a pause.
const SHORTEST: Duration = Duration::from_millis(100);

/// Waits twice as long after each failure, up to a limit.
#[derive(Debug)]
pub(super) struct Patience {
    first: Duration,
    most: Duration,
    failures: u32,
}

impl Patience {
    pub(super) const fn new(first: Duration, most: Duration) -> Patience {
        Patience {
            first,
            most,
            failures: 0,
        }
    }

    pub(super) const fn succeed(&mut self) {
        self.failures = 0;
    }

    /// How long to wait after one more failure, where the authority asked for `rest`.
    ///
    /// Up to a quarter comes on top by chance: servers that failed together do not all come back
    /// together.
    pub(super) fn fail(&mut self, rest: Option<Duration>) -> Duration {
        let own = self.first.saturating_mul(1 << self.failures.min(31));
        self.failures += 1;
        let rest = rest.unwrap_or_default().min(LONGEST);
        let wait = own.min(self.most).max(rest).max(SHORTEST);
        wait + wait.mul_f64(chance() / 4.0)
    }
}

/// From 0 to 1. Without chance, servers come back together: no reason to fail.
fn chance() -> f64 {
    getrandom::u32().map_or(0.0, |number| f64::from(number) / f64::from(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    #[track_caller]
    fn is_about(wait: Duration, least: Duration) {
        assert!(wait >= least && wait <= least + least / 4, "{wait:?}");
    }

    #[test]
    fn each_failure_doubles_the_wait_up_to_a_limit() {
        let mut patience = Patience::new(MINUTE, 10 * MINUTE);
        for minutes in [1, 2, 4, 8, 10, 10] {
            is_about(patience.fail(None), minutes * MINUTE);
        }
        for _ in 0..100 {
            is_about(patience.fail(None), 10 * MINUTE);
        }
        patience.succeed();
        is_about(patience.fail(None), MINUTE);
    }

    #[test]
    fn an_authority_that_asks_to_be_left_alone_is_left_alone_for_a_day_at_most() {
        let mut patience = Patience::new(MINUTE, 10 * MINUTE);
        is_about(patience.fail(Some(60 * MINUTE)), 60 * MINUTE);
        is_about(patience.fail(Some(Duration::ZERO)), 2 * MINUTE);
        is_about(patience.fail(Some(Duration::MAX)), LONGEST);
    }

    #[test]
    fn nobody_is_asked_without_a_pause() {
        is_about(Patience::new(Duration::ZERO, MINUTE).fail(None), SHORTEST);
    }

    #[test]
    fn servers_that_fail_together_come_back_apart() {
        let waits = [0; 8].map(|_| Patience::new(MINUTE, MINUTE).fail(None));
        assert!(waits.iter().any(|wait| *wait != waits[0]), "{waits:?}");
    }
}
