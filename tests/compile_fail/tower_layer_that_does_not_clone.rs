//! A tower layer whose service counts for itself.
//~ this tower service does not fit in the gateway
//~ the trait `Clone` is not implemented
//~ the documentation of `enfilade_core::troubleshooting`

use std::time::Duration;

use enfilade::{Pipeline, core::tower};
use tower::limit::RateLimitLayer;

fn main() {
    let _ = Pipeline::new().with(tower(RateLimitLayer::new(1, Duration::from_secs(1))));
}
