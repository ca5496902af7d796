//! What keeps the rules is let pass without a word, and as it was.

use std::{
    pin::Pin,
    task::{Context, Poll, Waker},
};

use enfilade_core::{
    App, Body, Environ, Gateway, Mounts, Next, Pipeline, Redirect, Request, RequestExt, Response,
    Router, Upgrade, from_fn,
    lint::{Finding, Lint},
};
use futures_util::{StreamExt, stream};
use http::{HeaderValue, Method};
use http_body::{Body as HttpBody, Frame};

use crate::case::{answer, frames, frames_of, get, plain, post, read, trailers};

async fn pass(request: Request, next: Next<'_>) -> Response {
    next.respond(request).await
}

/// Asks `app` through lints on all sides, and gives what they found.
async fn found(request: Request, app: impl App + 'static) -> Vec<Finding> {
    let (lint, findings) = Lint::collecting();
    let app = Pipeline::new()
        .with(lint.clone())
        .with(lint.around(from_fn(pass)))
        .app(app);
    read(app.respond(request).await.into_body()).await;
    drop(app);
    findings.take()
}

#[tokio::test]
async fn good_answers_give_nothing_to_find() {
    let answers: [fn() -> Response; 9] = [
        || plain("hello"),
        || plain(""),
        || plain(frames(["one", "", "two"])),
        || answer(204, &[], ""),
        || answer(205, &[("content-length", "0")], ""),
        || {
            answer(
                304,
                &[
                    ("etag", "W/\"a\""),
                    ("vary", "accept"),
                    ("content-length", "9"),
                ],
                "",
            )
        },
        || answer(201, &[("location", "/new")], ""),
        || {
            answer(
                206,
                &[
                    ("content-type", "text/plain"),
                    ("content-range", "bytes 0-4/9"),
                ],
                "hello",
            )
        },
        || {
            let fields = [("content-type", "text/plain"), ("trailer", "X-Sum")];
            answer(
                200,
                &fields,
                frames_of([Frame::data("a".into()), trailers(&[("x-sum", "1")])]),
            )
        },
    ];
    for make in answers {
        let found = found(get("/"), move |_: Request| std::future::ready(make())).await;
        assert!(found.is_empty(), "{found:?}");
    }
}

#[tokio::test]
async fn good_requests_give_nothing_to_find() {
    let mut asterisk = get("*");
    *asterisk.method_mut() = Method::OPTIONS;
    let mut tunnel = get("example.org:443");
    *tunnel.method_mut() = Method::CONNECT;
    let upload = post(&[("content-length", "6")], frames(["one", "two"]));
    for request in [
        get("/a%2Fb//?x=/../"),
        asterisk,
        tunnel,
        upload,
        post(&[], "abc".into()),
    ] {
        let found = found(request, async |mut request: Request| {
            let body = std::mem::take(request.body_mut());
            read(body).await;
            "done"
        })
        .await;
        assert!(found.is_empty(), "{found:?}");
    }
}

#[tokio::test]
async fn mounts_and_routers_move_the_split_as_they_may() {
    let app = || {
        let page = async |request: Request| Redirect::to(request.url_for("/x"));
        let router = Router::new().get("/page/{n}", page);
        Mounts::new().mount("/shop", Router::new().mount("/inner", router))
    };
    for path in ["/shop/inner/page/1", "/shop/inner", "/other"] {
        let request = get(path);
        let (lint, findings) = Lint::collecting();
        let app = Pipeline::new().with(lint).app(app());
        read(app.respond(request).await.into_body()).await;
        let found = findings.take();
        assert!(found.is_empty(), "{path}: {found:?}");
    }
}

#[tokio::test]
async fn an_upgrade_passes() {
    let mut request = get("/chat");
    let websocket = HeaderValue::from_static("websocket");
    let headers = request.headers_mut();
    headers.insert("upgrade", websocket.clone());
    headers.insert("connection", HeaderValue::from_static("upgrade"));
    let mut environ: Environ = request.environ().clone();
    environ.set_upgrade(Upgrade::new(websocket));
    request.extensions_mut().insert(environ);
    let app = async |request: Request| {
        let upgrade = request.environ().upgrade().expect("it is offered").clone();
        upgrade.accept(|_| async {})
    };
    let found = found(request, app).await;
    assert!(found.is_empty(), "{found:?}");
}

#[tokio::test]
async fn what_a_gateway_lets_through_beside_an_upgrade_passes() {
    let mut request = get("/chat");
    let headers = request.headers_mut();
    for (name, value) in [
        ("connection", "keep-alive, Upgrade"),
        ("upgrade", "websocket"),
        ("keep-alive", "timeout=5"),
        ("te", "trailers"),
        ("proxy-connection", "keep-alive"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    let websocket = HeaderValue::from_static("websocket");
    request.environ_mut().set_upgrade(Upgrade::new(websocket));
    let (lint, findings) = Lint::collecting();
    let app = Pipeline::new().with(lint).app(async |_: Request| "no");
    let response = Gateway::new(app).answer(request).await;
    read(response.into_body()).await;
    let found = findings.take();
    assert!(found.is_empty(), "{found:?}");
}

#[tokio::test]
async fn bytes_in_memory_stay_in_memory() {
    let app = Pipeline::new()
        .with(Lint::panicking().around(from_fn(pass)))
        .app(async |_: Request| plain("hello"));
    let response = app.respond(get("/")).await;
    assert_eq!(response.body().in_memory_len(), Some(5));
    assert_eq!(
        response.into_body().try_into_bytes().expect("bytes"),
        "hello"
    );
}

#[tokio::test]
async fn no_frame_is_held_back_by_the_lint_itself() {
    let app = Pipeline::new()
        .with(Lint::panicking().around(from_fn(pass)))
        .app(async |_: Request| {
            let first = stream::iter([Ok::<_, std::convert::Infallible>("one".into())]);
            plain(Body::stream(first.chain(stream::pending())))
        });
    let mut body = app.respond(get("/")).await.into_body();
    let mut cx = Context::from_waker(Waker::noop());
    assert!(matches!(
        Pin::new(&mut body).poll_frame(&mut cx),
        Poll::Ready(Some(Ok(_)))
    ));
    assert!(Pin::new(&mut body).poll_frame(&mut cx).is_pending());
}

/// What a middleware declares, it may do.
#[tokio::test]
async fn what_is_declared_is_allowed() {
    async fn collects_twice(request: Request, next: Next<'_>) -> Response {
        let mut first = get("/");
        *first.extensions_mut() = request.extensions().clone();
        read(next.respond(first).await.into_body()).await;
        let (head, body) = next.respond(request).await.into_parts();
        let bytes = body.into_bytes(1000).await.unwrap_or_default();
        Response::from_parts(head, bytes.into())
    }
    let (lint, findings) = Lint::collecting();
    let step = lint
        .around(from_fn(collects_twice))
        .with_buffering()
        .with_replay();
    let app = Pipeline::new()
        .with(step)
        .app(async |_: Request| plain(frames(["one", "two"])));
    read(app.respond(get("/")).await.into_body()).await;
    let found = findings.take();
    assert!(found.is_empty(), "{found:?}");
}
