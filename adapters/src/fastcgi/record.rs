//! Records, the unit of the protocol: [`RecordReader`] and what writes them (FastCGI 1.0,
//! section 3.3).

use std::{error::Error as StdError, fmt};

use bytes::{Buf, Bytes, BytesMut};

/// What a record is for, as its second byte says.
pub(crate) mod kind {
    pub(crate) const BEGIN_REQUEST: u8 = 1;
    pub(crate) const ABORT_REQUEST: u8 = 2;
    pub(crate) const END_REQUEST: u8 = 3;
    pub(crate) const PARAMS: u8 = 4;
    pub(crate) const STDIN: u8 = 5;
    pub(crate) const STDOUT: u8 = 6;
    pub(crate) const STDERR: u8 = 7;
    pub(crate) const GET_VALUES: u8 = 9;
    pub(crate) const GET_VALUES_RESULT: u8 = 10;
    pub(crate) const UNKNOWN_TYPE: u8 = 11;
}

/// The id of management records, which belong to no request.
pub(crate) const MANAGEMENT: u16 = 0;

const VERSION: u8 = 1;
const HEADER: usize = 8;

/// The most content that is written into one record. The length has 16 bits; eight bytes fewer
/// than they could say keep each record of a long stream aligned, as section 3.3 recommends,
/// without padding.
const LARGEST: usize = 65_528;

/// What the header of a record says that matters behind the reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// What the record is for.
    pub kind: u8,
    /// The request that it belongs to; 0 where it manages the connection.
    pub id: u16,
    /// How many bytes of content follow.
    pub length: u16,
}

/// What comes next on a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// A record begins.
    Header(Header),
    /// The next bytes of its content, as many as are here.
    Content(Bytes),
    /// All of its content has been handed out. The padding may be still to come.
    End,
}

/// The bytes were no record of FastCGI 1.0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadVersion(pub u8);

impl fmt::Display for BadVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a record of version {}, where 1 is spoken", self.0)
    }
}

impl StdError for BadVersion {}

/// Takes records apart as their bytes arrive. It keeps at most a header: content is handed out
/// in pieces, so a length that is announced costs nothing.
#[derive(Debug, Default)]
pub struct RecordReader {
    header: [u8; HEADER],
    filled: usize,
    /// Content and padding still to come, once the header is whole.
    content: usize,
    padding: usize,
    inside: bool,
}

impl RecordReader {
    /// Takes the next piece from `input`; `None` when more bytes are needed.
    ///
    /// # Errors
    ///
    /// If the version of a record is not 1. The reader is of no use after that.
    pub fn next(&mut self, input: &mut BytesMut) -> Result<Option<Piece>, BadVersion> {
        if self.inside {
            return Ok(self.content(input));
        }
        let skipped = self.padding.min(input.len());
        input.advance(skipped);
        self.padding -= skipped;
        let taken = (HEADER - self.filled).min(input.len());
        self.header[self.filled..self.filled + taken].copy_from_slice(&input[..taken]);
        input.advance(taken);
        self.filled += taken;
        if self.filled < HEADER {
            return Ok(None);
        }
        self.header().map(Some)
    }

    fn content(&mut self, input: &mut BytesMut) -> Option<Piece> {
        if self.content == 0 {
            self.inside = false;
            return Some(Piece::End);
        }
        let taken = self.content.min(input.len());
        self.content -= taken;
        (taken > 0).then(|| Piece::Content(input.split_to(taken).freeze()))
    }

    fn header(&mut self) -> Result<Piece, BadVersion> {
        let [
            version,
            kind,
            id1,
            id0,
            length1,
            length0,
            padding,
            _reserved,
        ] = self.header;
        if version != VERSION {
            return Err(BadVersion(version));
        }
        let header = Header {
            kind,
            id: u16::from_be_bytes([id1, id0]),
            length: u16::from_be_bytes([length1, length0]),
        };
        self.filled = 0;
        self.inside = true;
        self.content = header.length.into();
        self.padding = padding.into();
        Ok(Piece::Header(header))
    }
}

/// Writes `content` as records of a stream, as many as it needs. Nothing is written for no bytes:
/// the empty record is the end of a stream, see [`end_stream`].
pub(crate) fn write_stream(out: &mut BytesMut, kind: u8, id: u16, content: &[u8]) {
    for piece in content.chunks(LARGEST) {
        write_record(out, kind, id, piece);
    }
}

/// Writes the empty record that ends a stream.
pub(crate) fn end_stream(out: &mut BytesMut, kind: u8, id: u16) {
    write_record(out, kind, id, &[]);
}

/// Writes END_REQUEST.
pub(crate) fn end_request(out: &mut BytesMut, id: u16, app_status: u32, status: ProtocolStatus) {
    let [a, b, c, d] = app_status.to_be_bytes();
    let content = [a, b, c, d, status as u8, 0, 0, 0];
    write_record(out, kind::END_REQUEST, id, &content);
}

/// Writes one record of what surely fits in it.
pub(crate) fn write_record(out: &mut BytesMut, kind: u8, id: u16, content: &[u8]) {
    let length = u16::try_from(content.len()).expect("callers cut at what fits");
    let [id1, id0] = id.to_be_bytes();
    let [length1, length0] = length.to_be_bytes();
    out.reserve(HEADER + content.len());
    out.extend_from_slice(&[VERSION, kind, id1, id0, length1, length0, 0, 0]);
    out.extend_from_slice(content);
}

/// How a request ended, for the protocol (section 5.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ProtocolStatus {
    Complete = 0,
    CannotMultiplex = 1,
    Overloaded = 2,
    UnknownRole = 3,
}

#[cfg(test)]
mod tests;
