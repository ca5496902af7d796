//! A middleware function that is not async.
//~ this function is not async
//~ write `async fn`

use enfilade::{Next, Pipeline, Request, from_fn};

fn log(_: Request, _: Next<'_>) -> &'static str {
    "log"
}

fn main() {
    let _ = Pipeline::new().with(from_fn(log));
}
