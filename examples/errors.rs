//! Errors: `?` on anything, a status where one is right, and the form that the client accepts.
//!
//! ```text
//! cargo run --example errors
//!
//! $ curl -i http://127.0.0.1:8000/orders/x
//! HTTP/1.1 400 Bad Request
//! $ curl -i http://127.0.0.1:8000/orders/7
//! HTTP/1.1 409 Conflict
//! content-type: text/plain; charset=utf-8
//!
//! Conflict: order 7 was sent already
//! $ curl -H 'accept: application/json' http://127.0.0.1:8000/orders/7
//! {"title":"Conflict","status":409,"detail":"order 7 was sent already"}
//! $ curl http://127.0.0.1:8000/stock     # the cause is on the server's standard error stream
//! Service Unavailable
//! $ curl -i http://127.0.0.1:8000/panic  # a 500, and the next request is served as ever
//! ```

use enfilade::core::{HostError, OrStatus};
use enfilade::{Error, Request, RequestExt, Result, Router};

async fn cancel(request: Request) -> Result<String> {
    let order: u64 = request.param("order")?; // 400, and says why, where it is no number
    if order % 2 == 1 {
        return Err(Error::status(409).message(format!("order {order} was sent already")));
    }
    Ok(format!("order {order} is cancelled\n"))
}

async fn stock(_: Request) -> Result<String> {
    let file = tokio::fs::read_to_string("/var/lib/shop/stock")
        .await
        .or_status(503)?;
    let pieces: u64 = file.trim().parse()?; // any error: a 500 that keeps its cause
    Ok(format!("{pieces} in stock\n"))
}

async fn panic(_: Request) -> String {
    panic!("a bug, and its text is for the log alone")
}

fn main() -> Result<(), HostError> {
    enfilade::run(
        Router::new()
            .get("/orders/{order}", cancel)
            .get("/stock", stock)
            .get("/panic", panic),
    )
}
