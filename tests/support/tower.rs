//! What the tests of tower's side share: mounts, and apps and clients on real sockets.

use std::net::SocketAddr;

use enfilade_core::{App, AppService, Body, Mounts, Peer, Request, Response};
use futures_util::{SinkExt, StreamExt};
use http::StatusCode;
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
};
use tokio::net::TcpListener;
use tokio_tungstenite::tungstenite::Message;

/// `app`, mounted at `prefix`.
pub(crate) fn at(prefix: &str, app: impl App + 'static) -> Mounts {
    Mounts::new().mount(prefix, app)
}

/// A request to `path`.
pub(crate) fn to(path: &str) -> Request {
    let mut request = Request::new(Body::empty());
    *request.uri_mut() = path.parse().expect("a Uri");
    request
}

/// A field of `response`, or nothing.
pub(crate) fn header<'a>(response: &'a Response, name: &str) -> &'a str {
    response
        .headers()
        .get(name)
        .map_or("", |value| value.to_str().expect("these tests write ASCII"))
}

/// The body of `response`.
pub(crate) async fn text(response: Response) -> String {
    let bytes = response.into_body().into_bytes(100_000).await;
    String::from_utf8(bytes.expect("it is whole").into()).expect("it is text")
}

/// Asks over a socket of its own, whose address it gives too.
pub(crate) async fn fetch(
    address: SocketAddr,
    request: http::Request<String>,
) -> (SocketAddr, http::Response<hyper::body::Incoming>) {
    let stream = tokio::net::TcpStream::connect(address)
        .await
        .expect("it listens");
    let local = stream.local_addr().expect("connected");
    let io = TokioIo::new(stream);
    let (mut client, connection) = hyper::client::conn::http1::handshake(io)
        .await
        .expect("HTTP/1.1");
    tokio::spawn(connection);
    (
        local,
        client.send_request(request).await.expect("an answer"),
    )
}

pub(crate) fn get_request(path: &str) -> http::Request<String> {
    http::Request::builder()
        .uri(path)
        .header("host", "localhost")
        .body(String::new())
        .expect("a request")
}

/// A WebSocket at `path` sends back what it is sent.
pub(crate) async fn echoes(address: SocketAddr, path: &str) {
    let stream = tokio::net::TcpStream::connect(address)
        .await
        .expect("it listens");
    let url = format!("ws://{address}{path}");
    let (mut socket, response) = tokio_tungstenite::client_async(url, stream)
        .await
        .expect("a handshake");
    assert_eq!(response.status(), StatusCode::SWITCHING_PROTOCOLS);
    for text in ["one", "two"] {
        socket.send(Message::text(text)).await.expect("sent");
        let echo = socket.next().await.expect("an echo").expect("no error");
        assert_eq!(echo, Message::text(text));
    }
    socket.close(None).await.expect("closed");
}

/// The body of what [`fetch`] gave.
pub(crate) async fn whole(response: http::Response<hyper::body::Incoming>) -> String {
    text(response.map(Body::new)).await
}

/// Serves `app` on a free port of the loopback, HTTP/1.1 and HTTP/2, until the test ends.
pub(crate) async fn serve(app: impl App + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("it is bound");
    let service = AppService::new(app);
    tokio::spawn(async move {
        while let Ok((stream, peer)) = listener.accept().await {
            let mut connection = service.connection().clone();
            connection.peer = Peer::inet(peer);
            let service = service.clone().with_connection(connection);
            tokio::spawn(async move {
                // Clients of these tests leave as they like.
                let _ = auto::Builder::new(TokioExecutor::new())
                    .serve_connection_with_upgrades(TokioIo::new(stream), service)
                    .await;
            });
        }
    });
    address
}
