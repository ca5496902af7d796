//! A program with 50 steps: how long does building it again take?

use std::pin::pin;

use enfilade_benches::{
    compose::{SetHeader, ready},
    twenty_five,
};
use enfilade_core::{App, Pipeline, Request};

fn main() {
    let new = Pipeline::new();
    let app = twenty_five!(twenty_five!(new, SetHeader::nth), SetHeader::nth)
        .app(async |_: Request| "hello");
    ready(pin!(app.respond(Request::default())));
}
