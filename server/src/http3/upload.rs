//! A request's body: [`Upload`].

use std::{
    fmt,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use enfilade_core::BoxError;
use h3::{error::Code, server::RequestStream};
use http_body::{Body, Frame, SizeHint};

use super::{
    fate::{Fate, Over},
    inbound::{Broken, Part, Sections},
};

/// The DATA of a request, and its trailers.
pub(super) struct Upload {
    inbound: Sections,
    /// What reads the trailers.
    trailers: RequestStream<Sections, Bytes>,
    fate: Arc<Fate>,
    /// The bytes that are missing, where the head says how many there are.
    missing: Option<u64>,
    /// What came when it was asked whether there is a body.
    first: Option<Result<Part, Broken>>,
    ended: bool,
}

impl Upload {
    pub(super) fn new(
        inbound: Sections,
        trailers: RequestStream<Sections, Bytes>,
        fate: Arc<Fate>,
        length: Option<u64>,
    ) -> Upload {
        Upload {
            inbound,
            trailers,
            fate,
            missing: length,
            first: None,
            ended: false,
        }
    }

    /// Looks whether there is a body at all, and does not wait for one.
    pub(super) fn begin(&mut self, cx: &mut Context<'_>) {
        match self.inbound.lock().poll_part(cx) {
            Poll::Pending => {}
            Poll::Ready(Some(part)) => self.first = Some(part),
            Poll::Ready(None) => self.ended = true,
        }
        if self.ended && self.missing.is_some_and(|missing| missing > 0) {
            self.fate.end(Over::Refused, Code::H3_MESSAGE_ERROR);
        }
    }

    /// It is not as long as its head says (RFC 9114, section 4.1.2).
    fn malformed(&mut self) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        self.ended = true;
        self.fate.end(Over::Refused, Code::H3_MESSAGE_ERROR);
        self.inbound.lock().stop(Code::H3_MESSAGE_ERROR);
        let error = "the body is not as long as its Content-Length";
        Poll::Ready(Some(Err(error.into())))
    }
}

impl Body for Upload {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = &mut *self;
        if this.ended {
            return Poll::Ready(None);
        }
        let part = match this.first.take() {
            Some(part) => Some(part),
            None => ready!(this.inbound.lock().poll_part(cx)),
        };
        match part {
            Some(Ok(Part::Data(data))) => {
                if let Some(missing) = &mut this.missing {
                    match missing.checked_sub(data.len() as u64) {
                        Some(left) => *missing = left,
                        None => return this.malformed(),
                    }
                }
                Poll::Ready(Some(Ok(Frame::data(data))))
            }
            _ if matches!(part, None | Some(Ok(_))) && this.missing.is_some_and(|m| m > 0) => {
                this.malformed()
            }
            Some(Ok(Part::Trailers)) => {
                let trailers = this.trailers.poll_recv_trailers(cx);
                if trailers.is_pending() {
                    this.first = Some(Ok(Part::Trailers));
                }
                let trailers = ready!(trailers);
                this.ended = true;
                match trailers {
                    Ok(trailers) => {
                        Poll::Ready(trailers.map(|trailers| Ok(Frame::trailers(trailers))))
                    }
                    Err(error) => {
                        this.fate.end(Over::Refused, Code::H3_MESSAGE_ERROR);
                        Poll::Ready(Some(Err(error.into())))
                    }
                }
            }
            Some(Err(broken)) => {
                this.ended = true;
                Poll::Ready(Some(Err(broken.into())))
            }
            None => {
                this.ended = true;
                Poll::Ready(None)
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.ended
    }

    fn size_hint(&self) -> SizeHint {
        match (self.ended, self.missing) {
            (true, _) => SizeHint::with_exact(0),
            (false, Some(missing)) => SizeHint::with_exact(missing),
            (false, None) => SizeHint::default(),
        }
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        // Who does not read it has no use for the rest, and answers all the same.
        self.inbound.lock().stop(Code::H3_NO_ERROR);
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Broken::Reset => "the client has reset the stream",
            Broken::Lost => "the connection or the stream was lost",
        })
    }
}

impl std::error::Error for Broken {}
