//! A function given to `with` as it is.
//~ becomes middleware with `from_fn(f)`

use enfilade::{Next, Pipeline, Request, Response};

async fn log(request: Request, next: Next<'_>) -> Response {
    next.respond(request).await
}

fn main() {
    let _ = Pipeline::new().with(log);
}
