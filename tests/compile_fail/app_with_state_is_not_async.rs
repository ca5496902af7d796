//! An app with a state that is not async.
//~ this function is not async

use enfilade::{Pipeline, Request, core::with_state};

fn hello(_: u8, _: Request) -> &'static str {
    "hello"
}

fn main() {
    let _ = Pipeline::new().app(with_state(1_u8, hello));
}
