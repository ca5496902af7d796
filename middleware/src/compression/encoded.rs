//! A body, encoded while it is sent: [`Encoded`].

use std::{
    future::poll_fn,
    mem,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::{Buf, Bytes};
use enfilade_core::{Body, BodyError};
use http::HeaderMap;
use http_body::{Body as HttpBody, Frame, SizeHint};

use super::{
    encode::Aim,
    head,
    pool::{BLOCK, Kind, Lease},
};

/// What is encoded before other tasks have their turn, in bytes: 0.1 to 0.6 ms.
const SLICE: usize = 32 * 1024;

/// What a frame costs at least, in bytes of work, so that empty ones have an end, too.
const FRAME: usize = 64;

/// A body, encoded.
///
/// Holds one block of the inner body and one of its own. Blocks go out as they fill, and at once
/// when the inner body is pending.
pub(super) struct Encoded {
    inner: Body,
    kind: Kind,
    /// Taken when it is needed: a body that nobody reads needs none.
    encoder: Option<Lease>,
    input: Bytes,
    output: Vec<u8>,
    /// So much output goes out at once.
    block: usize,
    stage: Stage,
    trailers: Option<HeaderMap>,
    /// Bytes encoded since other tasks had their turn.
    work: usize,
}

#[derive(Clone, Copy)]
enum Stage {
    /// Unless flushed, something was encoded that a decoder cannot give yet.
    Reading {
        flushed: bool,
    },
    Flushing,
    Finishing,
    Finished,
}

impl Encoded {
    pub(super) fn new(inner: Body, kind: Kind) -> Encoded {
        Encoded {
            inner,
            kind,
            encoder: None,
            input: Bytes::new(),
            output: Vec::new(),
            block: BLOCK,
            stage: Stage::Reading { flushed: true },
            trailers: None,
            work: 0,
        }
    }

    /// All of `bytes` encoded, where that takes at most `limit` bytes.
    pub(super) async fn whole(
        bytes: Bytes,
        kind: Kind,
        limit: usize,
    ) -> Result<Option<Bytes>, BodyError> {
        let mut encoded = Encoded::new(Body::from(bytes), kind);
        encoded.block = limit.saturating_add(1);
        let frame = poll_fn(|cx| Pin::new(&mut encoded).poll_frame(cx))
            .await
            .transpose()?;
        let block = frame
            .and_then(|frame| frame.into_data().ok())
            .filter(|_| encoded.is_end_stream());
        Ok(block.filter(|block| block.len() <= limit))
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        loop {
            if self.output.len() >= self.block {
                return self.hand_on();
            }
            match self.stage {
                Stage::Finished if !self.output.is_empty() => return self.hand_on(),
                Stage::Finished => {
                    let trailers = self.trailers.take();
                    return Poll::Ready(trailers.map(|trailers| Ok(Frame::trailers(trailers))));
                }
                // Also counted over blocks that went out: a host asks for many in one go.
                _ if self.work >= SLICE => {
                    self.work = 0;
                    cx.waker().wake_by_ref();
                    return Poll::Pending;
                }
                Stage::Reading { flushed } if self.input.is_empty() => {
                    match Pin::new(&mut self.inner).poll_frame(cx) {
                        Poll::Ready(frame) => self.read(frame.transpose()?),
                        Poll::Pending if flushed => {
                            self.work = 0;
                            return Poll::Pending;
                        }
                        Poll::Pending => self.stage = Stage::Flushing,
                    }
                }
                Stage::Reading { .. } => {
                    self.encode(Aim::Feed)?;
                }
                Stage::Flushing => {
                    if self.encode(Aim::Flush)? {
                        self.stage = Stage::Reading { flushed: true };
                        return self.hand_on();
                    }
                }
                Stage::Finishing => {
                    if self.encode(Aim::Finish)? {
                        self.finish();
                    }
                }
            }
        }
    }

    /// Takes what the inner body gave.
    fn read(&mut self, frame: Option<Frame<Bytes>>) {
        self.work += FRAME;
        match frame.map(Frame::into_data) {
            Some(Ok(data)) if data.is_empty() => {}
            Some(Ok(data)) => {
                self.input = data;
                // The last block and the end in one go: encoders then know the length.
                self.stage = if self.inner.is_end_stream() {
                    Stage::Finishing
                } else {
                    Stage::Reading { flushed: false }
                };
            }
            Some(Err(frame)) => {
                if let Ok(mut trailers) = frame.into_trailers() {
                    head::forget_bytes(&mut trailers);
                    self.trailers = Some(trailers);
                    self.stage = Stage::Finishing;
                }
            }
            None => self.stage = Stage::Finishing,
        }
    }

    /// Encodes at most a slice of the input. Tells whether the aim is reached.
    fn encode(&mut self, aim: Aim) -> Result<bool, BodyError> {
        let encoder = match &mut self.encoder {
            Some(encoder) => encoder,
            none => none.insert(Lease::take(self.kind).map_err(BodyError::new)?),
        };
        let last = self.input.len() <= SLICE;
        let slice = &self.input[..self.input.len().min(SLICE)];
        let aim = if last { aim } else { Aim::Feed };
        let step = encoder
            .step(slice, &mut self.output, aim)
            .map_err(BodyError::new)?;
        self.input.advance(step.read);
        self.work += step.read;
        Ok(step.done && last)
    }

    /// Gives the encoder back, and closes the inner body.
    fn finish(&mut self) {
        self.stage = Stage::Finished;
        self.encoder = None;
        self.inner = Body::empty();
    }

    fn hand_on(&mut self) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let block = Bytes::from(mem::take(&mut self.output));
        Poll::Ready(Some(Ok(Frame::data(block))))
    }
}

impl HttpBody for Encoded {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let this = self.get_mut();
        let polled = this.poll(cx);
        if let Poll::Ready(Some(Err(_))) = polled {
            this.finish();
            this.output = Vec::new();
            this.trailers = None;
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        matches!(self.stage, Stage::Finished) && self.output.is_empty() && self.trailers.is_none()
    }

    /// Nobody knows before the end.
    fn size_hint(&self) -> SizeHint {
        SizeHint::default()
    }
}
