//! State: a value that apps share, given to each call. Nothing global, nothing by type.
//!
//! ```text
//! cargo run --example state
//!
//! $ curl http://127.0.0.1:8000/hits
//! 1
//! $ curl http://127.0.0.1:8000/hits
//! 2
//! $ curl -X DELETE -i http://127.0.0.1:8000/hits
//! HTTP/1.1 204 No Content
//! ```

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use enfilade::core::{HostError, with_state};
use enfilade::{App, Request, Router};
use http::StatusCode;

/// What the apps share. An `Arc` of it is cheap to clone, one for each call.
#[derive(Default)]
struct Counter {
    hits: AtomicU64,
}

async fn count(counter: Arc<Counter>, _: Request) -> String {
    format!("{}\n", counter.hits.fetch_add(1, Ordering::Relaxed) + 1)
}

async fn reset(counter: Arc<Counter>, _: Request) -> StatusCode {
    counter.hits.store(0, Ordering::Relaxed);
    StatusCode::NO_CONTENT
}

fn site(counter: Arc<Counter>) -> impl App {
    Router::new()
        .get("/hits", with_state(counter.clone(), count))
        .delete("/hits", with_state(counter, reset))
}

fn main() -> Result<(), HostError> {
    enfilade::run(site(Arc::default()))
}
