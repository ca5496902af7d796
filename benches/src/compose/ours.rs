//! Enfilade's stacks.

use std::{hint::black_box, pin::pin};

use enfilade_core::{
    App, Body, BoxMiddleware, Middleware, Next, Pipeline, Request, Response, from_fn,
};
use enfilade_middleware::SetHeader;
use http::{HeaderName, HeaderValue};

use super::{FIELDS, Subject, ready};

/// A middleware that does nothing: what composition itself costs.
#[derive(Clone, Copy, Debug)]
pub struct Noop;

impl Middleware for Noop {
    async fn handle(&self, request: Request, next: &impl App) -> Response {
        next.respond(request).await
    }
}

/// Sets the `n`-th of [`FIELDS`], counted round.
#[must_use]
pub fn set_header(n: usize) -> SetHeader {
    let (name, value) = FIELDS[n % FIELDS.len()];
    SetHeader::response(
        HeaderName::from_static(name),
        HeaderValue::from_static(value),
    )
}

/// The same in the form in which most people will write theirs: `async fn handle`.
#[derive(Clone, Debug)]
pub struct AsyncSetHeader(HeaderName, HeaderValue);

/// Sets the `n`-th of [`FIELDS`], counted round, as most people will write it.
#[must_use]
pub fn async_set_header(n: usize) -> AsyncSetHeader {
    let (name, value) = FIELDS[n % FIELDS.len()];
    AsyncSetHeader(
        HeaderName::from_static(name),
        HeaderValue::from_static(value),
    )
}

impl Middleware for AsyncSetHeader {
    async fn handle(&self, request: Request, next: &impl App) -> Response {
        let mut response = next.respond(request).await;
        response.headers_mut().insert(&self.0, self.1.clone());
        response
    }
}

async fn pass(request: Request, next: Next<'_>) -> Response {
    next.respond(request).await
}

async fn empty(_: Request) -> Response {
    Response::new(Body::from("hello"))
}

/// `$step` five times behind `$pipeline`; `$n` counts from `$base`.
#[macro_export]
macro_rules! five {
    ($pipeline:expr, $step:expr) => {
        $pipeline
            .with($step(0))
            .with($step(1))
            .with($step(2))
            .with($step(3))
            .with($step(4))
    };
}

/// `$step` twenty-five times behind `$pipeline`.
#[macro_export]
macro_rules! twenty_five {
    ($pipeline:expr, $step:expr) => {
        $crate::five!(
            $crate::five!(
                $crate::five!($crate::five!($crate::five!($pipeline, $step), $step), $step),
                $step
            ),
            $step
        )
    };
}

/// What a request costs: `app` answers one that is empty, and the response is dropped.
fn call(app: impl App + 'static) -> Subject {
    Box::new(move || {
        black_box(ready(pin!(app.respond(black_box(Request::default())))));
    })
}

pub(super) fn subject(stack: &str) -> Option<Subject> {
    let new = Pipeline::new;
    let noop = |_| Noop;
    let function = |_| from_fn(pass);
    let boxed = |_| BoxMiddleware::new(Noop);
    Some(match stack {
        "noop/0" => call(new().app(empty)),
        "noop/1" => call(new().with(Noop).app(empty)),
        "noop/5" => call(five!(new(), noop).app(empty)),
        "noop/7" => call(five!(new(), noop).with(Noop).with(Noop).app(empty)),
        "noop/8" => call(
            five!(new(), noop)
                .with(Noop)
                .with(Noop)
                .with(Noop)
                .app(empty),
        ),
        "noop/25" => call(twenty_five!(new(), noop).app(empty)),
        "noop/50" => call(twenty_five!(twenty_five!(new(), noop), noop).app(empty)),
        "set-header/5" => call(five!(new(), set_header).app(empty)),
        "set-header/25" => call(twenty_five!(new(), set_header).app(empty)),
        "async-set-header/5" => call(five!(new(), async_set_header).app(empty)),
        "from-fn/5" => call(five!(new(), function).app(empty)),
        "from-fn/25" => call(twenty_five!(new(), function).app(empty)),
        "boxed/5" => call(five!(new(), boxed).app(empty)),
        _ => return None,
    })
}
