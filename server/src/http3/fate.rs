//! How a request's stream ends: [`Fate`].

use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicU64, Ordering::Relaxed},
};

use h3::error::Code;
use quinn::VarInt;
use tokio::sync::Notify;

/// What becomes of a request, told by those who see its stream to the one who answers it.
pub(super) struct Fate {
    /// What the answer is broken off with, if nobody ends it; `FINISH` ends it in order.
    code: AtomicU64,
    /// Why it is not to be answered.
    over: Mutex<Option<Over>>,
    told: Notify,
}

/// No code: those have 62 bits.
const FINISH: u64 = u64::MAX;

/// How a request has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Over {
    /// It was answered, and the client has the answer.
    Answered,
    /// The client has left it.
    Cancelled,
    /// It was none that can be answered.
    Refused,
    /// The connection is closed.
    Lost,
}

impl Fate {
    /// h3 answers some by itself, and leaves it to others to end them.
    pub(super) fn new() -> Fate {
        Fate {
            code: AtomicU64::new(FINISH),
            over: Mutex::new(None),
            told: Notify::new(),
        }
    }

    /// An answer that nobody ends is broken off with `code`.
    pub(super) fn break_with(&self, code: Code) {
        self.code.store(code.value(), Relaxed);
    }

    pub(super) fn code(&self) -> Option<VarInt> {
        VarInt::from_u64(self.code.load(Relaxed)).ok()
    }

    /// The request ends here; its app is not asked any further.
    pub(super) fn end(&self, over: Over, code: Code) {
        self.break_with(code);
        let mut place = self.over.lock().unwrap_or_else(PoisonError::into_inner);
        place.get_or_insert(over);
        drop(place);
        self.told.notify_one();
    }

    pub(super) fn over(&self) -> Option<Over> {
        *self.over.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until it has ended otherwise than by its answer.
    pub(super) async fn ended(&self) -> Over {
        loop {
            let told = self.told.notified();
            if let Some(over) = self.over() {
                return over;
            }
            told.await;
        }
    }
}
