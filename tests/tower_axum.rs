//! An axum `Router` as an app: at the root, and mounted under a prefix.

use std::{net::SocketAddr, time::Duration};

use axum::{
    Extension, Router,
    extract::{ConnectInfo, MatchedPath, OriginalUri, Path, Query, WebSocketUpgrade},
    response::Redirect,
    routing::{any, get},
};
use enfilade_core::{
    App, FitService, FromService, Mounted, Peer, Pipeline, RequestExt, from_service, lint::Lint,
};
use futures_util::{StreamExt, stream};
use http_body_util::BodyExt;
use tower_http::services::ServeDir;

#[allow(dead_code, reason = "each test uses its part")]
#[path = "support/tower.rs"]
mod support;

use support::{at, echoes, fetch, get_request, header, serve, text, to, whole};

/// What axum itself sees.
async fn seen(uri: http::Uri, original: OriginalUri, matched: MatchedPath) -> String {
    format!("{uri} {} {}", original.0, matched.as_str())
}

fn shop() -> Router {
    let items = Router::new()
        .route("/", get(seen))
        .route("/{id}", get(seen))
        .route(
            "/{id}/edit",
            get(async |Path(id): Path<u32>| Redirect::to(&format!("/items/{id}"))),
        );
    Router::new()
        .route("/", get(seen))
        .nest("/items", items)
        .route(
            "/login",
            get(async || {
                (
                    [("set-cookie", "id=1; Path=/; HttpOnly")],
                    Redirect::to("/"),
                )
            }),
        )
        .route("/away", get(async || Redirect::to("https://example.com/x")))
        .route("/up", get(async || Redirect::to("../x")))
        .route(
            "/mount",
            get(async |Extension(mounted): Extension<Mounted>| mounted.url_for("/items")),
        )
}

#[tokio::test]
async fn a_mounted_router_sees_its_own_path_and_its_nested_routers_theirs() {
    let app = at("/a/shop", from_service(shop()));
    for (path, body) in [
        ("/a/shop", "/ / /"),
        ("/a/shop/", "/ / /"),
        ("/a/shop?q=/a/shop", "/?q=/a/shop /?q=/a/shop /"),
        ("/a/shop/items/7?q", "/7?q /items/7?q /items/{id}"),
        ("/a/shop/mount", "/a/shop/items"),
    ] {
        let response = app.respond(to(path)).await;
        assert_eq!(response.status(), 200, "{path}");
        assert_eq!(text(response).await, body, "{path}");
    }
    assert_eq!(app.respond(to("/a/shop/nowhere")).await.status(), 404);
}

#[tokio::test]
async fn redirects_and_cookies_of_a_mounted_router_stay_under_the_prefix() {
    let app = at("/shop", from_service(shop()));
    for (path, location, cookie) in [
        ("/shop/items/7/edit", "/shop/items/7", ""),
        ("/shop/login", "/shop/", "id=1; Path=/shop; HttpOnly"),
        ("/shop/away", "https://example.com/x", ""),
        ("/shop/up", "../x", ""),
    ] {
        let response = app.respond(to(path)).await;
        assert_eq!(header(&response, "location"), location, "{path}");
        assert_eq!(header(&response, "set-cookie"), cookie, "{path}");
    }
    let root = from_service(shop()).respond(to("/login")).await;
    assert_eq!(header(&root, "location"), "/");
    assert_eq!(header(&root, "set-cookie"), "id=1; Path=/; HttpOnly");
}

#[tokio::test]
async fn a_service_that_was_built_for_its_prefix_keeps_the_whole_path() {
    let app = at(
        "/shop",
        from_service(Router::new().nest("/shop", shop())).with_whole_path(),
    );
    let response = app.respond(to("/shop/login")).await;
    assert_eq!(header(&response, "location"), "/");
    assert_eq!(
        text(app.respond(to("/shop/items/7")).await).await,
        "/7 /shop/items/7 /shop/items/{id}"
    );
}

#[tokio::test]
async fn a_mounted_file_server_redirects_to_its_directories() {
    let src = concat!(env!("CARGO_MANIFEST_DIR"), "/core");
    let app = at("/files", from_service(ServeDir::new(src)));
    let response = app.respond(to("/files/Cargo.toml")).await;
    assert!(text(response).await.contains("enfilade-core"));
    let response = app.respond(to("/files/src")).await;
    assert_eq!(header(&response, "location"), "/files/src/");
}

/// The three lines that the documentation of `with_request` shows.
fn with_connect_info<S: FitService>(service: FromService<S>) -> FromService<S> {
    service.with_request(|request| {
        if let Peer::Inet(address) = *request.peer() {
            request.extensions_mut().insert(ConnectInfo(address));
        }
    })
}

fn live() -> Router {
    Router::new()
        .route(
            "/peer",
            get(async |ConnectInfo(peer): ConnectInfo<SocketAddr>| peer.to_string()),
        )
        .route(
            "/events",
            get(async || {
                // The second block never comes: whoever waits for the end waits forever.
                let blocks = stream::iter([Ok::<_, std::io::Error>("first")]);
                axum::body::Body::from_stream(blocks.chain(stream::pending()))
            }),
        )
        .route(
            "/ws",
            any(async |upgrade: WebSocketUpgrade| {
                upgrade.on_upgrade(async |mut socket| {
                    while let Some(Ok(message)) = socket.recv().await {
                        if socket.send(message).await.is_err() {
                            return;
                        }
                    }
                })
            }),
        )
        .route(
            "/upload",
            axum::routing::post(async |body: String| body.len().to_string()),
        )
}

async fn live_site() -> SocketAddr {
    let router = with_connect_info(from_service(live()));
    serve(
        Pipeline::new()
            .with(Lint::panicking())
            .app(at("/live", router)),
    )
    .await
}

#[tokio::test]
async fn connect_info_tells_the_peer_of_the_connection() {
    let address = live_site().await;
    let (local, response) = fetch(address, get_request("/live/peer")).await;
    let body = whole(response).await;
    assert_eq!(body, local.to_string());
}

#[tokio::test]
async fn a_stream_of_a_mounted_router_arrives_before_it_ends() {
    let address = live_site().await;
    let (_, mut response) = fetch(address, get_request("/live/events")).await;
    let frame = tokio::time::timeout(Duration::from_secs(10), response.body_mut().frame());
    let frame = frame
        .await
        .expect("it does not wait for the end")
        .expect("a frame")
        .expect("no error");
    assert_eq!(frame.into_data().expect("data"), "first");
}

#[tokio::test]
async fn an_upload_reaches_a_mounted_router() {
    let address = live_site().await;
    let request = http::Request::post("/live/upload")
        .header("host", "localhost")
        .body("x".repeat(100_000))
        .expect("a request");
    let (_, response) = fetch(address, request).await;
    let body = whole(response).await;
    assert_eq!(body, "100000");
}

#[tokio::test]
async fn a_websocket_of_a_mounted_router_echoes_to_a_real_client() {
    echoes(live_site().await, "/live/ws").await;
}

#[tokio::test]
async fn query_extractors_see_the_query_under_a_prefix() {
    async fn sum(Query(pairs): Query<Vec<(String, u32)>>) -> String {
        pairs.iter().map(|pair| pair.1).sum::<u32>().to_string()
    }
    let app = at("/a", from_service(Router::new().route("/", get(sum))));
    assert_eq!(text(app.respond(to("/a?x=1&y=2")).await).await, "3");
}
