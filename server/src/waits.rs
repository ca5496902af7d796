//! How long somebody was waited for, and for how much: [`Waits`].

use std::time::Duration;

use enfilade_core::BodyPace;
use tokio::time::Instant;

/// The waits for the bytes of one body, or for room to write. Time in which nobody waits does not
/// count.
#[derive(Clone, Debug, Default)]
pub(crate) struct Waits {
    /// Those that have ended.
    waited: Duration,
    /// What they brought.
    bytes: u64,
    /// When the present one began.
    since: Option<Instant>,
}

impl Waits {
    /// Somebody waits at `now`. Gives the time by which something must come; `None` is never.
    pub(crate) fn wait(&mut self, now: Instant, pace: &BodyPace) -> Option<Instant> {
        let since = *self.since.get_or_insert(now);
        since.checked_add(pace.patience(self.waited, self.bytes))
    }

    /// Somebody waits from `now` on.
    pub(crate) fn begin(&mut self, now: Instant) {
        self.since.get_or_insert(now);
    }

    /// `count` bytes have moved. The clock is read only where somebody waited for them.
    pub(crate) fn moved(&mut self, count: usize, now: impl FnOnce() -> Instant) {
        self.bytes += count as u64;
        if let Some(since) = self.since.take() {
            self.waited += now() - since;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn seconds(count: u64) -> Duration {
        Duration::from_secs(count)
    }

    #[test]
    fn one_that_drips_is_waited_for_as_long_as_one_that_sends_nothing() {
        let (mut waits, start, pace) = (Waits::default(), Instant::now(), BodyPace::new());
        for second in 0..9 {
            let due = waits.wait(start + seconds(second), &pace);
            assert_eq!(due, Some(start + seconds(10)), "{second}");
            waits.moved(1, || start + seconds(second + 1));
        }
        let due = waits.wait(start + seconds(9), &pace);
        assert_eq!(due, Some(start + seconds(10)));
    }

    #[test]
    fn time_in_which_nobody_waits_does_not_count() {
        let (mut waits, start, pace) = (Waits::default(), Instant::now(), BodyPace::new());
        waits.wait(start, &pace);
        waits.moved(1, || start + seconds(1));
        let later = start + seconds(1000);
        assert_eq!(waits.wait(later, &pace), Some(later + seconds(9)));
    }

    #[test]
    fn who_has_sent_much_may_rest() {
        let (mut waits, start, pace) = (Waits::default(), Instant::now(), BodyPace::new());
        waits.moved(1 << 20, Instant::now);
        assert_eq!(waits.wait(start, &pace), Some(start + seconds(20)));
    }

    #[test]
    fn who_may_take_for_ever_has_no_deadline() {
        let mut waits = Waits::default();
        assert_eq!(waits.wait(Instant::now(), &BodyPace::any()), None);
    }
}
