//! A tower layer whose service is made for another body type.
//~ this tower service does not fit in the gateway:
//~ the documentation of `enfilade_core::troubleshooting`

use enfilade::{
    Pipeline,
    core::tower,
};

async fn pass(request: axum::extract::Request, next: axum::middleware::Next) -> axum::response::Response {
    next.run(request).await
}

fn main() {
    let _ = Pipeline::new().with(tower(axum::middleware::from_fn(pass)));
}
