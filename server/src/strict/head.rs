//! A request's head, line by line: [`Head`].

use super::{
    bytes::plain,
    fields::Fields,
    known::Known,
    lengths::Lengths,
    refusal::{LONG_HEAD, Refusal, bad},
    request_line::RequestLine,
    twins, usual,
};

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
    #[inline]
    pub(super) fn read(
        bytes: &[u8],
        known: &mut Known,
        lengths: &Lengths,
    ) -> Result<Option<Head>, Refusal> {
        match usual::read(bytes, known, lengths) {
            Some(head) => Ok(Some(head)),
            None => Head::read_closely(bytes, lengths),
        }
    }

    /// A head behind which HTTP goes on.
    pub(super) const fn usual(length: usize, framing: Framing) -> Head {
        Head {
            length,
            framing,
            may_switch: false,
            underscore: false,
        }
    }

    /// The same, for every head, and with what is wrong with it.
    pub(super) fn read_closely(bytes: &[u8], lengths: &Lengths) -> Result<Option<Head>, Refusal> {
        // One empty line before a request is somebody's who ends a body with one (RFC 9112,
        // section 2.2).
        let start = if bytes.starts_with(b"\r\n") { 2 } else { 0 };
        let Some(line) = line(bytes, start, true)? else {
            RequestLine::check_length(bytes.len() - start, lengths)?;
            return Ok(None);
        };
        let first = RequestLine::read(line, lengths)?;
        let mut fields = Fields::default();
        let mut at = start + line.len() + 2;
        while let Some(line) = self::line(bytes, at, false)? {
            at += line.len() + 2;
            if at > lengths.head {
                return Err(LONG_HEAD);
            }
            if line.is_empty() {
                return finish(&bytes[..at], &first, &fields).map(Some);
            }
            fields.read(line, lengths)?;
        }
        if bytes.len() > lengths.head {
            return Err(LONG_HEAD);
        }
        Fields::check_length(bytes.len() - at, lengths)?;
        Ok(None)
    }
}

/// The line at `start`, without its end; `None` where that has not come yet.
fn line(bytes: &[u8], start: usize, is_first: bool) -> Result<Option<&[u8]>, Refusal> {
    let mut end = start;
    loop {
        end += plain(&bytes[end..]);
        match (bytes.get(end), bytes.get(end + 1)) {
            (None, _) | (Some(b'\r'), None) => return Ok(None),
            (Some(b'\r'), Some(b'\n')) => return Ok(Some(&bytes[start..end])),
            (Some(b'\r'), Some(_)) => return Err(bad("a carriage return stands alone")),
            (Some(b'\n'), _) => return Err(bad("a line ends in a bare line feed")),
            (Some(b'\t'), _) if !is_first && end > start => end += 1,
            (Some(b'\t'), _) if !is_first => return Err(bad("a field goes on in a second line")),
            _ if is_first => return Err(bad("there is a control byte in the request line")),
            _ => return Err(bad("there is a control byte in a field")),
        }
    }
}

fn finish(head: &[u8], first: &RequestLine, fields: &Fields<'_>) -> Result<Head, Refusal> {
    let framing = fields.framing(first)?;
    if fields.underscore {
        twins::check(head)?;
    }
    Ok(Head {
        length: head.len(),
        framing,
        may_switch: first.connects || (fields.upgrade && first.is_1_1),
        underscore: fields.underscore,
    })
}
