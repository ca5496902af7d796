//! What a client sends on the stream of a request: [`Inbound`].

use std::{
    future::Future,
    pin::pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use h3::{
    error::Code,
    quic::{RecvStream, StreamErrorIncoming, StreamId},
};
use quinn::ReadError;

use super::{
    fate::{Fate, Over},
    frames::{Frames, Piece, frame, kind},
    link::{Link, number},
    section::{Bad, Section, check},
};

/// One side of a request's stream: h3 is given its sections of fields, and the app its DATA.
///
/// h3 sees no frame that it would keep, or take for what it is not: see [`Frames`].
pub(super) struct Inbound {
    stream: quinn::RecvStream,
    id: StreamId,
    input: Bytes,
    frames: Frames,
    stage: Stage,
    /// Whether the head was longer than it may be, and another one stands for it.
    long_head: bool,
    link: Arc<Link>,
    fate: Arc<Fate>,
}

#[derive(Debug)]
enum Stage {
    Head,
    Body,
    /// The trailers are there.
    Trailers(Bytes),
    /// Behind the trailers.
    Rest,
    Ended,
    Broken,
}

/// What a body is made of.
pub(super) enum Part {
    Data(Bytes),
    /// h3 has them.
    Trailers,
}

/// The body broke off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Broken {
    /// The client has reset the stream.
    Reset,
    /// It is no message, or the connection is closed.
    Lost,
}

/// A head that stands for one that was not kept: `GET https://x/`.
const STAND_IN: &[u8] = b"\0\0\xd1\xd7\xc1\x50\x01x";

impl Inbound {
    pub(super) fn new(
        stream: quinn::RecvStream,
        id: StreamId,
        link: Arc<Link>,
        fate: Arc<Fate>,
    ) -> Inbound {
        let limit = link.session.site.limits.http3_header_list();
        Inbound {
            stream,
            id,
            input: Bytes::new(),
            frames: Frames::new(limit),
            stage: Stage::Head,
            long_head: false,
            link,
            fate,
        }
    }

    pub(super) const fn has_long_head(&self) -> bool {
        self.long_head
    }

    /// Tells the client to send no more, unless it has sent all.
    pub(super) fn stop(&mut self, code: Code) {
        if !matches!(self.stage, Stage::Ended) {
            self.stage = Stage::Broken;
            // It fails where the stream has ended meanwhile.
            let _ = self.stream.stop(number(code));
        }
    }

    /// The next part of the body; `None` at its end.
    pub(super) fn poll_part(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Part, Broken>>> {
        loop {
            match self.stage {
                Stage::Body => {}
                Stage::Trailers(_) => return Poll::Ready(Some(Ok(Part::Trailers))),
                Stage::Head | Stage::Rest | Stage::Ended => return Poll::Ready(None),
                Stage::Broken => return Poll::Ready(Some(Err(Broken::Lost))),
            }
            match ready!(self.poll_piece(cx)) {
                Ok(Some(Piece::Data(data))) if data.is_empty() => {
                    if self.link.idle().is_err() {
                        return self.lost();
                    }
                }
                Ok(Some(Piece::Data(data))) => {
                    self.link.earn();
                    return Poll::Ready(Some(Ok(Part::Data(data))));
                }
                Ok(Some(Piece::Headers(trailers))) => match check(&trailers, Section::Trailers) {
                    Ok(()) => self.stage = Stage::Trailers(trailers),
                    Err(bad) => {
                        self.refuse(bad);
                        return self.lost();
                    }
                },
                Ok(Some(Piece::LongHeaders)) => {
                    self.refuse(Bad::Malformed);
                    return self.lost();
                }
                Ok(Some(_)) => {
                    self.link.close(Code::H3_FRAME_UNEXPECTED);
                    return self.lost();
                }
                Ok(None) => self.stage = Stage::Ended,
                Err(StreamErrorIncoming::StreamTerminated { .. }) => {
                    self.fate.end(Over::Cancelled, Code::H3_REQUEST_CANCELLED);
                    return Poll::Ready(Some(Err(Broken::Reset)));
                }
                Err(_) => return self.lost(),
            }
        }
    }

    fn lost(&mut self) -> Poll<Option<Result<Part, Broken>>> {
        self.stage = Stage::Broken;
        Poll::Ready(Some(Err(Broken::Lost)))
    }

    fn refuse(&mut self, bad: Bad) {
        match bad {
            Bad::Undecodable => self.link.close(Code::QPACK_DECOMPRESSION_FAILED),
            Bad::Malformed => {
                self.fate.end(Over::Refused, Code::H3_MESSAGE_ERROR);
                self.stop(Code::H3_MESSAGE_ERROR);
            }
        }
    }

    /// The next section of fields, as a whole frame; `None` at the end.
    fn poll_section(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Option<Bytes>, StreamErrorIncoming>> {
        if let Stage::Trailers(trailers) = &self.stage {
            let trailers = frame(kind::HEADERS, trailers);
            self.stage = Stage::Rest;
            return Poll::Ready(Ok(Some(trailers)));
        }
        if !matches!(self.stage, Stage::Head | Stage::Rest) {
            return Poll::Ready(Ok(None));
        }
        let is_head = matches!(self.stage, Stage::Head);
        match ready!(self.poll_piece(cx))? {
            None => {
                self.stage = Stage::Ended;
                Poll::Ready(Ok(None))
            }
            Some(Piece::LongHeaders) if is_head => {
                self.stage = Stage::Body;
                self.long_head = true;
                Poll::Ready(Ok(Some(frame(kind::HEADERS, STAND_IN))))
            }
            Some(Piece::Headers(head)) if is_head => match check(&head, Section::Head) {
                Ok(()) => {
                    self.stage = Stage::Body;
                    self.link.hear();
                    self.link.earn();
                    Poll::Ready(Ok(Some(frame(kind::HEADERS, &head))))
                }
                Err(bad) => {
                    self.refuse(bad);
                    let why = "the fields of a request are none";
                    Poll::Ready(Err(StreamErrorIncoming::Unknown(why.into())))
                }
            },
            Some(_) => Poll::Ready(Err(self.broken(Code::H3_FRAME_UNEXPECTED))),
        }
    }

    /// The next piece that is more than idle; `None` at the end of the stream.
    fn poll_piece(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Option<Piece>, StreamErrorIncoming>> {
        loop {
            match self.frames.next(&mut self.input) {
                Ok(Some(Piece::Unknown)) => {
                    self.link.idle().map_err(|code| self.broken(code))?;
                    continue;
                }
                Ok(Some(piece)) => return Poll::Ready(Ok(Some(piece))),
                Ok(None) => {}
                Err(code) => return Poll::Ready(Err(self.broken(code))),
            }
            match ready!(poll_chunk(&mut self.stream, cx))? {
                Some(chunk) => self.input = chunk,
                None if self.frames.is_between() => return Poll::Ready(Ok(None)),
                // A stream that ends inside of a frame is an error of the connection (section 7.1).
                None => return Poll::Ready(Err(self.broken(Code::H3_FRAME_ERROR))),
            }
        }
    }

    fn broken(&self, code: Code) -> StreamErrorIncoming {
        let connection_error = self.link.broken(code);
        StreamErrorIncoming::ConnectionErrorIncoming { connection_error }
    }
}

/// What has come on `stream`; `None` at its end.
pub(super) fn poll_chunk(
    stream: &mut quinn::RecvStream,
    cx: &mut Context<'_>,
) -> Poll<Result<Option<Bytes>, StreamErrorIncoming>> {
    // It has no state of its own, so it can be begun anew each time.
    let chunk = ready!(pin!(stream.read_chunk(usize::MAX, true)).poll(cx));
    Poll::Ready(match chunk {
        Ok(chunk) => Ok(chunk.map(|chunk| chunk.bytes)),
        Err(ReadError::Reset(code)) => Err(StreamErrorIncoming::StreamTerminated {
            error_code: code.into_inner(),
        }),
        Err(ReadError::ConnectionLost(error)) => {
            Err(StreamErrorIncoming::ConnectionErrorIncoming {
                connection_error: super::transport::lost(error),
            })
        }
        Err(error) => Err(StreamErrorIncoming::Unknown(error.into())),
    })
}

/// An [`Inbound`] as h3 sees it.
#[derive(Clone)]
pub(super) struct Sections(pub(super) Arc<Mutex<Inbound>>);

impl Sections {
    pub(super) fn lock(&self) -> MutexGuard<'_, Inbound> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl RecvStream for Sections {
    type Buf = Bytes;

    fn poll_data(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Option<Bytes>, StreamErrorIncoming>> {
        self.lock().poll_section(cx)
    }

    fn stop_sending(&mut self, error_code: u64) {
        self.lock().stop(Code::from(error_code));
    }

    fn recv_id(&self) -> StreamId {
        self.lock().id
    }
}

impl Drop for Inbound {
    fn drop(&mut self) {
        // quinn would say so with a code that means nothing here.
        self.stop(Code::H3_NO_ERROR);
    }
}
