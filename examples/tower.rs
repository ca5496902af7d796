//! tower, in both directions: its layers stand in a pipeline, in reading order; an axum router is
//! mounted; and inside of it an Enfilade app is a tower service.
//!
//! ```text
//! cargo run --features tower --example tower
//!
//! $ curl -i -H 'origin: https://example.org' http://127.0.0.1:8000/shop/cart
//! access-control-allow-origin: *
//! the cart of 127.0.0.1, from axum
//! $ curl http://127.0.0.1:8000/shop/help/faq
//! script name /shop/help, path info /faq: from Enfilade, inside of axum
//! ```

use std::net::SocketAddr;

use axum::extract::{ConnectInfo, OriginalUri};
use axum::{Router, routing::get};
use enfilade::core::{AppService, HostError, Peer, from_service, tower};
use enfilade::{App, Mounts, Pipeline, Request, RequestExt};
use tower_http::cors::CorsLayer;
use tower_http::trace::TraceLayer;

/// It is inside of an axum router that is inside of a mount, and knows where.
async fn help(request: Request) -> String {
    format!(
        "script name {}, path info {}: from Enfilade, inside of axum\n",
        request.script_name(),
        request.path_info(),
    )
}

async fn cart(ConnectInfo(peer): ConnectInfo<SocketAddr>) -> String {
    format!("the cart of {}, from axum\n", peer.ip())
}

/// An axum router with an app inside: axum takes the prefix from the path, and remembers it.
fn shop() -> Router {
    let help = AppService::new(help)
        .with_original_uri(|extensions| extensions.get::<OriginalUri>().map(|uri| uri.0.clone()));
    Router::new()
        .route("/cart", get(cart))
        .nest_service("/help", help)
}

/// What axum's own server would tell its handlers of the client.
fn connect_info(request: &mut Request) {
    if let Peer::Inet(address) = *request.peer() {
        request.extensions_mut().insert(ConnectInfo(address));
    }
}

fn site() -> impl App {
    Pipeline::new()
        .with(tower(TraceLayer::new_for_http())) // the outermost
        .with(tower(CorsLayer::permissive()))
        .app(Mounts::new().mount("/shop", from_service(shop()).with_request(connect_info)))
}

fn main() -> Result<(), HostError> {
    enfilade::run(site())
}
