//! An app as a service: in an axum `Router`, under hyper, and between both and this gateway.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
};

use ::tower::ServiceExt;
use axum::{
    Extension, Router,
    extract::{ConnectInfo, OriginalUri},
    routing::get,
};
use enfilade_core::{
    App, AppService, Body, Connection, Environ, ErrorSink, Gateway, OrStatus, Peer, Pipeline,
    Request, RequestExt, Response, Result, from_service, tower,
};
use futures_util::{SinkExt, StreamExt};
use http::header;
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{handshake::derive_accept_key, protocol::Role},
};

#[allow(dead_code, reason = "each test uses its part")]
#[path = "support/tower.rs"]
mod support;

use support::{at, echoes, fetch, get_request, header, serve, text, to, whole};

/// A WebSocket by the gateway's own means.
async fn native_echo(request: Request) -> Result {
    let upgrade = request.environ().upgrade().or_status(426)?.clone();
    let key = request
        .headers()
        .get(header::SEC_WEBSOCKET_KEY)
        .or_status(400)?;
    let accept = derive_accept_key(key.as_bytes()).parse()?;
    let mut response = upgrade.accept(async |io| {
        let mut socket = WebSocketStream::from_raw_socket(io, Role::Server, None).await;
        while let Some(Ok(message)) = socket.next().await {
            if message.is_close() || socket.send(message).await.is_err() {
                return;
            }
        }
    });
    response
        .headers_mut()
        .insert(header::SEC_WEBSOCKET_ACCEPT, accept);
    Ok(response)
}

#[tokio::test]
async fn an_app_takes_a_connection_over_under_hyper_through_layers_and_under_axum() {
    let layer = || tower(tower_http::trace::TraceLayer::new_for_http());
    echoes(
        serve(Pipeline::new().with(layer()).app(native_echo)).await,
        "/",
    )
    .await;

    let router = Router::new().fallback_service(AppService::new(native_echo));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a free port");
    let address = listener.local_addr().expect("it is bound");
    tokio::spawn(async move { axum::serve(listener, router).await });
    echoes(address, "/any").await;

    // And with this gateway outside of axum as well.
    let router = Router::new().nest_service("/inner", AppService::new(native_echo));
    echoes(
        serve(at("/outer", from_service(router))).await,
        "/outer/inner/x",
    )
    .await;
}

#[tokio::test]
async fn without_an_offer_there_is_nothing_to_take_over() {
    let (_, response) = fetch(serve(native_echo).await, get_request("/")).await;
    assert_eq!(response.status(), 426);
}

/// What the app sees.
async fn split(request: Request) -> Response {
    let body = format!(
        "{} = {} + {} from {}",
        request.uri(),
        request.script_name(),
        request.path_info(),
        request.peer(),
    );
    let mut response = Response::new(Body::from(body));
    let location = request.url_for("/home").parse().expect("a path");
    response.headers_mut().insert(header::LOCATION, location);
    response
}

fn in_axum(app: impl App + 'static) -> Router {
    let service = AppService::new(app)
        .with_original_uri(|extensions| extensions.get::<OriginalUri>().map(|uri| uri.0.clone()))
        .with_request(|request| {
            let peer = request
                .extensions()
                .get::<ConnectInfo<SocketAddr>>()
                .copied();
            if let Some(ConnectInfo(peer)) = peer {
                request.environ_mut().connection_mut().peer = Peer::inet(peer);
            }
        });
    Router::new()
        .nest("/in", Router::new().nest_service("/app", service.clone()))
        .route_service("/route/{*rest}", service.clone())
        .fallback_service(service)
        .layer(Extension(ConnectInfo(SocketAddr::from((
            [192, 0, 2, 7],
            5,
        )))))
}

#[tokio::test]
async fn an_app_in_an_axum_router_knows_where_it_is() {
    let app = from_service(in_axum(split));
    for (path, seen, location) in [
        ("/route/x?q", "/route/x?q =  + /route/x", "/home"),
        ("/other", "/other =  + /other", "/home"),
        ("/in/app", "/in/app = /in/app + ", "/in/app/home"),
        ("/in/app/", "/in/app/ = /in/app + /", "/in/app/home"),
        ("/in/app/x?q", "/in/app/x?q = /in/app + /x", "/in/app/home"),
    ] {
        let response = app.respond(to(path)).await;
        assert_eq!(header(&response, "location"), location, "{path}");
        assert_eq!(text(response).await, format!("{seen} from 192.0.2.7"));
    }
}

#[tokio::test]
async fn a_nested_app_that_is_not_told_believes_to_be_at_the_root() {
    let router = Router::new().nest_service("/app", AppService::new(split));
    let response = from_service(router).respond(to("/app/x")).await;
    assert_eq!(text(response).await, "/x =  + /x from -");
}

#[tokio::test]
async fn an_app_in_a_router_in_a_mount_sees_its_whole_path_and_its_redirects_are_prefixed_once() {
    // The gateway's own mark is enough: no option is needed.
    let plain = Router::new().nest_service("/in", AppService::new(split));
    for router in [plain, Router::new().nest("/in", in_axum(split))] {
        let app = at("/out", from_service(router));
        let response = app.respond(to("/out/in/x?q")).await;
        assert!(header(&response, "location").starts_with("/out/in"));
        let location = header(&response, "location").to_owned();
        let body = text(response).await;
        let (_, split) = body.split_once(" = ").expect("a split");
        let prefix = location.strip_suffix("/home").expect("to home");
        assert!(body.starts_with("/out/in/x?q"), "{body}");
        assert!(
            split.starts_with(&format!("{prefix} + ")),
            "{body} {location}"
        );
    }
}

#[tokio::test]
async fn the_environ_of_the_host_reaches_axum_and_the_app_behind_it() {
    async fn host(Extension(environ): Extension<Environ>) -> &'static str {
        environ.connection().host
    }
    let address = serve(from_service(
        Router::new()
            .route("/axum", get(host))
            .fallback_service(AppService::new(split)),
    ))
    .await;
    let (_, response) = fetch(address, get_request("/axum")).await;
    assert_eq!(whole(response).await, "tower");
    let (_, response) = fetch(address, get_request("/x")).await;
    let body = whole(response).await;
    assert_eq!(body, "/x =  + /x from 127.0.0.1");
}

#[tokio::test]
async fn a_panic_behind_axum_is_a_500_and_the_connection_lives() {
    let panics = async |request: Request| -> &'static str {
        assert_ne!(request.path_info(), "/panic", "on purpose");
        "fine"
    };
    let router = Router::new().fallback_service(AppService::new(panics));
    let (_, response) = {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        tokio::spawn(async move { axum::serve(listener, router).await });
        fetch(address, get_request("/panic")).await
    };
    assert_eq!(response.status(), 500);
    let body = whole(response).await;
    assert!(!body.contains("purpose"), "{body:?}");
}

/// Counts what is reported.
#[derive(Default)]
struct Reports(AtomicUsize);

impl ErrorSink for Reports {
    fn report(&self, _: &str) {
        self.0.fetch_add(1, SeqCst);
    }
}

#[tokio::test]
async fn a_server_error_is_reported_once_by_the_outermost_host() {
    async fn fails(_: Request) -> Result<&'static str> {
        Err("x".parse::<u8>().expect_err("no number").into())
    }
    let reports = Arc::new(Reports::default());
    let mut connection = Connection::default();
    connection.errors = reports.clone();

    let alone = AppService::new(fails).with_connection(connection.clone());
    let response = alone.oneshot(Request::default()).await.expect("infallible");
    assert_eq!(
        (response.status().as_u16(), reports.0.load(SeqCst)),
        (500, 1)
    );

    let mut request = to("/x");
    request
        .extensions_mut()
        .insert(Environ::new(Arc::new(connection), http::Version::HTTP_11));
    let router = Router::new().fallback_service(AppService::new(fails));
    let response = Gateway::new(from_service(router)).answer(request).await;
    assert_eq!(
        (response.status().as_u16(), reports.0.load(SeqCst)),
        (500, 2)
    );
}

#[tokio::test]
async fn a_service_keeps_the_connections_fields_from_the_app_and_ends_with_a_final_status() {
    let app = async |request: Request| match request.uri().path() {
        "/fields" => Ok(format!(
            "{:?}",
            request.headers().keys().collect::<Vec<_>>()
        )),
        "/upgrade" => {
            let capabilities = request.environ().connection().capabilities;
            Ok(capabilities.upgrade.to_string())
        }
        path => Err(enfilade_core::Error::status(
            path[1..].parse::<u16>().unwrap_or_default(),
        )),
    };
    let ask = async |path: &str, version| {
        let request = http::Request::get(path)
            .version(version)
            .header("connection", "keep-alive, x-hop")
            .header("x-hop", "1")
            .header("x-kept", "1")
            .body(Body::empty())
            .expect("a request");
        let response = AppService::new(app).oneshot(request).await;
        let (head, body) = response.expect("it is infallible").into_parts();
        let body = body.into_bytes(1000).await.expect("a body in memory");
        (head.status.as_u16(), body)
    };
    let http1 = http::Version::HTTP_11;
    assert_eq!(ask("/fields", http1).await.1, "[\"x-kept\"]");
    assert_eq!(ask("/upgrade", http1).await.1, "true");
    assert_eq!(ask("/upgrade", http::Version::HTTP_2).await.1, "false");
    for status in ["/100", "/101", "/103"] {
        assert_eq!(ask(status, http1).await.0, 500, "{status}");
    }
}
