//! A middleware closure that captures.
//~ pass what it captures through `from_fn_with(state, f)`, or implement `Middleware` for a struct

use enfilade::{Next, Pipeline, Request, from_fn};

fn main() {
    let name = String::from("log");
    let _ = Pipeline::new().with(from_fn(async move |request: Request, next: Next<'_>| {
        assert!(!name.is_empty());
        next.respond(request).await
    }));
}
