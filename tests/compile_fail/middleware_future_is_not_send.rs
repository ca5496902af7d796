//! A middleware function that holds what cannot leave its thread across an `.await`.
//~ future returned by `log` is not `Send`
//~ await occurs here, with `name` maybe used later

use std::rc::Rc;

use enfilade::{Next, Pipeline, Request, Response, from_fn};

async fn log(request: Request, next: Next<'_>) -> Response {
    let name = Rc::new("log");
    let response = next.respond(request).await;
    assert!(!name.is_empty());
    response
}

fn main() {
    let _ = Pipeline::new().with(from_fn(log));
}
