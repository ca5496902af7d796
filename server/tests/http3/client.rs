//! Clients of HTTP/3: h3's, and one that says what it is told to.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use bytes::{Buf, Bytes};
use enfilade_core::App;
use enfilade_server::{Limits, Listen, Server};
use h3::client::{RequestStream, SendRequest};
use h3_quinn::OpenStreams;
use http::{HeaderMap, Method, Request, Response};
use quinn::{ClientConfig, Endpoint, TransportConfig, VarInt, crypto::rustls::QuicClientConfig};
use tokio::time::timeout;

use crate::{certificates::Certificates, support::Running};

pub type Stream = RequestStream<h3_quinn::BidiStream<Bytes>, Bytes>;

/// Longer than anything here takes.
pub const LONG: Duration = Duration::from_secs(20);

pub fn server(certificates: &Certificates) -> Server {
    server_with(certificates, Limits::default())
}

pub fn server_with(certificates: &Certificates, limits: Limits) -> Server {
    let listen = Listen::at("127.0.0.1:0").with_tls(certificates.tls());
    Server::bind(listen.with_http3()).with_limits(limits)
}

/// A server for `app`, and the certificates that it shows.
pub fn start(app: impl App + 'static) -> (Running, Certificates) {
    start_with(Limits::default(), app)
}

pub fn start_with(limits: Limits, app: impl App + 'static) -> (Running, Certificates) {
    let certificates = Certificates::new();
    let server = server_with(&certificates, limits);
    (Running::with(server, app), certificates)
}

/// A connection of QUIC.
pub async fn connect(
    address: SocketAddr,
    name: &str,
    tls: tokio_rustls::rustls::ClientConfig,
    transport: TransportConfig,
) -> Result<(Endpoint, quinn::Connection), quinn::ConnectionError> {
    let endpoint = Endpoint::client("127.0.0.1:0".parse().expect("an address")).expect("a socket");
    let crypto = QuicClientConfig::try_from(tls).expect("TLS 1.3");
    let mut config = ClientConfig::new(Arc::new(crypto));
    config.transport_config(Arc::new(transport));
    let connecting = endpoint.connect_with(config, address, name);
    let quic = timeout(LONG, connecting.expect("it can begin"))
        .await
        .expect("in time")?;
    Ok((endpoint, quic))
}

/// h3's client.
pub struct Client {
    pub quic: quinn::Connection,
    pub sender: SendRequest<OpenStreams, Bytes>,
    port: u16,
    _endpoint: Endpoint,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub head: Response<()>,
    pub body: Bytes,
    pub trailers: Option<HeaderMap>,
}

impl Answer {
    pub fn status(&self) -> u16 {
        self.head.status().as_u16()
    }

    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("UTF-8")
    }
}

impl Client {
    pub async fn of(server: &Running, certificates: &Certificates) -> Client {
        let tls = certificates.client(false);
        Client::with(server, "localhost", tls, TransportConfig::default())
            .await
            .expect("it is let in")
    }

    pub async fn with(
        server: &Running,
        name: &str,
        tls: tokio_rustls::rustls::ClientConfig,
        transport: TransportConfig,
    ) -> Result<Client, quinn::ConnectionError> {
        let (endpoint, quic) = connect(server.addr(), name, tls, transport).await?;
        let transport = h3_quinn::Connection::new(quic.clone());
        // A server may find out only now whom it has let in.
        let Ok((mut driver, sender)) = h3::client::new(transport).await else {
            return Err(quic.closed().await);
        };
        tokio::spawn(async move { driver.wait_idle().await });
        Ok(Client {
            quic,
            sender,
            port: server.addr().port(),
            _endpoint: endpoint,
        })
    }

    pub fn request(&self, method: Method, path: &str) -> Request<()> {
        let request = Request::builder().method(method);
        let uri = format!("https://localhost:{}{path}", self.port);
        request.uri(uri).body(()).expect("a request")
    }

    /// Begins a request whose body follows.
    pub async fn begin(&mut self, request: Request<()>) -> Stream {
        self.sender.send_request(request).await.expect("it is open")
    }

    pub async fn send(&mut self, request: Request<()>, body: &[u8]) -> Answer {
        let mut stream = self.begin(request).await;
        if !body.is_empty() {
            let body = Bytes::copy_from_slice(body);
            stream.send_data(body).await.expect("it is read");
        }
        stream.finish().await.expect("it is read");
        receive(&mut stream).await
    }

    pub async fn get(&mut self, path: &str) -> Answer {
        let request = self.request(Method::GET, path);
        self.send(request, b"").await
    }

    pub async fn post(&mut self, path: &str, body: &[u8]) -> Answer {
        let request = self.request(Method::POST, path);
        self.send(request, body).await
    }
}

/// All of an answer.
pub async fn receive(stream: &mut Stream) -> Answer {
    timeout(LONG, try_receive(stream))
        .await
        .expect("in time")
        .expect("an answer")
}

pub async fn try_receive(stream: &mut Stream) -> Result<Answer, h3::error::StreamError> {
    let head = stream.recv_response().await?;
    let mut body = Vec::new();
    while let Some(mut data) = stream.recv_data().await? {
        body.extend_from_slice(&data.copy_to_bytes(data.remaining()));
    }
    let trailers = stream.recv_trailers().await?;
    Ok(Answer {
        head,
        body: body.into(),
        trailers,
    })
}

/// A client that says what it is told to.
pub struct Raw {
    pub quic: quinn::Connection,
    _endpoint: Endpoint,
    /// Its control stream stays open.
    pub control: quinn::SendStream,
}

/// `GET https://localhost/`, as one frame.
pub const GET: &[u8] = b"\x01\x10\0\0\xd1\xd7\xc1\x50\x09localhost";
/// `POST https://localhost/`.
pub const POST: &[u8] = b"\x01\x10\0\0\xd4\xd7\xc1\x50\x09localhost";

impl Raw {
    /// One that has said its settings.
    pub async fn of(server: &Running, certificates: &Certificates) -> Raw {
        let raw = Raw::silent(server, certificates, TransportConfig::default()).await;
        let mut raw = raw;
        raw.control.write_all(b"\0\x04\0").await.expect("room");
        raw
    }

    /// One that has said nothing yet.
    pub async fn silent(
        server: &Running,
        certificates: &Certificates,
        transport: TransportConfig,
    ) -> Raw {
        let tls = certificates.client(false);
        let (endpoint, quic) = connect(server.addr(), "localhost", tls, transport)
            .await
            .expect("it is let in");
        Raw {
            control: quic.open_uni().await.expect("room for it"),
            quic,
            _endpoint: endpoint,
        }
    }

    /// Sends `bytes` on a stream of a request, and ends it if `whole`.
    pub async fn say(&self, bytes: &[u8], whole: bool) -> (quinn::SendStream, quinn::RecvStream) {
        let (mut send, receive) = self.quic.open_bi().await.expect("room for it");
        // It fails where the server is done with it before it has read all.
        let _ = send.write_all(bytes).await;
        if whole {
            let _ = send.finish();
        }
        (send, receive)
    }

    /// What comes back to a whole request of these bytes: its bytes, or the code of a reset.
    pub async fn ask(&self, bytes: &[u8]) -> Result<Vec<u8>, u64> {
        let (_send, mut receive) = self.say(bytes, true).await;
        let read = timeout(LONG, receive.read_to_end(1 << 20)).await;
        match read.expect("in time") {
            Ok(answer) => Ok(answer),
            Err(quinn::ReadToEndError::Read(quinn::ReadError::Reset(code))) => {
                Err(code.into_inner())
            }
            Err(quinn::ReadToEndError::Read(quinn::ReadError::ConnectionLost(error))) => {
                Err(closed(&error))
            }
            Err(other) => panic!("{other}"),
        }
    }

    /// The code that the server closes the connection with.
    pub async fn closed(&self) -> u64 {
        let closed = timeout(LONG, self.quic.closed()).await;
        closed_with(closed.expect("in time"))
    }
}

fn closed(error: &quinn::ConnectionError) -> u64 {
    closed_with(error.clone())
}

fn closed_with(error: quinn::ConnectionError) -> u64 {
    match error {
        quinn::ConnectionError::ApplicationClosed(close) => VarInt::into_inner(close.error_code),
        other => panic!("{other}"),
    }
}

/// Whether `holds` comes true in time.
pub async fn soon(mut holds: impl FnMut() -> bool) -> bool {
    for _ in 0..1000 {
        if holds() {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    false
}
