//! Handshakes while an authority may be looking at the server (RFC 8737).

use std::sync::Arc;

use tokio::io::AsyncWriteExt;
use tokio_rustls::{
    LazyConfigAcceptor,
    rustls::{ServerConfig, server::Acceptor},
    server::TlsStream,
};

use super::keeper::Keeper;
use crate::stream::Stream;

/// Reads what a client says first, before it is chosen how to answer. An authority is shown what it
/// looks for, and the connection is closed: nothing is said behind the handshake (section 3).
pub(super) async fn shake(
    stream: Stream,
    usual: Arc<ServerConfig>,
    keepers: Vec<Arc<dyn Keeper>>,
) -> Option<TlsStream<Stream>> {
    let begun = LazyConfigAcceptor::new(Acceptor::default(), stream);
    let begun = begun.await.ok()?;
    let examination = {
        let hello = begun.client_hello();
        keepers.iter().find_map(|keeper| keeper.examination(&hello))
    };
    let Some(examination) = examination else {
        return begun.into_stream(usual).await.ok();
    };
    let mut shown = begun.into_stream(examination).await.ok()?;
    // An authority that has seen enough may have left.
    let _ = shown.shutdown().await;
    None
}
