//! A request's head, line by line: [`Head`].

use super::{
    bytes::{BLOCK, controls},
    fields::Fields,
    refusal::{Refusal, bad},
    request_line::RequestLine,
    twins,
};

/// The bytes of a head that are read.
const LENGTH_LIMIT: usize = 32 * 1024;
/// The bytes of one field that are read.
const LINE_LIMIT: usize = 8 * 1024;

/// What a head says about what follows it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Head {
    /// Its bytes, the last empty line among them.
    pub(super) length: usize,
    pub(super) framing: Framing,
    /// Whether what follows may be another protocol.
    pub(super) may_switch: bool,
    /// Whether a field's name has `_`.
    pub(super) underscore: bool,
}

/// How a body is delimited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    Length(u64),
    Chunked,
}

impl Head {
    /// Reads the head at the start of `bytes`; `None` where it has not ended yet.
    pub(super) fn read(bytes: &[u8]) -> Result<Option<Head>, Refusal> {
        // One empty line before a request is somebody's who ends a body with one (RFC 9112,
        // section 2.2).
        let start = match bytes {
            [] | [b'\r'] => return Ok(None),
            [b'\r', b'\n', ..] => 2,
            _ => 0,
        };
        let mut lines = Lines {
            bytes,
            start,
            first: None,
            fields: Fields::default(),
        };
        let (blocks, rest) = bytes[start..].as_chunks::<BLOCK>();
        let (mut at, mut skip) = (start, 0);
        for block in blocks {
            if let Some(head) = lines.read_block(controls(block), at, &mut skip)? {
                return Ok(Some(head));
            }
            at += BLOCK;
        }
        if !rest.is_empty() {
            let mut block = [b' '; BLOCK];
            block[..rest.len()].copy_from_slice(rest);
            if let Some(head) = lines.read_block(controls(&block), at, &mut skip)? {
                return Ok(Some(head));
            }
        }
        lines.check_length()?;
        Ok(None)
    }
}

/// The lines of a head, as far as they were read.
struct Lines<'a> {
    bytes: &'a [u8],
    /// Where the line begins that is being read.
    start: usize,
    first: Option<RequestLine>,
    fields: Fields<'a>,
}

impl Lines<'_> {
    /// Goes through the `controls` of the block at `at`: the ends of lines, and what may not be
    /// there. `skip` is set where a block begins with the second half of an end.
    #[inline]
    fn read_block(
        &mut self,
        controls: u64,
        at: usize,
        skip: &mut u64,
    ) -> Result<Option<Head>, Refusal> {
        let mut left = controls & !std::mem::take(skip);
        while left != 0 {
            let bit = left.trailing_zeros() as usize;
            left &= left - 1;
            let end = at + bit;
            match self.bytes[end] {
                b'\r' => {}
                b'\t' if self.first.is_some() && end > self.start => continue,
                byte => return Err(self.stray(byte)),
            }
            match self.bytes.get(end + 1) {
                Some(b'\n') => {}
                Some(_) => return Err(bad("a carriage return stands alone")),
                None => return Ok(None),
            }
            if bit == BLOCK - 1 {
                *skip = 1;
            } else {
                left &= left - 1;
            }
            if end == self.start {
                return self.finish(end + 2).map(Some);
            }
            self.read_line(end)?;
            self.start = end + 2;
        }
        Ok(None)
    }

    #[inline]
    fn read_line(&mut self, end: usize) -> Result<(), Refusal> {
        let bytes = self.bytes;
        let (line, window) = (&bytes[self.start..end], &bytes[self.start..]);
        if self.first.is_none() {
            self.first = Some(RequestLine::read(line, window)?);
            return Ok(());
        }
        if line.len() > LINE_LIMIT {
            return Err(LONG_LINE);
        }
        self.fields.read(line, window)
    }

    fn finish(&self, length: usize) -> Result<Head, Refusal> {
        let Some(first) = &self.first else {
            return Err(bad("there is more than one empty line before a request"));
        };
        if length > LENGTH_LIMIT {
            return Err(LONG_HEAD);
        }
        let framing = self.fields.framing(first)?;
        if self.fields.underscore {
            twins::check(&self.bytes[..length])?;
        }
        Ok(Head {
            length,
            framing,
            may_switch: first.connects || (self.fields.upgrade && first.is_1_1),
            underscore: self.fields.underscore,
        })
    }

    /// A control that is neither a line's end nor a tab in a value.
    fn stray(&self, byte: u8) -> Refusal {
        match (byte, &self.first) {
            (b'\n', _) => bad("a line ends in a bare line feed"),
            (b'\t', Some(_)) => bad("a field goes on in a second line"),
            (_, None) => bad("there is a control byte in the request line"),
            _ => bad("there is a control byte in a field"),
        }
    }

    /// Whether what has come of an unfinished head is too long already.
    fn check_length(&self) -> Result<(), Refusal> {
        let begun = self.bytes.len() - self.start;
        if self.first.is_none() {
            return RequestLine::check_length(begun);
        }
        if begun > LINE_LIMIT {
            return Err(LONG_LINE);
        }
        if self.bytes.len() > LENGTH_LIMIT {
            return Err(LONG_HEAD);
        }
        Ok(())
    }
}

const LONG_LINE: Refusal = Refusal::new(431, "a field is longer than 8 KiB");
const LONG_HEAD: Refusal = Refusal::new(431, "the head is longer than 32 KiB");
