//! An axum router that still lacks its state.
//~ this tower service does not fit in the gateway
//~ it must take `http::Request<Body>`, be `Clone + Send + 'static`

use enfilade::core::from_service;

fn main() {
    let _ = from_service(axum::Router::<u8>::new());
}
