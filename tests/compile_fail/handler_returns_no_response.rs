//! A handler that returns what is no response.
//~ `u32` is not a response
//~ return a `Response`, text, `Json`, a `(StatusCode, T)` pair, or a `Result` of them

use enfilade::{Pipeline, Request};

async fn count(_: Request) -> u32 {
    7
}

fn main() {
    let _ = Pipeline::new().app(count);
}
