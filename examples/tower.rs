//! tower, in both directions: its layers in a pipeline, in reading order; an axum router mounted;
//! an Enfilade app inside of an axum router.
//!
//! ```text
//! cargo run --features tower --example tower
//!
//! $ curl -i -H 'origin: https://example.org' http://127.0.0.1:8000/shop/cart
//! access-control-allow-origin: *
//! the cart, from axum
//! $ curl http://127.0.0.1:8000/shop/help/faq
//! /faq, from Enfilade inside of axum
//! ```
fn main() {}
