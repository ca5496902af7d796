//! A program with 5 steps: how long does building it again take, when its app has changed?

use std::pin::pin;

use enfilade_benches::{
    compose::{async_set_header, ready},
    five,
};
use enfilade_core::{App, Pipeline, Request};

fn main() {
    let new = Pipeline::new();
    let app = five!(new, async_set_header).app(async |_: Request| option_env!("COMPOSE_CHANGE"));
    ready(pin!(app.respond(Request::default())));
}
