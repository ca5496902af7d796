//! A handler that holds what cannot leave its thread across an `.await`.
//~ future returned by `hello` is not `Send`
//~ await occurs here, with `name` maybe used later

use std::{future::ready, rc::Rc};

use enfilade::{Pipeline, Request};

async fn hello(_: Request) -> String {
    let name = Rc::new("hello");
    ready(()).await;
    name.to_string()
}

fn main() {
    let _ = Pipeline::new().app(hello);
}
