//! A program with 25 steps: how long does building it again take?

use std::pin::pin;

use enfilade_benches::{
    compose::{ready, set_header},
    twenty_five,
};
use enfilade_core::{App, Pipeline, Request};

fn main() {
    let new = Pipeline::new();
    let app = twenty_five!(new, set_header).app(async |_: Request| "hello");
    ready(pin!(app.respond(Request::default())));
}
