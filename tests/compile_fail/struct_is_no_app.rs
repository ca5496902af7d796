//! A struct that does not implement `App`.
//~ `Site` is not an application
//~ an application is `async fn(Request) -> impl IntoResponse`, or a type that implements `App`

use enfilade::Pipeline;

struct Site;

fn main() {
    let _ = Pipeline::new().app(Site);
}
