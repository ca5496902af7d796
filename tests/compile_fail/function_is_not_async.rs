//! A function that is not async.
//~ this function is not async
//~ write `async fn`, or a closure `async |request: Request| ..`

use enfilade::{App, Pipeline, Request};

fn hello(_: Request) -> &'static str {
    "hello"
}

fn site() -> impl App {
    Pipeline::new().app(hello)
}

fn main() {
    let _ = site();
}
