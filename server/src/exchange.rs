//! What a request's body and its answer share: [`Exchange`].

use std::{
    sync::{
        Arc,
        atomic::{AtomicU16, Ordering::Relaxed},
    },
    time::Duration,
};

use enfilade_core::{BodyPace, SharedPace};

use crate::{breach::Limit, site::Site};

/// After how long the rate of a body counts where there is little room for more requests. So often
/// it is looked whether that is so.
pub(crate) const HURRY: Duration = Duration::from_secs(1);

/// A request with a body: the pace that it is held to, and whether it broke a limit.
///
/// Whoever receives the body finds that out, and the answer becomes a refusal.
pub(crate) struct Exchange {
    pub(crate) pace: SharedPace,
    /// The limit's number, from 1; 0 where none was broken.
    refused: AtomicU16,
}

impl Exchange {
    pub(crate) fn new(pace: BodyPace) -> Arc<Exchange> {
        Arc::new(Exchange {
            pace: SharedPace::new(pace),
            refused: AtomicU16::new(0),
        })
    }

    /// The pace that the body is held to, now. Who is slow makes room where there is little: else
    /// bodies that drip, a few hundred a second, would keep all other requests out.
    pub(crate) fn pace_at(&self, site: &Site) -> BodyPace {
        let pace = self.pace.get();
        if site.is_crowded() {
            return pace.hurried(HURRY);
        }
        pace
    }

    /// The body broke `limit`. Gives whether it is the first that it broke.
    pub(crate) fn refuse(&self, limit: Limit) -> bool {
        self.refused.swap(limit as u16 + 1, Relaxed) == 0
    }

    pub(crate) fn refused(&self) -> Option<Limit> {
        match self.refused.load(Relaxed) {
            0 => None,
            number => Limit::ALL.get(usize::from(number) - 1).copied(),
        }
    }
}
