//! A middleware function with a state that is not its first argument.
//~ expected function signature

use enfilade::{Next, Pipeline, Request, Response, core::from_fn_with};

async fn log(request: Request, next: Next<'_>, _: u8) -> Response {
    next.respond(request).await
}

fn main() {
    let _ = Pipeline::new().with(from_fn_with(1_u8, log));
}
