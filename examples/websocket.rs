//! An upgrade: the connection leaves HTTP and becomes a WebSocket that echoes.
//!
//! ```text
//! cargo run --example websocket
//!
//! $ curl -i http://127.0.0.1:8000/echo
//! HTTP/1.1 426 Upgrade Required
//! upgrade: websocket
//! $ npx wscat -c ws://127.0.0.1:8000/echo
//! > hello
//! < hello
//! ```
//!
//! The gateway hands over the connection, on any host that can; the protocol is a library's.

use enfilade::core::{HostError, Io};
use enfilade::{Error, Request, RequestExt, Response, Result, Router};
use futures_util::{SinkExt, StreamExt};
use http::{HeaderValue, header};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{handshake::derive_accept_key, protocol::Role},
};

async fn echo(request: Request) -> Result<Response> {
    let key = request.headers().get(header::SEC_WEBSOCKET_KEY);
    let upgrade = request
        .environ()
        .upgrade()
        .filter(|offer| offer.protocol() == "websocket");
    let (Some(upgrade), Some(key)) = (upgrade, key) else {
        return Err(Error::status(426)
            .message("this is a WebSocket")
            .header(header::UPGRADE, HeaderValue::from_static("websocket")));
    };
    let accept = HeaderValue::try_from(derive_accept_key(key.as_bytes()))?;
    let stopping = request.environ().stopping().clone();

    let mut response = upgrade.clone().accept(async move |io: Io| {
        let socket = WebSocketStream::from_raw_socket(io, Role::Server, None).await;
        let (mut sink, mut messages) = socket.split();
        // A server that stops says goodbye instead of hanging up.
        let mut messages = messages.by_ref().take_until(stopping);
        while let Some(Ok(message)) = messages.next().await {
            let echoes = message.is_text() || message.is_binary();
            if echoes && sink.send(message).await.is_err() {
                return;
            }
        }
        let _ = sink.close().await; // the client may have gone first
    });
    response
        .headers_mut()
        .insert(header::SEC_WEBSOCKET_ACCEPT, accept);
    Ok(response)
}

fn main() -> Result<(), HostError> {
    enfilade::run(Router::new().get("/echo", echo))
}
