//! Prints, for pipelines of 5, 25 and 50 steps, the size of the future of a call and how deep the
//! stack is at the handler, in bytes. A debug build shows the worst case.
#![allow(clippy::print_stdout, reason = "printing is what it is for")]

use std::{
    pin::pin,
    sync::atomic::{AtomicUsize, Ordering},
};

use enfilade_benches::{
    compose::{Noop, ready, set_header},
    five, twenty_five,
};
use enfilade_core::{App, Pipeline, Request};

/// Where the handler's frame was.
static HANDLER: AtomicUsize = AtomicUsize::new(0);

async fn handler(_: Request) -> &'static str {
    HANDLER.store(here(), Ordering::Relaxed);
    "hello"
}

/// About where the stack ends now.
#[inline(never)]
fn here() -> usize {
    let local = 0_u8;
    std::ptr::from_ref(&local).addr()
}

fn report(name: &str, app: impl App) {
    let future = app.respond(Request::default());
    let size = size_of_val(&future);
    let caller = here();
    ready(pin!(future));
    let depth = caller.abs_diff(HANDLER.load(Ordering::Relaxed));
    println!("{name} {size} {depth}");
}

fn main() {
    let new = Pipeline::new;
    let noop = |_| Noop;
    report("noop/0", new().app(handler));
    report("noop/5", five!(new(), noop).app(handler));
    report("noop/25", twenty_five!(new(), noop).app(handler));
    report(
        "noop/50",
        twenty_five!(twenty_five!(new(), noop), noop).app(handler),
    );
    let set = set_header;
    report("set-header/5", five!(new(), set).app(handler));
    report("set-header/25", twenty_five!(new(), set).app(handler));
    report(
        "set-header/50",
        twenty_five!(twenty_five!(new(), set), set).app(handler),
    );
}
