//! The same, asked as a function.
//~ `u32` is not a response

use enfilade::{App, Request};

async fn count(_: Request) -> u32 {
    7
}

fn main() {
    let _ = App::boxed(count);
}
