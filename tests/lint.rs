//! The lint over what this project itself has: its middleware, its examples, and `run`.

#[path = "lint/examples.rs"]
mod examples;
#[path = "lint/middleware.rs"]
mod middleware;
#[path = "lint/switch.rs"]
mod switch;
