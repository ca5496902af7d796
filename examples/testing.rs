//! Testing: requests in process, through the same gateway as on a socket.
//!
//! ```text
//! cargo test --example testing
//! ```
fn main() {}
