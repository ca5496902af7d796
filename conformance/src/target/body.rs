//! Bodies as [`http_body`] has them, for clients in this process: [`Feeding`].

use std::{
    fmt, io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt;
use tokio::sync::mpsc;

use super::progress::{Event, Progress, Sending};
use crate::{End, Framing};

/// The end at which a request's body is put in.
pub(super) struct Feeding(Option<mpsc::Sender<Frame<Bytes>>>);

impl Feeding {
    /// Both ends of a body that is framed so.
    pub(super) fn new(framing: Framing) -> (Feeding, Fed) {
        // One piece at a time: what the host does not read is not sent.
        let (sender, frames) = mpsc::channel(1);
        let left = match framing {
            Framing::None => Some(0),
            Framing::Length(length) => Some(length),
            Framing::Chunked | Framing::Raw => None,
        };
        let fed = Fed {
            frames,
            left,
            ended: false,
        };
        (Feeding(Some(sender)), fed)
    }

    async fn put(&self, frame: Frame<Bytes>) -> io::Result<()> {
        let sent = match &self.0 {
            Some(sender) => sender.send(frame).await.is_ok(),
            None => false,
        };
        if sent {
            Ok(())
        } else {
            Err(io::ErrorKind::BrokenPipe.into())
        }
    }
}

impl Sending for Feeding {
    async fn begin(&mut self) -> io::Result<()> {
        Ok(())
    }

    async fn send(&mut self, bytes: Bytes) -> io::Result<()> {
        self.put(Frame::data(bytes)).await
    }

    async fn cut(&mut self) -> io::Result<()> {
        self.0 = None;
        Ok(())
    }

    /// The end is a frame of trailers, so that a sender that is dropped is not taken for one.
    async fn end(&mut self, trailers: Vec<(String, String)>) -> io::Result<()> {
        let pairs = trailers.iter().filter_map(|(name, value)| {
            let name: HeaderName = name.parse().ok()?;
            let value: HeaderValue = value.parse().ok()?;
            Some((name, value))
        });
        self.put(Frame::trailers(pairs.collect())).await
    }
}

/// The end at which it comes out.
pub(super) struct Fed {
    frames: mpsc::Receiver<Frame<Bytes>>,
    /// The bytes that are still to come, where their number was told.
    left: Option<u64>,
    ended: bool,
}

impl Body for Fed {
    type Data = Bytes;
    type Error = BrokenOff;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BrokenOff>>> {
        if self.is_end_stream() {
            return Poll::Ready(None);
        }
        let Some(frame) = ready!(self.frames.poll_recv(cx)) else {
            self.ended = true;
            return Poll::Ready(Some(Err(BrokenOff)));
        };
        let frame = match frame.into_data() {
            Ok(mut data) => {
                if let Some(left) = &mut self.left {
                    data.truncate(usize::try_from(*left).unwrap_or(usize::MAX));
                    *left -= data.len() as u64;
                }
                Frame::data(data)
            }
            Err(trailers) => {
                self.ended = true;
                if self.left.is_some_and(|left| left > 0) {
                    return Poll::Ready(Some(Err(BrokenOff)));
                }
                if trailers.trailers_ref().is_none_or(HeaderMap::is_empty) {
                    return Poll::Ready(None);
                }
                trailers
            }
        };
        Poll::Ready(Some(Ok(frame)))
    }

    fn is_end_stream(&self) -> bool {
        self.ended || self.left == Some(0)
    }

    fn size_hint(&self) -> SizeHint {
        self.left.map_or_else(SizeHint::new, SizeHint::with_exact)
    }
}

/// The client has gone.
#[derive(Debug)]
pub(super) struct BrokenOff;

impl fmt::Display for BrokenOff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the client broke its request off")
    }
}

impl std::error::Error for BrokenOff {}

/// Reads an answer's body to its end.
pub(super) async fn receive_body<B>(progress: &Progress, mut body: B)
where
    B: Body<Data = Bytes, Error: fmt::Display> + Unpin,
{
    let mut end = End::Clean;
    while let Some(frame) = body.frame().await {
        match frame.map(Frame::into_data) {
            Ok(Ok(data)) => {
                progress.take(Event::Data(data));
            }
            Ok(Err(frame)) => {
                let trailers = frame.into_trailers().unwrap_or_default();
                progress.take(Event::Trailers(fields(&trailers)));
            }
            Err(error) => {
                end = End::Broken(error.to_string());
                break;
            }
        }
    }
    progress.take(Event::End(end));
}

pub(super) fn fields(fields: &HeaderMap) -> Vec<(String, Vec<u8>)> {
    fields
        .iter()
        .map(|(name, value)| (name.to_string(), value.as_bytes().to_vec()))
        .collect()
}
