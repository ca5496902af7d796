//! What may be spent, and comes back with time: [`Budget`].

use std::time::Duration;

use tokio::time::Instant;

/// So much at once, and as much again with time, or earned.
///
/// The clock is read only when all is spent.
#[derive(Debug)]
pub(crate) struct Budget {
    most: u32,
    left: u32,
    /// How long until one comes back.
    each: Duration,
    since: Instant,
}

impl Budget {
    pub(crate) fn new(most: u32, each: Duration, now: Instant) -> Budget {
        Budget {
            most,
            left: most,
            each,
            since: now,
        }
    }

    /// Spends one; `false` where nothing is left.
    pub(crate) fn spend(&mut self) -> bool {
        if self.left == 0 {
            self.refill(Instant::now());
        }
        match self.left.checked_sub(1) {
            Some(left) => {
                self.left = left;
                true
            }
            None => false,
        }
    }

    pub(crate) fn earn(&mut self, count: u32) {
        self.left = self.left.saturating_add(count).min(self.most);
    }

    fn refill(&mut self, now: Instant) {
        let each = self.each.as_nanos().max(1);
        let back = (now - self.since).as_nanos() / each;
        if back > 0 {
            self.left = u32::try_from(back).unwrap_or(u32::MAX).min(self.most);
            self.since = now;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_is_spent_comes_back_with_time_and_never_more_than_all() {
        let second = Duration::from_secs(1);
        let mut budget = Budget::new(3, second, Instant::now());
        let mut spent = || (0..10).filter(|_| budget.spend()).count();
        assert_eq!(spent(), 3);
        assert_eq!(spent(), 0);
        tokio::time::advance(second * 2).await;
        assert_eq!(spent(), 2);
        tokio::time::advance(second * 100).await;
        assert_eq!(spent(), 3);
        budget.earn(2);
        assert!(budget.spend() && budget.spend() && !budget.spend());
    }
}
