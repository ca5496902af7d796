//! Stacks of equal work, ours and the peers', each as something that can be called.

use std::{
    pin::Pin,
    task::{Context, Poll, Waker},
};

mod axum;
mod ours;
mod tower;

pub use ours::{AsyncSetHeader, Noop, async_set_header, set_header};

/// The names of all subjects, in the order of the table.
pub const NAMES: &[&str] = &[
    "enfilade/noop/0",
    "enfilade/noop/1",
    "enfilade/noop/5",
    "enfilade/noop/7",
    "enfilade/noop/8",
    "enfilade/noop/25",
    "enfilade/noop/50",
    "enfilade/set-header/5",
    "enfilade/set-header/25",
    "enfilade/async-set-header/5",
    "enfilade/from-fn/5",
    "enfilade/from-fn/25",
    "enfilade/boxed/5",
    "tower/noop/0",
    "tower/set-header/5",
    "axum/noop/0",
    "axum/set-header/5",
    "axum/from-fn/5",
];

/// One stack; a call makes a request, has it answered, and drops the response.
pub type Subject = Box<dyn FnMut()>;

/// The stack of that name.
#[must_use]
pub fn subject(name: &str) -> Option<Subject> {
    let (peer, stack) = name.split_once('/')?;
    match peer {
        "enfilade" => ours::subject(stack),
        "tower" => tower::subject(stack),
        "axum" => axum::subject(stack),
        _ => None,
    }
}

/// The fields that the set-header stacks set: each layer another one, as in real stacks.
pub const FIELDS: [(&str, &str); 5] = [
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "no-referrer"),
    ("permissions-policy", "camera=()"),
    ("x-powered-by", "steam"),
];

/// The output of a future that never waits: no runtime stands between the figures and the stack.
/// Pinned where it was made, because moving it would be counted too.
///
/// # Panics
///
/// If the future waits.
pub fn ready<T>(future: Pin<&mut impl Future<Output = T>>) -> T {
    match future.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => unreachable!("nothing in these stacks waits"),
    }
}
