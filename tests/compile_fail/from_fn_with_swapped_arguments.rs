//! A middleware function whose arguments are in the wrong order.
//~ expected function signature

use enfilade::{Next, Pipeline, Request, Response, from_fn};

async fn log(next: Next<'_>, request: Request) -> Response {
    next.respond(request).await
}

fn main() {
    let _ = Pipeline::new().with(from_fn(log));
}
