//! The same, where a method is called on the function.
//~ the method `boxed` exists
//~ its trait bounds were not satisfied

use enfilade::{App, Request};

async fn count(_: Request) -> u32 {
    7
}

fn main() {
    let _ = count.boxed();
}
