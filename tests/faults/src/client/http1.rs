//! HTTP/1.1, byte by byte: [`Http1`].

use std::{io, net::SocketAddr, time::Duration};

use bytes::{Buf, BytesMut};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

/// How long an answer may take, where a row says nothing else.
const PATIENCE: Duration = Duration::from_secs(30);

/// A connection of HTTP/1.1, over whatever carries it.
pub(crate) struct Http1<S> {
    pub(crate) stream: S,
    buffer: BytesMut,
}

/// A response, read whole.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// Whether the connection is not to be used again.
    pub(crate) fn closes(&self) -> bool {
        self.head.contains("\r\nconnection: close\r\n")
    }

    fn field(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            (key == name).then(|| value.trim())
        })
    }
}

impl Http1<TcpStream> {
    pub(crate) async fn connect(address: SocketAddr) -> io::Result<Http1<TcpStream>> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Http1::of(stream))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Http1<S> {
    pub(crate) fn of(stream: S) -> Http1<S> {
        Http1 {
            stream,
            buffer: BytesMut::new(),
        }
    }

    pub(crate) async fn say(&mut self, words: impl AsRef<[u8]>) -> io::Result<()> {
        self.stream.write_all(words.as_ref()).await?;
        self.stream.flush().await
    }

    pub(crate) async fn get(&mut self, target: &str) -> io::Result<Answer> {
        self.say(format!("GET {target} HTTP/1.1\r\nhost: x\r\n\r\n"))
            .await?;
        self.answer().await
    }

    /// The next final response, with its body.
    pub(crate) async fn answer(&mut self) -> io::Result<Answer> {
        loop {
            let answer = self.any_answer(false).await?;
            if answer.status == 101 || answer.status >= 200 {
                return Ok(answer);
            }
        }
    }

    /// The next response, which may be an interim one; `bodiless` that to HEAD.
    pub(crate) async fn any_answer(&mut self, bodiless: bool) -> io::Result<Answer> {
        timeout(PATIENCE, self.read_answer(bodiless))
            .await
            .unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
    }

    async fn read_answer(&mut self, bodiless: bool) -> io::Result<Answer> {
        let end = loop {
            if let Some(end) = find(&self.buffer, b"\r\n\r\n") {
                break end + 4;
            }
            self.more().await?;
        };
        let head = self.buffer.split_to(end);
        let head = String::from_utf8_lossy(&head).to_ascii_lowercase();
        let status = head
            .strip_prefix("http/1.")
            .and_then(|rest| rest.get(2..5)?.parse().ok())
            .ok_or_else(|| io::Error::other(format!("no response: {head:?}")))?;
        let mut answer = Answer {
            status,
            head,
            body: Vec::new(),
        };
        if bodiless || status < 200 || status == 204 || status == 304 {
            return Ok(answer);
        }
        if answer.field("transfer-encoding") == Some("chunked") {
            answer.body = self.chunks().await?;
        } else if let Some(length) = answer.field("content-length") {
            let length = length.parse().map_err(io::Error::other)?;
            answer.body = self.exactly(length).await?;
        } else {
            while self.more().await.is_ok() {}
            answer.body = self.buffer.split().to_vec();
        }
        Ok(answer)
    }

    async fn chunks(&mut self) -> io::Result<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let line = loop {
                if let Some(end) = find(&self.buffer, b"\r\n") {
                    break self.buffer.split_to(end + 2);
                }
                self.more().await?;
            };
            let text = String::from_utf8_lossy(&line);
            let size = usize::from_str_radix(text.trim(), 16).map_err(io::Error::other)?;
            if size == 0 {
                // No site here sends trailers.
                self.exactly(2).await?;
                return Ok(body);
            }
            body.extend(self.exactly(size).await?);
            self.exactly(2).await?;
        }
    }

    /// So many bytes, which is how a connection is read that speaks something else.
    pub(crate) async fn exactly(&mut self, count: usize) -> io::Result<Vec<u8>> {
        while self.buffer.len() < count {
            self.more().await?;
        }
        let bytes = self.buffer[..count].to_vec();
        self.buffer.advance(count);
        Ok(bytes)
    }

    async fn more(&mut self) -> io::Result<()> {
        match self.stream.read_buf(&mut self.buffer).await? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(()),
        }
    }

    /// All that comes until the connection ends, in whatever way.
    pub(crate) async fn rest(&mut self) -> Vec<u8> {
        let reading = async { while self.more().await.is_ok() {} };
        // What came until then is there in any case.
        let _ = timeout(PATIENCE, reading).await;
        self.buffer.split().to_vec()
    }
}

/// Reads until the connection ends, in whatever way, and gives the bytes.
pub(crate) async fn end_of(stream: &mut (impl AsyncRead + Unpin)) -> usize {
    let (mut buffer, mut count) = (vec![0; 16 * 1024], 0);
    while let Ok(read @ 1..) = stream.read(&mut buffer).await {
        count += read;
    }
    count
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|at| at == wanted)
}
