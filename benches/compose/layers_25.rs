//! A program with 25 steps: how long does building it again take, when its app has changed?

use std::pin::pin;

use enfilade_benches::{
    compose::{async_set_header, ready},
    twenty_five,
};
use enfilade_core::{App, Pipeline, Request};

fn main() {
    let new = Pipeline::new();
    let app =
        twenty_five!(new, async_set_header).app(async |_: Request| option_env!("COMPOSE_CHANGE"));
    ready(pin!(app.respond(Request::default())));
}
