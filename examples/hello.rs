//! The smallest app: an async function.
//!
//! ```text
//! cargo run --example hello
//!
//! $ curl -i http://127.0.0.1:8000/
//! HTTP/1.1 200 OK
//! content-type: text/plain; charset=utf-8
//! content-length: 13
//!
//! hello, world
//! ```

use enfilade::Request;
use enfilade::core::HostError;

async fn hello(_: Request) -> &'static str {
    "hello, world\n"
}

fn main() -> Result<(), HostError> {
    enfilade::run(hello)
}
