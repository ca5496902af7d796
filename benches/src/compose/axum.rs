//! axum's stacks: layers around a `Router`.

use std::{hint::black_box, pin::pin};

use axum::{
    Router,
    body::Body,
    extract::Request,
    middleware::{Next, from_fn},
    response::Response,
    routing::get,
};
use tower::Service;

use super::{Subject, ready, tower::set_header};

pub(super) fn subject(stack: &str) -> Option<Subject> {
    let router = Router::new().route("/", get(empty));
    Some(call(match stack {
        "noop/0" => router,
        "set-header/5" => router
            .layer(set_header(0))
            .layer(set_header(1))
            .layer(set_header(2))
            .layer(set_header(3))
            .layer(set_header(4)),
        "from-fn/5" => (0..5).fold(router, |router, _| router.layer(from_fn(pass))),
        _ => return None,
    }))
}

async fn empty(_: Request) -> Response {
    Response::new(Body::from("hello"))
}

async fn pass(request: Request, next: Next) -> Response {
    next.run(request).await
}

/// Called on one router that is never cloned from outside, as its own `serve` would not do cheaper.
fn call(mut router: Router) -> Subject {
    Box::new(move || {
        let request = Request::new(Body::empty());
        let response = ready(pin!(Service::<Request>::call(
            &mut router,
            black_box(request)
        )));
        black_box(response.unwrap_or_else(|never| match never {}));
    })
}
