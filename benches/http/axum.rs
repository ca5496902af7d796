//! axum with tower-http's layers: `serve-axum ROW PORT`.

use std::time::Duration;

use axum::{
    Router,
    extract::{Path, Request},
    middleware::{Next, from_fn},
    response::{IntoResponse, Response},
    routing::get,
    serve::ListenerExt,
};
use enfilade_benches::http::{
    Entry, FIELDS, HELLO, MOUNTS, ROUTES, arguments, is_authorized,
    layers::{Log, Pass},
    request_id,
};
use http::{HeaderName, HeaderValue, StatusCode};
use http_body::Body as _;
use tokio::{net::TcpListener, runtime::Builder};
use tower::ServiceBuilder;
use tower_http::{
    request_id::{MakeRequestId, PropagateRequestIdLayer, RequestId, SetRequestIdLayer},
    set_header::SetResponseHeaderLayer,
    timeout::TimeoutLayer,
    validate_request::ValidateRequestHeaderLayer,
};

const ID: HeaderName = HeaderName::from_static("x-request-id");
const PATIENCE: Duration = Duration::from_secs(30);

/// The five (a request id takes two layers) around whatever `$inner` adds.
macro_rules! stack {
    ($($inner:expr),*) => {
        ServiceBuilder::new()
            .layer(SetRequestIdLayer::new(ID, Uuids))
            .layer(PropagateRequestIdLayer::new(ID))
            .layer(Log)
            .layer(ValidateRequestHeaderLayer::custom(authorize))
            .layer(field(0))
            .layer(field(1))
            .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, PATIENCE))
            $(.layer($inner))*
    };
}

async fn hello() -> &'static str {
    HELLO
}

fn main() {
    let (row, port) = arguments();
    let app = Router::new().route("/", get(hello));
    let app = match row.as_str() {
        "hello" => app,
        "builder/stack5" => app.layer(stack!()),
        "builder/stack25" => {
            let five = || (Pass, Pass, Pass, Pass, Pass);
            app.layer(stack!(five(), five(), five(), five()))
        }
        "layer/stack25" => (0..20).fold(app, |app, _| app.layer(Pass)).layer(stack!()),
        "from-fn/stack5" => functions(app),
        "from-fn/stack25" => functions((0..20).fold(app, |app, _| app.layer(from_fn(pass)))),
        "deep" => (0..MOUNTS).fold(Router::new(), |site, n| {
            site.nest(&format!("/m{n}"), routes())
        }),
        other => panic!("no row `{other}`"),
    };
    let runtime = Builder::new_multi_thread().enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let listener = TcpListener::bind(("127.0.0.1", port)).await;
        let listener = listener.expect("a free port").tap_io(|stream| {
            let _ = stream.set_nodelay(true);
        });
        axum::serve(listener, app).await.expect("it does not end");
    });
}

#[derive(Clone)]
struct Uuids;

impl MakeRequestId for Uuids {
    fn make_request_id<B>(&mut self, request: &http::Request<B>) -> Option<RequestId> {
        Some(RequestId::new(request_id(request.headers())))
    }
}

#[allow(clippy::result_large_err, reason = "it is what the layer asks for")]
fn authorize<B>(request: &mut http::Request<B>) -> Result<(), Response> {
    if is_authorized(request.headers()) {
        Ok(())
    } else {
        Err(StatusCode::UNAUTHORIZED.into_response())
    }
}

fn field(n: usize) -> SetResponseHeaderLayer<HeaderValue> {
    let (name, value) = FIELDS[n];
    SetResponseHeaderLayer::overriding(
        HeaderName::from_static(name),
        HeaderValue::from_static(value),
    )
}

/// The five as functions, each a layer of its own.
fn functions(app: Router) -> Router {
    app.layer(from_fn(async |request: Request, next: Next| {
        let answer = tokio::time::timeout(PATIENCE, next.run(request)).await;
        answer.unwrap_or_else(|_| StatusCode::SERVICE_UNAVAILABLE.into_response())
    }))
    .layer(from_fn(async |request: Request, next: Next| {
        set(1, next.run(request).await)
    }))
    .layer(from_fn(async |request: Request, next: Next| {
        set(0, next.run(request).await)
    }))
    .layer(from_fn(async |request: Request, next: Next| {
        if is_authorized(request.headers()) {
            next.run(request).await
        } else {
            StatusCode::UNAUTHORIZED.into_response()
        }
    }))
    .layer(from_fn(async |request: Request, next: Next| {
        let entry = Entry::new(&request);
        let response = next.run(request).await;
        entry.write(response.status(), response.body().size_hint().lower());
        response
    }))
    .layer(from_fn(async |mut request: Request, next: Next| {
        let id = request_id(request.headers());
        request.headers_mut().insert(ID, id.clone());
        let mut response = next.run(request).await;
        response.headers_mut().insert(ID, id);
        response
    }))
}

fn set(n: usize, mut response: Response) -> Response {
    let (name, value) = FIELDS[n];
    let (name, value) = (
        HeaderName::from_static(name),
        HeaderValue::from_static(value),
    );
    response.headers_mut().insert(name, value);
    response
}

async fn pass(request: Request, next: Next) -> Response {
    next.run(request).await
}

fn routes() -> Router {
    (0..ROUTES).fold(Router::new(), |router, n| {
        let item = async move |Path(id): Path<String>| format!("{n}: {id}");
        router.route(&format!("/r{n}/items/{{id}}/detail"), get(item))
    })
}
