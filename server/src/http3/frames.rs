//! The frames of a stream (RFC 9114, section 7): [`Frames`]. There is no I/O here.

use std::ops::ControlFlow;

use bytes::{Buf, BufMut, Bytes, BytesMut};
use h3::error::Code;

/// The kinds that are known.
pub(super) mod kind {
    pub(in crate::http3) const DATA: u64 = 0x0;
    pub(in crate::http3) const HEADERS: u64 = 0x1;
    pub(in crate::http3) const CANCEL_PUSH: u64 = 0x3;
    pub(in crate::http3) const SETTINGS: u64 = 0x4;
    pub(in crate::http3) const PUSH_PROMISE: u64 = 0x5;
    pub(in crate::http3) const GOAWAY: u64 = 0x7;
    pub(in crate::http3) const MAX_PUSH_ID: u64 = 0xd;
    /// Those of HTTP/2, which HTTP/3 has not (section 7.2.8).
    pub(in crate::http3) const GONE: [u64; 4] = [0x2, 0x6, 0x8, 0x9];
}

/// The bytes of SETTINGS that are read: as many as a hundred settings could have.
const SETTINGS_LIMIT: u64 = 1600;
/// The bytes of one number.
const NUMBER_LIMIT: u64 = 8;

/// Cuts the bytes of a stream into frames.
///
/// h3 keeps a frame until it is whole, whatever its length; takes DATA that was cut short, and DATA
/// without bytes, for the end of a body; and reads what is behind a number in a frame as another
/// frame. So it is given whole frames that are in order, and the rest is seen to here.
#[derive(Debug)]
pub(super) struct Frames {
    state: State,
    /// The bytes of HEADERS that are kept.
    headers_limit: u64,
}

#[derive(Debug)]
enum State {
    /// In what comes before the payload: two numbers of up to eight bytes.
    Head([u8; 16], usize),
    Data(u64),
    Whole(u64, u64, BytesMut),
    /// In one that is not kept, and what it is told as at its end.
    Skip(u64, Piece),
}

/// What has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// Bytes of DATA; none where the frame has none.
    Data(Bytes),
    /// The payload of HEADERS.
    Headers(Bytes),
    /// HEADERS that are longer than what is kept.
    LongHeaders,
    /// Another frame that is known, of this kind.
    Other(u64, Bytes),
    /// A frame of no known kind.
    Unknown,
}

impl Frames {
    pub(super) const fn new(headers_limit: u64) -> Frames {
        Frames {
            state: State::Head([0; 16], 0),
            headers_limit,
        }
    }

    /// Whether the stream may end here.
    pub(super) const fn is_between(&self) -> bool {
        matches!(self.state, State::Head(_, 0))
    }

    /// Takes the next piece from `input`; `None` when it needs more.
    ///
    /// # Errors
    ///
    /// What the connection is closed with.
    pub(super) fn next(&mut self, input: &mut Bytes) -> Result<Option<Piece>, Code> {
        loop {
            match &mut self.state {
                State::Head(head, filled) => {
                    if !input.has_remaining() {
                        return Ok(None);
                    }
                    head[*filled] = input.get_u8();
                    *filled += 1;
                    if let Some((kind, length)) = read_head(&head[..*filled])
                        && let ControlFlow::Break(piece) = self.begin(kind, length)?
                    {
                        return Ok(Some(piece));
                    }
                }
                State::Data(left) => {
                    let data = take(input, left);
                    if *left == 0 {
                        self.state = State::Head([0; 16], 0);
                    }
                    return Ok((!data.is_empty()).then_some(Piece::Data(data)));
                }
                State::Whole(kind, left, payload) => {
                    let part = take(input, left);
                    if *left > 0 {
                        payload.extend_from_slice(&part);
                        return Ok(None);
                    }
                    let whole = match payload.is_empty() {
                        true => part,
                        false => {
                            payload.extend_from_slice(&part);
                            std::mem::take(payload).freeze()
                        }
                    };
                    let kind = *kind;
                    self.state = State::Head([0; 16], 0);
                    return whole_frame(kind, whole).map(Some);
                }
                State::Skip(left, piece) => {
                    take(input, left);
                    if *left > 0 {
                        return Ok(None);
                    }
                    let piece = piece.clone();
                    self.state = State::Head([0; 16], 0);
                    return Ok(Some(piece));
                }
            }
        }
    }

    fn begin(&mut self, kind: u64, length: u64) -> Result<ControlFlow<Piece>, Code> {
        let limit = match kind {
            kind::DATA => {
                self.state = match length {
                    0 => State::Head([0; 16], 0),
                    _ => State::Data(length),
                };
                return Ok(match length {
                    0 => ControlFlow::Break(Piece::Data(Bytes::new())),
                    _ => ControlFlow::Continue(()),
                });
            }
            kind::HEADERS if length > self.headers_limit => {
                self.state = State::Skip(length, Piece::LongHeaders);
                return Ok(ControlFlow::Continue(()));
            }
            kind::HEADERS => self.headers_limit,
            kind::SETTINGS => SETTINGS_LIMIT,
            kind::CANCEL_PUSH | kind::GOAWAY | kind::MAX_PUSH_ID => NUMBER_LIMIT,
            // A server is promised nothing.
            kind::PUSH_PROMISE => return Err(Code::H3_FRAME_UNEXPECTED),
            gone if kind::GONE.contains(&gone) => return Err(Code::H3_FRAME_UNEXPECTED),
            _ => {
                self.state = State::Skip(length, Piece::Unknown);
                return Ok(ControlFlow::Continue(()));
            }
        };
        if length > limit {
            return Err(Code::H3_EXCESSIVE_LOAD);
        }
        self.state = State::Whole(kind, length, BytesMut::new());
        Ok(ControlFlow::Continue(()))
    }
}

/// As many bytes as are there and belong to a payload of which `left` are missing.
fn take(input: &mut Bytes, left: &mut u64) -> Bytes {
    let count = usize::try_from(*left)
        .unwrap_or(usize::MAX)
        .min(input.len());
    *left -= count as u64;
    input.split_to(count)
}

fn whole_frame(kind: u64, payload: Bytes) -> Result<Piece, Code> {
    match kind {
        kind::HEADERS => Ok(Piece::Headers(payload)),
        kind::CANCEL_PUSH | kind::GOAWAY | kind::MAX_PUSH_ID
            if read_number(&payload).is_none_or(|(_, length)| length != payload.len()) =>
        {
            Err(Code::H3_FRAME_ERROR)
        }
        kind => Ok(Piece::Other(kind, payload)),
    }
}

fn read_head(bytes: &[u8]) -> Option<(u64, u64)> {
    let (kind, length) = read_number(bytes)?;
    let (payload, _) = read_number(&bytes[length..])?;
    Some((kind, payload))
}

/// A number, and how many bytes it has (RFC 9000, section 16).
pub(super) fn read_number(bytes: &[u8]) -> Option<(u64, usize)> {
    let first = *bytes.first()?;
    let length = 1 << (first >> 6);
    let rest = bytes.get(1..length)?;
    let number = rest.iter().fold(u64::from(first & 0x3f), |number, byte| {
        number << 8 | u64::from(*byte)
    });
    Some((number, length))
}

/// A frame of `kind`, a single byte, as h3 reads it.
pub(super) fn frame(kind: u64, payload: &[u8]) -> Bytes {
    let mut frame = BytesMut::with_capacity(payload.len() + 9);
    frame.put_u8(kind as u8);
    // Any length fits in eight bytes, and h3 does not care.
    frame.put_u64(payload.len() as u64 | 0b11 << 62);
    frame.put_slice(payload);
    frame.freeze()
}

#[cfg(test)]
#[path = "frames/tests.rs"]
mod tests;
