//! A closure that does not name the type of its argument.
//~ type annotations needed

use enfilade::Pipeline;

fn main() {
    let _ = Pipeline::new().app(async |request| request.uri().to_string());
}
