//! An async closure that owns what it captures, as an app.
//~ use `with_state(state, f)`, or `move |request: Request| { let db = db.clone(); async move { .. } }`

use enfilade::{Pipeline, Request};

fn main() {
    let name = String::from("hello");
    let _ = Pipeline::new().app(async move |_: Request| name.clone());
}
