//! Real tower layers in pipelines, in any place.

use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use ::tower::{
    Layer, ServiceBuilder,
    buffer::BufferLayer,
    limit::{ConcurrencyLimitLayer, GlobalConcurrencyLimitLayer, RateLimitLayer},
    load_shed::LoadShedLayer,
    service_fn,
    timeout::TimeoutLayer,
};
use enfilade_core::{
    App, Body, Cause, Error, Next, Pipeline, Request, Response, from_fn, from_service, tower,
};
use http::{HeaderName, HeaderValue, StatusCode};
use http_body_util::BodyExt;
use tokio::time::sleep;
use tower_http::{
    compression::CompressionLayer,
    cors::CorsLayer,
    limit::RequestBodyLimitLayer,
    map_request_body::MapRequestBodyLayer,
    normalize_path::NormalizePathLayer,
    request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer},
    set_header::{SetRequestHeaderLayer, SetResponseHeaderLayer},
    trace::TraceLayer,
};

#[allow(dead_code, reason = "each test uses its part")]
#[path = "support/tower.rs"]
mod support;

use support::{header, text};

async fn pass(request: Request, next: Next<'_>) -> Response {
    next.respond(request).await
}

fn request() -> Request {
    http::Request::builder()
        .uri("/x")
        .header("accept-encoding", "gzip")
        .header("origin", "http://a")
        .body(Body::empty())
        .expect("a request")
}

async fn slow(_: Request) -> &'static str {
    sleep(Duration::from_secs(3600)).await;
    "slow"
}

/// An app that counts how many of its calls run at the same time.
#[derive(Clone, Default)]
struct Busy {
    now: Arc<AtomicUsize>,
    most: Arc<AtomicUsize>,
}

impl App for Busy {
    async fn respond(&self, _: Request) -> Response {
        self.most
            .fetch_max(self.now.fetch_add(1, SeqCst) + 1, SeqCst);
        sleep(Duration::from_millis(5)).await;
        self.now.fetch_sub(1, SeqCst);
        Response::new(Body::from("x".repeat(1000)))
    }
}

impl Busy {
    /// Forty requests at once.
    async fn storm(&self, app: impl App + 'static) -> usize {
        let app = app.boxed();
        let calls: Vec<_> = (0..40)
            .map(|_| {
                let app = app.clone();
                tokio::spawn(async move { app.respond(request()).await })
            })
            .collect();
        for call in calls {
            assert_eq!(call.await.expect("no panic").status(), 200);
        }
        self.most.load(SeqCst)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_layers_of_tower_http_stand_in_any_place_between_native_steps() {
    let id = HeaderName::from_static("x-request-id");
    let stack = Pipeline::new()
        .with(())
        .with(tower(tower_http::timeout::TimeoutLayer::with_status_code(
            StatusCode::GATEWAY_TIMEOUT,
            Duration::from_secs(60),
        )))
        .with(tower(SetResponseHeaderLayer::overriding(
            HeaderName::from_static("x-inner"),
            HeaderValue::from_static("1"),
        )));
    let app = Pipeline::new()
        .with(())
        .with(tower(TraceLayer::new_for_http()))
        .with(tower(SetRequestIdLayer::new(id.clone(), MakeRequestUuid)))
        .with(tower(PropagateRequestIdLayer::new(id.clone())))
        .with(from_fn(pass))
        .with(Some(()))
        .with(tower(CorsLayer::permissive()))
        .with(tower(CompressionLayer::new()))
        .with(stack)
        .with(tower(RequestBodyLimitLayer::new(4)))
        .with(tower(SetRequestHeaderLayer::overriding(
            HeaderName::from_static("x-to-app"),
            HeaderValue::from_static("2"),
        )))
        .with(from_fn(async |request: Request, next: Next<'_>| {
            next.respond(request).await
        }))
        .app(async |mut request: Request| {
            let seen = format!(
                "{:?} {:?}",
                request.headers().get("x-to-app"),
                request.headers().contains_key("x-request-id")
            );
            match request.body_mut().collect().await {
                Ok(_) => (StatusCode::OK, seen + &"x".repeat(1000)),
                Err(_) => (StatusCode::PAYLOAD_TOO_LARGE, String::new()),
            }
        });
    let response = app.respond(request()).await;
    assert_eq!(response.status(), 200);
    assert_eq!(header(&response, "content-encoding"), "gzip");
    assert_eq!(header(&response, "access-control-allow-origin"), "*");
    assert_eq!(header(&response, "x-inner"), "1");
    assert_eq!(header(&response, "x-request-id").len(), 36);
    let body = response
        .into_body()
        .into_bytes(10_000)
        .await
        .expect("it is whole");
    assert_eq!(body[..2], [0x1f, 0x8b], "gzip");

    let mut plain = request();
    plain.headers_mut().remove("accept-encoding");
    let body = text(app.respond(plain).await).await;
    assert!(body.starts_with("Some(\"2\") true"), "{body}");

    // The limit sees the length where it is said, and counts where it is not.
    for body in [
        Body::from("12345"),
        Body::stream(futures_util::stream::iter([Ok::<_, Infallible>(
            "12345".into(),
        )])),
    ] {
        let response = app.respond(request().map(|_| body)).await;
        assert_eq!(response.status(), 413);
        assert_eq!(header(&response, "access-control-allow-origin"), "*");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_concurrency_limit_limits() {
    let busy = Busy::default();
    let app = Pipeline::new()
        .with(())
        .with(tower(ConcurrencyLimitLayer::new(3)))
        .with(from_fn(pass))
        .app(busy.clone());
    assert_eq!(busy.storm(app).await, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_concurrency_limit_around_a_service_limits() {
    let busy = Busy::default();
    let service = ServiceBuilder::new()
        .layer(GlobalConcurrencyLimitLayer::new(3))
        .service(enfilade_core::AppService::new(busy.clone()));
    assert_eq!(busy.storm(from_service(service)).await, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pipeline_that_is_cloned_applies_its_layers_anew() {
    let stack = Pipeline::new().with(tower(ConcurrencyLimitLayer::new(3)));
    let busy = Busy::default();
    let (first, second) = (stack.clone().app(busy.clone()), stack.app(busy.clone()));
    let (first, second) = tokio::join!(busy.storm(first), busy.storm(second));
    assert_eq!(first.max(second), 6);
}

#[tokio::test]
async fn a_tuple_of_layers_is_one_step_in_reading_order() {
    let name = HeaderName::from_static("x-order");
    let layer =
        |value| SetResponseHeaderLayer::appending(name.clone(), HeaderValue::from_static(value));
    let app = Pipeline::new()
        .with(tower((
            layer("a"),
            layer("b"),
            ConcurrencyLimitLayer::new(1),
        )))
        .with(tower(layer("c")))
        .app(async |_: Request| "x");
    let response = app.respond(request()).await;
    let order: Vec<_> = response.headers().get_all("x-order").iter().collect();
    assert_eq!(order, ["c", "b", "a"], "a response leaves from the inside");
}

#[tokio::test]
async fn debug_prints_layers_in_their_place_and_what_is_behind_them() {
    let app = Pipeline::new()
        .with(tower(ConcurrencyLimitLayer::new(1)))
        .with(from_fn(pass))
        .app(slow);
    assert_eq!(
        format!("{app:?}"),
        "tower(ConcurrencyLimitLayer) -> FromFn<pass> -> slow"
    );
}

#[tokio::test(start_paused = true)]
async fn a_timeout_is_a_504_with_its_cause_and_passes_the_middleware_outside() {
    let app = Pipeline::new()
        .with(from_fn(async |request: Request, next: Next<'_>| {
            let mut response = next.respond(request).await;
            response
                .headers_mut()
                .insert("x-outside", HeaderValue::from_static("1"));
            response
        }))
        .with(tower(TimeoutLayer::new(Duration::from_secs(1))))
        .app(slow);
    let response = app.respond(request()).await;
    assert_eq!(response.status(), 504);
    assert_eq!(header(&response, "x-outside"), "1");
    let cause = response.extensions().get::<Cause>().expect("it is kept");
    assert_eq!(cause.chain(), "request timed out");
    assert!(
        !text(response).await.contains("timed out"),
        "the cause is for loggers"
    );
}

#[tokio::test(start_paused = true)]
async fn overload_is_a_503() {
    let app = Pipeline::new()
        .with(tower((LoadShedLayer::new(), ConcurrencyLimitLayer::new(1))))
        .app(slow)
        .boxed();
    let first = tokio::spawn({
        let app = app.clone();
        async move { app.respond(request()).await }
    });
    tokio::task::yield_now().await;
    let response = app.respond(request()).await;
    assert_eq!(response.status(), 503);
    assert_eq!(first.await.expect("no panic").status(), 200);
}

#[tokio::test]
async fn any_other_error_is_a_500_and_the_user_may_know_better() {
    let failing =
        || service_fn(|_: Request| async { Err::<Response, _>(std::io::Error::other("no route")) });
    let response = from_service(failing()).respond(request()).await;
    assert_eq!(response.status(), 500);
    let cause = response.extensions().get::<Cause>().expect("it is kept");
    assert_eq!(cause.chain(), "no route");

    let app = from_service(failing()).with_error(|error| Error::status(502).because(error));
    assert_eq!(app.respond(request()).await.status(), 502);

    let app = Pipeline::new()
        .with(
            tower(TimeoutLayer::new(Duration::ZERO))
                .with_error(|error| Error::status(408).because(error)),
        )
        .app(slow);
    assert_eq!(app.respond(request()).await.status(), 408);
}

#[tokio::test]
async fn an_error_is_written_in_the_form_that_the_client_accepts() {
    let mut request = request();
    request
        .headers_mut()
        .insert("accept", HeaderValue::from_static("application/json"));
    let app = Pipeline::new()
        .with(tower(TimeoutLayer::new(Duration::ZERO)))
        .app(slow);
    let response = app.respond(request).await;
    let wanted = {
        let mut request = self::request();
        request
            .headers_mut()
            .insert("accept", HeaderValue::from_static("application/json"));
        Error::status(504).response_to(&request)
    };
    assert_eq!(
        response.headers().get("content-type"),
        wanted.headers().get("content-type")
    );
}

#[tokio::test(start_paused = true)]
async fn a_rate_limit_fits_behind_a_buffer() {
    let app = Pipeline::new()
        .with(tower((
            BufferLayer::<Request>::new(8),
            RateLimitLayer::new(2, Duration::from_secs(10)),
        )))
        .app(async |_: Request| "x");
    let begin = tokio::time::Instant::now();
    for _ in 0..4 {
        assert_eq!(app.respond(request()).await.status(), 200);
    }
    assert!(
        begin.elapsed() >= Duration::from_secs(10),
        "{:?}",
        begin.elapsed()
    );
}

#[tokio::test]
async fn an_axum_middleware_function_fits_once_it_has_its_body_type() {
    let layer = axum::middleware::from_fn(
        async |mut request: axum::extract::Request, next: axum::middleware::Next| {
            request
                .headers_mut()
                .insert("x-axum", HeaderValue::from_static("in"));
            next.run(request).await
        },
    );
    let app = Pipeline::new()
        .with(tower((
            MapRequestBodyLayer::new(axum::body::Body::new),
            layer,
        )))
        .app(async |request: Request| format!("{:?}", request.headers().get("x-axum")));
    assert_eq!(text(app.respond(request()).await).await, "Some(\"in\")");
}

#[tokio::test]
async fn a_layer_that_rewrites_the_path_stands_around_the_service_that_wants_it() {
    let router = axum::Router::new().route("/x", axum::routing::get(async || "x"));
    let app = from_service(NormalizePathLayer::trim_trailing_slash().layer(router));
    let mut request = request();
    *request.uri_mut() = "/x/".parse().expect("a Uri");
    assert_eq!(text(app.respond(request).await).await, "x");
}

#[tokio::test(start_paused = true)]
async fn a_request_that_is_cancelled_gives_its_place_back() {
    let app = Pipeline::new()
        .with(tower(ConcurrencyLimitLayer::new(1)))
        .app(slow)
        .boxed();
    for _ in 0..3 {
        let call = tokio::time::timeout(Duration::from_secs(1), app.respond(request()));
        call.await.expect_err("it takes an hour");
    }
    assert_eq!(app.respond(request()).await.status(), 200);
}
