//! Middleware that breaks the rule book, between the two sides of a lint that have other lints
//! between them: none is blind to what the others let pass.

use enfilade_core::{
    App, BoxApp, Next, Pipeline, Request, Response, from_fn, from_fn_with, lint::Lint,
};

use crate::{
    case::{Case, get, read},
    middleware::{cuts_trailers, one_cookie, shouts, tagged, twice, with_trailers},
};

/// What a lint finds that stands several times in the app that `make` gives.
fn case(rule: &'static str, name: &'static str, whose: &str, make: fn(Lint) -> BoxApp) -> Case {
    Case::new(rule, name, whose, async move || {
        let (lint, findings) = Lint::collecting();
        let app = make(lint);
        read(app.respond(get("/")).await.into_body()).await;
        findings.take()
    })
}

async fn pass(request: Request, next: Next<'_>) -> Response {
    next.respond(request).await
}

pub(crate) fn broken() -> Vec<Case> {
    vec![
        case(
            "M4",
            "other bytes behind a lint of the same step",
            "`Lint -> FromFnWith<&str, shouts>`",
            |lint| {
                let step = Pipeline::new()
                    .with(lint.clone())
                    .with(from_fn_with("etag", shouts));
                Pipeline::new().with(lint.around(step)).app(tagged).boxed()
            },
        ),
        case(
            "M8",
            "a cookie that is lost in front of a lint of the same step",
            "`FromFn<one_cookie> -> Lint`",
            |lint| {
                let step = Pipeline::new().with(from_fn(one_cookie)).with(lint.clone());
                Pipeline::new().with(lint.around(step)).app(tagged).boxed()
            },
        ),
        case(
            "M8",
            "a cookie that is lost in front of a pair",
            "`FromFn<one_cookie> -> Lint(FromFn<pass>)`",
            |lint| {
                let step = Pipeline::new()
                    .with(from_fn(one_cookie))
                    .with(lint.clone().around(from_fn(pass)));
                Pipeline::new().with(lint.around(step)).app(tagged).boxed()
            },
        ),
        case(
            "M8",
            "trailers that are lost behind a pair",
            "`Lint(FromFn<pass>) -> FromFn<cuts_trailers>`",
            |lint| {
                let step = Pipeline::new()
                    .with(lint.clone().around(from_fn(pass)))
                    .with(from_fn(cuts_trailers));
                let app = Pipeline::new().with(lint.around(step));
                app.app(with_trailers).boxed()
            },
        ),
        case(
            "M4",
            "other bytes in a pair of a pair",
            "`FromFnWith<&str, shouts>`",
            |lint| {
                let inner = lint.clone().around(from_fn_with("etag", shouts));
                Pipeline::new().with(lint.around(inner)).app(tagged).boxed()
            },
        ),
        case(
            "M5",
            "a pair that is asked twice",
            "`FromFn<twice> -> Lint(FromFn<pass>)`",
            |lint| {
                let step = Pipeline::new()
                    .with(from_fn(twice))
                    .with(lint.clone().around(from_fn(pass)));
                Pipeline::new().with(lint.around(step)).app(tagged).boxed()
            },
        ),
    ]
}
