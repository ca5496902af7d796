//! An app with a state that is not its first argument.
//~ expected function signature

use enfilade::{Pipeline, Request, core::with_state};

async fn hello(_: Request, _: u8) -> &'static str {
    "hello"
}

fn main() {
    let _ = Pipeline::new().app(with_state(1_u8, hello));
}
