//! HTTP/3, by h3's client: [`Http3`].

use std::{error::Error, io, net::SocketAddr, sync::Arc};

use bytes::{Buf, Bytes};
use h3::{
    client::{RequestStream, SendRequest},
    error::{Code, StreamError},
};
use h3_quinn::OpenStreams;
use http::{HeaderMap, HeaderName, HeaderValue};
use quinn::{ClientConfig, Endpoint, crypto::rustls::QuicClientConfig};

use super::{
    Authority, Exchanging, Target,
    body::fields,
    http2::request,
    progress::{Event, Progress, Sending},
};
use crate::{Answer, Ask, End, Feature, Framing};

/// A host that speaks HTTP/3, and a client of it. Needs a tokio runtime.
#[derive(Clone, Debug)]
pub struct Http3 {
    name: String,
    address: SocketAddr,
    authority: Authority,
}

impl Http3 {
    /// The host at the UDP port of `address`, for whom `authority` vouches, called `name` in the
    /// matrix.
    pub fn new(name: impl Into<String>, address: SocketAddr, authority: Authority) -> Http3 {
        Http3 {
            name: name.into(),
            address,
            authority,
        }
    }

    async fn exchanges(&self, asks: &[Ask]) -> Result<Vec<Answer>, Box<dyn Error>> {
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let endpoint = Endpoint::client(any)?;
        let crypto = QuicClientConfig::try_from(self.authority.config(b"h3"))?;
        let config = ClientConfig::new(Arc::new(crypto));
        let connecting = endpoint.connect_with(config, self.address, "localhost")?;
        let quic = connecting.await?;
        let (mut driver, client) = h3::client::new(h3_quinn::Connection::new(quic.clone())).await?;
        let driving = tokio::spawn(async move { driver.wait_idle().await });
        let mut answers = Vec::new();
        for ask in asks {
            answers.push(answer(client.clone(), ask).await);
        }
        driving.abort();
        quic.close(0x100_u32.into(), b"");
        Ok(answers)
    }
}

impl Target for Http3 {
    fn name(&self) -> &str {
        &self.name
    }

    fn lacks(&self, feature: Feature) -> Option<&str> {
        Some(match feature {
            Feature::RawHead => "heads are made by the client's library",
            Feature::AnyTarget => "HTTP/3 has fields in place of a target",
            Feature::Http10 => "this is HTTP/3",
            Feature::HopByHop => "HTTP/3 has no such fields",
            Feature::Upgrade => "HTTP/3 has no upgrade",
            Feature::Expect => "the client's library has no way to wait",
            Feature::ScriptName => "HTTP names no script name: the host's deployer does",
            _ => return None,
        })
    }

    fn is_tls(&self) -> bool {
        true
    }

    fn exchange(&self, asks: Vec<Ask>) -> Exchanging<'_> {
        Box::pin(async move {
            match self.exchanges(&asks).await {
                Ok(answers) => answers,
                Err(error) => asks.iter().map(|_| Answer::broken(&error)).collect(),
            }
        })
    }
}

async fn answer(mut client: SendRequest<OpenStreams, Bytes>, ask: &Ask) -> Answer {
    let request = match request(ask, true) {
        Ok(request) => request,
        Err(error) => return Answer::broken(format_args!("HTTP/3 cannot carry it: {error}")),
    };
    let stream = match client.send_request(request).await {
        Ok(stream) => stream,
        Err(error) => return Answer::broken(chain(&error)),
    };
    let (sending, mut receiving) = stream.split();
    let mut upload = Upload {
        stream: sending,
        left: match ask.framing {
            Framing::None => Some(0),
            Framing::Length(length) => Some(length),
            Framing::Chunked | Framing::Raw => None,
        },
        is_none: ask.framing == Framing::None,
        ended: false,
    };
    let progress = Progress::new();
    let receiving = async {
        let end = match receive(&progress, &mut receiving).await {
            Ok(()) => End::Clean,
            Err(error) => End::Broken(chain(&error)),
        };
        progress.take(Event::End(end));
    };
    progress.run(ask, &mut upload, receiving, false).await
}

async fn receive(
    progress: &Progress,
    stream: &mut RequestStream<h3_quinn::RecvStream, Bytes>,
) -> Result<(), StreamError> {
    loop {
        let head = stream.recv_response().await?;
        let status = head.status();
        if !status.is_informational() {
            progress.take(Event::Head(status.as_u16(), fields(head.headers())));
            break;
        }
        progress.take(Event::Informational(status.as_u16()));
    }
    while let Some(mut data) = stream.recv_data().await? {
        let data = data.copy_to_bytes(data.remaining());
        progress.take(Event::Data(data));
    }
    if let Some(trailers) = stream.recv_trailers().await? {
        progress.take(Event::Trailers(fields(&trailers)));
    }
    Ok(())
}

/// The client's side of a stream.
struct Upload {
    stream: RequestStream<h3_quinn::SendStream<Bytes>, Bytes>,
    /// The bytes that are still to come, where their number was told.
    left: Option<u64>,
    is_none: bool,
    ended: bool,
}

impl Upload {
    async fn finish(&mut self) -> io::Result<()> {
        self.ended = true;
        self.stream.finish().await.map_err(io::Error::other)
    }

    fn reset(&mut self) {
        self.ended = true;
        self.stream.stop_stream(Code::H3_REQUEST_CANCELLED);
    }
}

impl Sending for Upload {
    async fn begin(&mut self) -> io::Result<()> {
        match self.is_none {
            true => self.finish().await,
            false => Ok(()),
        }
    }

    async fn send(&mut self, mut bytes: Bytes) -> io::Result<()> {
        if let Some(left) = &mut self.left {
            bytes.truncate(usize::try_from(*left).unwrap_or(usize::MAX));
            *left -= bytes.len() as u64;
        }
        if !bytes.is_empty() {
            let sent = self.stream.send_data(bytes).await;
            sent.map_err(io::Error::other)?;
        }
        // Nothing can follow, so it is said with the last bytes that it is the end.
        match self.left {
            Some(0) if !self.ended => self.finish().await,
            _ => Ok(()),
        }
    }

    async fn cut(&mut self) -> io::Result<()> {
        self.reset();
        Ok(())
    }

    async fn end(&mut self, trailers: Vec<(String, String)>) -> io::Result<()> {
        match self.left {
            _ if self.ended => return Ok(()),
            Some(1..) => {
                self.reset();
                return Ok(());
            }
            _ => {}
        }
        let pairs = trailers.iter().filter_map(|(name, value)| {
            let name: HeaderName = name.parse().ok()?;
            let value: HeaderValue = value.parse().ok()?;
            Some((name, value))
        });
        let trailers: HeaderMap = pairs.collect();
        if !trailers.is_empty() {
            let sent = self.stream.send_trailers(trailers).await;
            sent.map_err(io::Error::other)?;
        }
        self.finish().await
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        // quinn would end it, as if all had been said.
        if !self.ended {
            self.reset();
        }
    }
}

/// What went wrong, and what caused it.
fn chain(error: &dyn Error) -> String {
    let mut line = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        line = format!("{line}: {error}");
        cause = error.source();
    }
    line
}
