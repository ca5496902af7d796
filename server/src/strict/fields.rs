//! What the fields of a head say about how it is read: [`Fields`].

use super::{
    bytes::{is_token, trim},
    head::Framing,
    host::is_host,
    lengths::Lengths,
    refusal::{LONG_FIELD, MANY_FIELDS, Refusal, bad},
    request_line::RequestLine,
};

/// What is taken from the fields of one head.
#[derive(Debug, Default)]
pub(super) struct Fields<'a> {
    count: usize,
    host: Option<&'a [u8]>,
    length: Option<u64>,
    chunked: bool,
    expects: Option<bool>,
    pub(super) upgrade: bool,
    /// Whether a name has `_`, which some take for `-`.
    pub(super) underscore: bool,
}

impl<'a> Fields<'a> {
    /// Reads a line without its end.
    pub(super) fn read(&mut self, line: &'a [u8], lengths: &Lengths) -> Result<(), Refusal> {
        Fields::check_length(line.len(), lengths)?;
        self.count += 1;
        if self.count > lengths.fields {
            return Err(MANY_FIELDS);
        }
        let end = length_of_name(line)?;
        let (name, value) = (&line[..end], trim(&line[end + 1..]));
        self.underscore |= name.contains(&b'_');
        if name.eq_ignore_ascii_case(b"host") {
            if self.host.replace(value).is_some() {
                return Err(bad("Host is repeated"));
            }
            if !is_host(value) {
                return Err(bad("Host is not one host with or without a port"));
            }
        } else if name.eq_ignore_ascii_case(b"content-length") {
            if self.length.replace(length(value)?).is_some() {
                return Err(bad("Content-Length is repeated"));
            }
        } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
            if std::mem::replace(&mut self.chunked, true) {
                return Err(bad("Transfer-Encoding is repeated"));
            }
            check_coding(value)?;
        } else if name.eq_ignore_ascii_case(b"expect") {
            let known = self.expects.is_none() && value.eq_ignore_ascii_case(b"100-continue");
            self.expects = Some(known);
        } else if name.eq_ignore_ascii_case(b"upgrade") {
            self.upgrade = true;
        }
        Ok(())
    }

    /// Whether a line of `length` bytes, or more, is read.
    pub(super) const fn check_length(length: usize, lengths: &Lengths) -> Result<(), Refusal> {
        if length > lengths.line {
            return Err(LONG_FIELD);
        }
        Ok(())
    }

    /// What is wrong with all of them together, or how the body is read.
    pub(super) fn framing(&self, line: &RequestLine) -> Result<Framing, Refusal> {
        match self.host {
            Some(host) => line.check_host(host)?,
            None if line.is_1_1 => return Err(bad("there is no Host")),
            None => {}
        }
        if self.chunked && !line.is_1_1 {
            return Err(bad("HTTP/1.0 has no Transfer-Encoding"));
        }
        if line.is_1_1 && self.expects == Some(false) {
            return Err(Refusal::new(
                417,
                "Expect is something else than 100-continue",
            ));
        }
        let framing = match (self.length, self.chunked) {
            (Some(_), true) => {
                return Err(bad("there are Content-Length and Transfer-Encoding"));
            }
            (None, true) => Framing::Chunked,
            (length, false) => Framing::Length(length.unwrap_or(0)),
        };
        if line.connects && framing != Framing::Length(0) {
            return Err(bad("CONNECT has a body"));
        }
        Ok(framing)
    }
}

/// The length of a field's name, which is a token with a colon behind it.
pub(super) fn length_of_name(line: &[u8]) -> Result<usize, Refusal> {
    let end = line.iter().position(|byte| !is_token(*byte));
    match (end, end.map(|end| line[end])) {
        (Some(0), Some(b' ' | b'\t')) => Err(bad("a field goes on in a second line")),
        (Some(0), Some(b':')) => Err(bad("a field has an empty name")),
        (Some(end), Some(b':')) => Ok(end),
        (Some(_), Some(b' ' | b'\t')) => Err(bad("there is a space before a field's colon")),
        (None, _) => Err(bad("a line of the head has no colon")),
        _ => Err(bad("a field's name is not a token")),
    }
}

/// At most 16 digits and nothing else: no sign, no list, no other base.
pub(crate) fn length(value: &[u8]) -> Result<u64, Refusal> {
    if !(1..=16).contains(&value.len()) || !value.iter().all(u8::is_ascii_digit) {
        return Err(bad("Content-Length is not one number of at most 16 digits"));
    }
    let digits = value.iter().map(|digit| u64::from(digit - b'0'));
    Ok(digits.fold(0, |length, digit| length * 10 + digit))
}

/// Chunked is the one coding that is read here.
fn check_coding(value: &[u8]) -> Result<(), Refusal> {
    if value.eq_ignore_ascii_case(b"chunked") {
        return Ok(());
    }
    let mut codings = value.split(|byte| *byte == b',').map(trim);
    let is_list = codings.all(|coding| !coding.is_empty() && coding.iter().all(|b| is_token(*b)));
    let mut codings = value.split(|byte| *byte == b',').map(trim);
    let chunked = codings
        .clone()
        .filter(|coding| coding.eq_ignore_ascii_case(b"chunked"))
        .count();
    let ends_chunked = codings
        .next_back()
        .is_some_and(|coding| coding.eq_ignore_ascii_case(b"chunked"));
    match (is_list, chunked, ends_chunked) {
        (true, 1, true) | (true, 0, _) => Err(Refusal::new(
            501,
            "Transfer-Encoding is something else than chunked",
        )),
        _ => Err(bad("Transfer-Encoding is not chunked, once and last")),
    }
}
