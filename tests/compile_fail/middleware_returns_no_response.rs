//! A middleware function that returns no response.
//~ `u32` is not a response
//~ return a `Response`, text, `Json`, a `(StatusCode, T)` pair, or a `Result` of them

use enfilade::{Next, Pipeline, Request, from_fn};

async fn log(request: Request, next: Next<'_>) -> u32 {
    next.respond(request).await.status().as_u16().into()
}

fn main() {
    let _ = Pipeline::new().with(from_fn(log));
}
