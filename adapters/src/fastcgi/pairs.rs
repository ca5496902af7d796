//! Name-value pairs (FastCGI 1.0, section 3.4): [`Pairs`].

use std::{error::Error as StdError, fmt, iter::FusedIterator};

use bytes::{Buf, Bytes, BytesMut};

/// The bit that makes a length one of four bytes.
const LONG: u8 = 0x80;

/// The pairs in a stream whose bytes are all there, in their order; duplicates are kept.
///
/// Each length has one byte, or four where the first bit is set. A pair may straddle records: the
/// contents of a stream's records are put together first, so nothing here knows of records.
#[derive(Clone, Debug)]
pub struct Pairs(Bytes);

/// A pair that is longer than what is left of its stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CutPair;

impl fmt::Display for CutPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name-value pair ends behind the end of its stream")
    }
}

impl StdError for CutPair {}

impl Pairs {
    /// Reads `stream`. Names and values are parts of it and cost no copy.
    #[must_use]
    pub const fn new(stream: Bytes) -> Pairs {
        Pairs(stream)
    }

    fn pair(&mut self) -> Result<(Bytes, Bytes), CutPair> {
        let name = self.length()?;
        let value = self.length()?;
        // Each is below 2^31, so the sum is right where `usize` has 32 bits, too.
        if name as usize + value as usize > self.0.len() {
            return Err(CutPair);
        }
        let name = self.0.split_to(name as usize);
        let value = self.0.split_to(value as usize);
        Ok((name, value))
    }

    fn length(&mut self) -> Result<u32, CutPair> {
        let first = *self.0.first().ok_or(CutPair)?;
        if first & LONG == 0 {
            self.0.advance(1);
            return Ok(first.into());
        }
        if self.0.len() < 4 {
            return Err(CutPair);
        }
        Ok(self.0.get_u32() & 0x7fff_ffff)
    }
}

impl Iterator for Pairs {
    type Item = Result<(Bytes, Bytes), CutPair>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let pair = self.pair();
        if pair.is_err() {
            self.0.clear();
        }
        Some(pair)
    }
}

impl FusedIterator for Pairs {}

/// Writes one pair of a name and a value of our own, which are shorter than 128 bytes.
pub(crate) fn write_short(out: &mut BytesMut, name: &str, value: &str) {
    for part in [name, value] {
        let length = u8::try_from(part.len())
            .ok()
            .filter(|length| *length < LONG);
        out.extend_from_slice(&[length.expect("our own names and values are short")]);
    }
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(value.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(stream: &'static [u8]) -> Vec<Result<(Bytes, Bytes), CutPair>> {
        Pairs::new(Bytes::from_static(stream)).collect()
    }

    fn pair(name: &'static str, value: &'static str) -> Result<(Bytes, Bytes), CutPair> {
        Ok((name.into(), value.into()))
    }

    #[test]
    fn lengths_have_one_byte_or_four_in_any_mixture() {
        assert_eq!(
            pairs(b"\x01\x02nvv\x80\x00\x00\x01\x00n\x01\x80\x00\x00\x03nvvv\x00\x00"),
            [
                pair("n", "vv"),
                pair("n", ""),
                pair("n", "vvv"),
                pair("", "")
            ]
        );
    }

    #[test]
    fn long_values_come_whole() {
        let mut stream = BytesMut::from(&b"\x04\x80\x01\x11\x70NAME"[..]);
        stream.extend_from_slice(&[b'v'; 70_000]);
        let read: Vec<_> = Pairs::new(stream.freeze()).collect();
        assert!(
            matches!(&read[..], [Ok((name, value))] if name == "NAME" && value.len() == 70_000)
        );
    }

    #[test]
    fn a_pair_beyond_the_end_is_an_error_and_the_last_thing_that_is_read() {
        for stream in [
            &b"\x01\x01n"[..],
            b"\x01",
            b"\x80",
            b"\x80\x00\x00",
            b"\x01\x80\x00\x00",
            // Lengths whose sum passes 32 bits: what libfcgi wrote behind its buffer for.
            b"\xff\xff\xff\xff\xff\xff\xff\xffn",
            b"\xff\xff\xff\xff\x01nv",
            b"\x7f\x7fshort",
        ] {
            assert_eq!(pairs(stream), [Err(CutPair)], "{stream:?}");
        }
        assert_eq!(
            pairs(b"\x01\x01nv\x05\x05n"),
            [pair("n", "v"), Err(CutPair)]
        );
        assert_eq!(pairs(b""), []);
    }

    #[test]
    fn pairs_of_our_own_are_exact_to_the_byte() {
        let mut out = BytesMut::new();
        write_short(&mut out, "FCGI_MPXS_CONNS", "0");
        assert_eq!(&out[..], b"\x0f\x01FCGI_MPXS_CONNS0");
    }
}
