//! A tower layer given to `with` as it is.
//~ a tower layer becomes a step with `tower(layer)`

use enfilade::Pipeline;
use tower::limit::ConcurrencyLimitLayer;

fn main() {
    let _ = Pipeline::new().with(ConcurrencyLimitLayer::new(3));
}
