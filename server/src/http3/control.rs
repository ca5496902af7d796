//! What a client sends on a stream of its own that is no request's: [`Control`].

use std::{
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::{Bytes, BytesMut};
use h3::{
    error::Code,
    quic::{RecvStream, StreamErrorIncoming, StreamId},
};

use super::{
    frames::{Frames, Piece, frame, kind, read_number},
    inbound::poll_chunk,
    link::{Link, number},
    outbound::id,
};

/// The kinds of streams that concern a server (RFC 9114, section 6.2).
const CONTROL: u64 = 0;
const PUSH: u64 = 1;

/// A stream in one direction. h3 reads the control stream; it is given whole frames, none of which
/// it would keep.
pub(super) struct Control {
    stream: quinn::RecvStream,
    id: StreamId,
    input: Bytes,
    state: State,
    link: Arc<Link>,
}

enum State {
    /// Its first bytes say of which kind it is.
    Kind(BytesMut),
    Frames(Frames),
    /// It is of another kind, which h3 sees to.
    Through,
}

impl Control {
    pub(super) fn new(stream: quinn::RecvStream, link: Arc<Link>) -> Control {
        Control {
            id: id(stream.id()),
            stream,
            input: Bytes::new(),
            state: State::Kind(BytesMut::new()),
            link,
        }
    }

    fn broken(&self, code: Code) -> StreamErrorIncoming {
        let connection_error = self.link.broken(code);
        StreamErrorIncoming::ConnectionErrorIncoming { connection_error }
    }

    /// What is to be passed on of what has come; `None` where it is not enough.
    fn read(&mut self) -> Result<Option<Bytes>, Code> {
        match &mut self.state {
            State::Kind(first) => {
                first.extend_from_slice(&std::mem::take(&mut self.input));
                let Some((kind, length)) = read_number(first) else {
                    return Ok(None);
                };
                let told = first.split_to(length).freeze();
                self.input = std::mem::take(first).freeze();
                self.state = match kind {
                    CONTROL => State::Frames(Frames::new(0)),
                    // A client has nothing to push.
                    PUSH => return Err(Code::H3_STREAM_CREATION_ERROR),
                    _ => State::Through,
                };
                Ok(Some(told))
            }
            State::Frames(frames) => {
                while let Some(piece) = frames.next(&mut self.input)? {
                    match piece {
                        Piece::Other(kind, payload) => {
                            if kind != kind::SETTINGS {
                                self.link.idle()?;
                            }
                            self.link.hear();
                            return Ok(Some(frame(kind, &payload)));
                        }
                        Piece::Unknown => self.link.idle()?,
                        Piece::Data(_) | Piece::Headers(_) | Piece::LongHeaders => {
                            return Err(Code::H3_FRAME_UNEXPECTED);
                        }
                    }
                }
                Ok(None)
            }
            State::Through if self.input.is_empty() => Ok(None),
            State::Through => Ok(Some(std::mem::take(&mut self.input))),
        }
    }
}

impl RecvStream for Control {
    type Buf = Bytes;

    fn poll_data(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Option<Bytes>, StreamErrorIncoming>> {
        loop {
            match self.read() {
                Ok(Some(bytes)) => return Poll::Ready(Ok(Some(bytes))),
                Ok(None) => {}
                Err(code) => return Poll::Ready(Err(self.broken(code))),
            }
            match ready!(poll_chunk(&mut self.stream, cx))? {
                Some(chunk) => self.input = chunk,
                None => return Poll::Ready(Ok(None)),
            }
        }
    }

    fn stop_sending(&mut self, error_code: u64) {
        let _ = self.stream.stop(number(Code::from(error_code)));
    }

    fn recv_id(&self) -> StreamId {
        self.id
    }
}
