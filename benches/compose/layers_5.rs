//! A program with 5 steps: how long does building it again take?

use std::pin::pin;

use enfilade_benches::{
    compose::{SetHeader, ready},
    five,
};
use enfilade_core::{App, Pipeline, Request};

fn main() {
    let new = Pipeline::new();
    let app = five!(new, SetHeader::nth).app(async |_: Request| "hello");
    ready(pin!(app.respond(Request::default())));
}
