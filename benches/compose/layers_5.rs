//! A program with 5 steps: how long does building it again take?

use std::pin::pin;

use enfilade_benches::{
    compose::{ready, set_header},
    five,
};
use enfilade_core::{App, Pipeline, Request};

fn main() {
    let new = Pipeline::new();
    let app = five!(new, set_header).app(async |_: Request| "hello");
    ready(pin!(app.respond(Request::default())));
}
