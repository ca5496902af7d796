//! What the site has seen, for whoever asks `/counts`.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{SystemTime, UNIX_EPOCH},
};

/// A number that only this file's readers name.
pub(crate) struct Count(AtomicU64);

impl Count {
    const fn new() -> Count {
        Count(AtomicU64::new(0))
    }

    pub(crate) fn add(&self, more: u64) {
        self.0.fetch_add(more, Relaxed);
    }

    fn value(&self) -> u64 {
        self.0.load(Relaxed)
    }
}

/// Requests that reached the app.
pub(crate) static BEGUN: Count = Count::new();
/// Requests for `/smuggled`, which no client sends as a request.
pub(crate) static SMUGGLED: Count = Count::new();
/// Bytes of bodies that the app was given.
pub(crate) static RECEIVED: Count = Count::new();
/// Guards that were made and dropped.
static HELD: Count = Count::new();
static DROPPED: Count = Count::new();

/// When guards were dropped, by the number of their request.
static DROPS: Mutex<Vec<(u64, u64)>> = Mutex::new(Vec::new());

/// Counts what is alive: dropped with the future or the body that holds it.
pub(crate) struct Guard(u64);

impl Guard {
    /// Of the request with this number; 0 is none that anybody asks about.
    pub(crate) fn of(number: u64) -> Guard {
        HELD.add(1);
        Guard(number)
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        DROPPED.add(1);
        if self.0 > 0 {
            let now = SystemTime::now().duration_since(UNIX_EPOCH);
            let micros = now.map_or(0, |now| now.as_micros());
            let micros = u64::try_from(micros).unwrap_or(u64::MAX);
            drops().push((self.0, micros));
        }
    }
}

fn drops() -> std::sync::MutexGuard<'static, Vec<(u64, u64)>> {
    DROPS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// All numbers, as JSON.
pub(crate) fn counts() -> serde_json::Value {
    let tasks = tokio::runtime::Handle::current()
        .metrics()
        .num_alive_tasks();
    serde_json::json!({
        "begun": BEGUN.value(),
        "smuggled": SMUGGLED.value(),
        "received": RECEIVED.value(),
        "held": HELD.value() - DROPPED.value(),
        "tasks": tasks,
    })
}

/// Number and microseconds since 1970 of the guards that were dropped since this was asked last.
pub(crate) fn take_drops() -> serde_json::Value {
    serde_json::json!(std::mem::take(&mut *drops()))
}
