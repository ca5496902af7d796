//! HTTP/2, frame by frame, in any order: [`Http2`].

use std::{io, net::SocketAddr, time::Duration};

use bytes::{Buf, BytesMut};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

/// Types of frames (RFC 9113, section 6).
pub(crate) mod kind {
    pub(crate) const DATA: u8 = 0;
    pub(crate) const HEADERS: u8 = 1;
    pub(crate) const PRIORITY: u8 = 2;
    pub(crate) const RST_STREAM: u8 = 3;
    pub(crate) const SETTINGS: u8 = 4;
    pub(crate) const PING: u8 = 6;
    pub(crate) const GOAWAY: u8 = 7;
    pub(crate) const WINDOW_UPDATE: u8 = 8;
    pub(crate) const CONTINUATION: u8 = 9;
}

/// Flags of frames.
pub(crate) mod flag {
    pub(crate) const END_STREAM: u8 = 1;
    pub(crate) const ACK: u8 = 1;
    pub(crate) const END_HEADERS: u8 = 4;
}

/// The first bytes of a client.
pub(crate) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// How long a frame may take, where a row says nothing else.
const PATIENCE: Duration = Duration::from_secs(90);

/// A frame that was received.
#[derive(Debug)]
pub(crate) struct Frame {
    pub(crate) kind: u8,
    pub(crate) stream: u32,
    pub(crate) payload: Vec<u8>,
}

impl Frame {
    /// The reason of RST_STREAM and GOAWAY.
    pub(crate) fn reason(&self) -> Option<u32> {
        let before = if self.kind == kind::GOAWAY { 4 } else { 0 };
        let bytes = self.payload.get(before..)?.first_chunk()?;
        Some(u32::from_be_bytes(*bytes))
    }

    /// The last stream that GOAWAY says was looked at.
    pub(crate) fn last_stream(&self) -> Option<u32> {
        Some(u32::from_be_bytes(*self.payload.first_chunk()?))
    }
}

pub(crate) struct Http2<S = TcpStream> {
    pub(crate) stream: S,
    pub(super) buffer: BytesMut,
}

impl Http2 {
    /// A connection on which both sides have said their settings; `settings` is the payload.
    pub(crate) async fn connect(address: SocketAddr, settings: &[u8]) -> io::Result<Http2> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let mut client = Http2 {
            stream,
            buffer: BytesMut::new(),
        };
        let first = [
            PREFACE,
            &frame(kind::SETTINGS, 0, 0, settings),
            &frame(kind::SETTINGS, flag::ACK, 0, b""),
        ];
        client.stream.write_all(&first.concat()).await?;
        Ok(client)
    }

    pub(crate) async fn say(&mut self, bytes: impl AsRef<[u8]>) -> io::Result<()> {
        self.stream.write_all(bytes.as_ref()).await
    }
}

impl<S: AsyncRead + Unpin> Http2<S> {
    /// The next frame; an error at the end of the connection.
    pub(crate) async fn next(&mut self) -> io::Result<Frame> {
        timeout(PATIENCE, self.read())
            .await
            .unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
    }

    async fn read(&mut self) -> io::Result<Frame> {
        loop {
            if let Some(head) = self.buffer.first_chunk::<9>() {
                let [a, b, c, kind, _, stream @ ..] = *head;
                let length = u32::from_be_bytes([0, a, b, c]) as usize;
                if self.buffer.len() >= 9 + length {
                    self.buffer.advance(9);
                    return Ok(Frame {
                        kind,
                        stream: u32::from_be_bytes(stream) & 0x7fff_ffff,
                        payload: self.buffer.split_to(length).to_vec(),
                    });
                }
            }
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }

    /// The next frame of this type.
    pub(crate) async fn until(&mut self, kind: u8) -> io::Result<Frame> {
        loop {
            let frame = self.next().await?;
            if frame.kind == kind {
                return Ok(frame);
            }
        }
    }
}

pub(crate) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap_or(u32::MAX);
    let mut bytes = length.to_be_bytes()[1..].to_vec();
    bytes.extend([kind, flags]);
    bytes.extend(stream.to_be_bytes());
    bytes.extend(payload);
    bytes
}

/// Fields as literals that are kept nowhere (RFC 7541, section 6.2.2).
pub(crate) fn block<N: AsRef<[u8]>, V: AsRef<[u8]>>(fields: &[(N, V)]) -> Vec<u8> {
    let mut block = Vec::new();
    for (name, value) in fields {
        block.push(0);
        for text in [name.as_ref(), value.as_ref()] {
            match u8::try_from(text.len()) {
                Ok(length @ ..127) => block.push(length),
                // Up to 254 bytes in two: no row needs more.
                _ => block.extend([127, u8::try_from(text.len() - 127).unwrap_or(127)]),
            }
            block.extend_from_slice(text);
        }
    }
    block
}

/// The fields of a request without a body, to this path.
pub(crate) fn get(path: &str) -> Vec<u8> {
    request("GET", path)
}

/// The fields of a request to this path.
pub(crate) fn request(method: &str, path: &str) -> Vec<u8> {
    block(&[
        (":method", method),
        (":scheme", "http"),
        (":authority", "x"),
        (":path", path),
    ])
}
