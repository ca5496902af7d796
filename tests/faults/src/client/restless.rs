//! Clients that ask without a pause, and lose no request unnoticed: [`Restless`].

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
};

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};
use tokio_rustls::{TlsConnector, rustls::pki_types::ServerName};

use super::Http1;

/// What such clients have seen, all together.
#[derive(Default)]
pub(crate) struct Restless {
    ends: AtomicBool,
    answered: AtomicU64,
    failed: AtomicU64,
    /// Streams that the server said it had not looked at (RFC 9113, section 6.8): they were asked
    /// again, and are none that failed.
    again: AtomicU64,
    connections: AtomicU64,
    why: Mutex<Vec<String>>,
}

/// The protocol that a client speaks.
#[derive(Clone)]
pub(crate) enum Speaks {
    Http1(SocketAddr),
    Http1Tls(SocketAddr, TlsConnector),
    Http2(SocketAddr),
    Http2Tls(SocketAddr, TlsConnector),
}

/// Streams at once on a connection of HTTP/2.
const STREAMS: usize = 8;

impl Restless {
    pub(crate) fn answered(&self) -> u64 {
        self.answered.load(Relaxed)
    }

    pub(crate) fn failed(&self) -> u64 {
        self.failed.load(Relaxed)
    }

    pub(crate) fn again(&self) -> u64 {
        self.again.load(Relaxed)
    }

    pub(crate) fn connections(&self) -> u64 {
        self.connections.load(Relaxed)
    }

    /// The first reasons of failures.
    pub(crate) fn why(&self) -> String {
        let why = self.why.lock().unwrap_or_else(PoisonError::into_inner);
        why.join("; ")
    }

    pub(crate) fn end(&self) {
        self.ends.store(true, Relaxed);
    }

    /// Asks until [`end`](Restless::end), over one connection after another.
    pub(crate) async fn ask(self: Arc<Restless>, speaks: Speaks) {
        while !self.ends.load(Relaxed) {
            self.connections.fetch_add(1, Relaxed);
            if let Err(error) = self.connection(&speaks).await {
                self.fail(&error);
            }
        }
    }

    fn fail(&self, error: &anyhow::Error) {
        self.failed.fetch_add(1, Relaxed);
        let mut why = self.why.lock().unwrap_or_else(PoisonError::into_inner);
        if why.len() < 5 {
            why.push(format!("{error:#}"));
        }
    }

    async fn connection(&self, speaks: &Speaks) -> Result<()> {
        let (Speaks::Http1(address)
        | Speaks::Http2(address)
        | Speaks::Http1Tls(address, _)
        | Speaks::Http2Tls(address, _)) = speaks;
        let stream = TcpStream::connect(address).await.context("connecting")?;
        stream.set_nodelay(true)?;
        let name = ServerName::try_from("localhost")?;
        match speaks {
            Speaks::Http1(_) => self.http1(stream).await,
            Speaks::Http2(_) => self.http2(stream).await,
            Speaks::Http1Tls(_, tls) => {
                self.http1(tls.connect(name, stream).await.context("TLS")?)
                    .await
            }
            Speaks::Http2Tls(_, tls) => {
                self.http2(tls.connect(name, stream).await.context("TLS")?)
                    .await
            }
        }
    }

    async fn http1(&self, stream: impl AsyncRead + AsyncWrite + Unpin) -> Result<()> {
        let mut client = Http1::of(stream);
        for count in 0.. {
            if self.ends.load(Relaxed) {
                break;
            }
            let answer = client.get("/").await;
            let answer = answer.with_context(|| format!("HTTP/1.1, request {count}"))?;
            ensure!(answer.body == b"hello", "another answer: {}", answer.head);
            self.answered.fetch_add(1, Relaxed);
            if answer.closes() {
                break;
            }
        }
        Ok(())
    }

    async fn http2<S>(&self, stream: S) -> Result<()>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let (client, connection) = h2::client::handshake(stream).await.context("HTTP/2")?;
        // How it ends, its streams tell.
        let connection = tokio::spawn(connection);
        let streams = (0..STREAMS).map(|_| self.stream(client.clone()));
        let ends = futures_util::future::join_all(streams).await;
        drop(client);
        connection.abort();
        for end in ends {
            if let Err(error) = end {
                self.fail(&error);
            }
        }
        Ok(())
    }

    /// Streams, one after the other, until the server wants no more of them.
    async fn stream(&self, mut client: h2::client::SendRequest<Bytes>) -> Result<()> {
        while !self.ends.load(Relaxed) {
            // Where there was GOAWAY, nothing is sent any more.
            client = match client.ready().await {
                Ok(client) => client,
                Err(error) if is_leaving(&error) => return Ok(()),
                Err(error) => return Err(error).context("HTTP/2, between requests"),
            };
            let request = http::Request::get("http://localhost/").body(())?;
            match answer(&mut client, request).await {
                Ok(body) => {
                    ensure!(body == b"hello"[..], "another answer: {body:?}");
                    self.answered.fetch_add(1, Relaxed);
                }
                Err(error) if is_leaving(&error) => {
                    self.again.fetch_add(1, Relaxed);
                    return Ok(());
                }
                Err(error) => return Err(error).context("HTTP/2"),
            }
        }
        Ok(())
    }
}

async fn answer(
    client: &mut h2::client::SendRequest<Bytes>,
    request: http::Request<()>,
) -> Result<Vec<u8>, h2::Error> {
    let (response, _) = client.send_request(request, true)?;
    let mut body = response.await?.into_body();
    let mut bytes = Vec::new();
    while let Some(block) = body.data().await {
        let block = block?;
        bytes.extend_from_slice(&block);
        body.flow_control().release_capacity(block.len())?;
    }
    Ok(bytes)
}

/// Whether the server has said, in order, that it has not looked at this stream, and will not.
fn is_leaving(error: &h2::Error) -> bool {
    let in_order = error.reason() == Some(h2::Reason::NO_ERROR);
    let refused = error.reason() == Some(h2::Reason::REFUSED_STREAM);
    (error.is_go_away() && error.is_remote() && in_order) || refused
}
