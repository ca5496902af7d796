//! The first line of a request: [`RequestLine`] (RFC 9112, section 3).

use http::{Uri, uri::Authority};

use super::{
    bytes::{is_token, plain_target},
    host::{is_host, is_same},
    lengths::Lengths,
    refusal::{LONG_LINE, LONG_TARGET, Refusal, bad},
};

/// What the first line of a request says.
#[derive(Debug)]
pub(super) struct RequestLine {
    /// HTTP/1.1, and not 1.0.
    pub(super) is_1_1: bool,
    /// CONNECT: there is no path, and what follows may be a tunnel's.
    pub(super) connects: bool,
    /// Set where the target names a server itself.
    target: Option<Uri>,
}

impl RequestLine {
    /// Reads a line without controls and without its end.
    pub(super) fn read(line: &[u8], lengths: &Lengths) -> Result<RequestLine, Refusal> {
        if line.is_empty() {
            return Err(bad("there is more than one empty line before a request"));
        }
        let end = line.iter().position(|byte| *byte == b' ');
        let end = end.ok_or(NO_PARTS)?;
        let (method, rest) = (&line[..end], &line[end + 1..]);
        if method.is_empty() {
            return Err(bad("the request line begins with a space"));
        }
        if !method.iter().all(|byte| is_token(*byte)) {
            return Err(bad("the method is not a token"));
        }
        let Some((target, [b' ', version @ ..])) =
            rest.split_at_checked(rest.len().wrapping_sub(9))
        else {
            return Err(without_version(rest));
        };
        let is_1_1 = match version {
            b"HTTP/1.1" => true,
            b"HTTP/1.0" => false,
            _ => return Err(without_version(rest)),
        };
        if target.len() > lengths.target {
            return Err(LONG_TARGET);
        }
        RequestLine::check_length(line.len(), lengths)?;
        let mut read = RequestLine {
            is_1_1,
            connects: method == b"CONNECT",
            target: None,
        };
        if target.first() != Some(&b'/') || read.connects || plain_target(target) < target.len() {
            read.target = other_target(method, target)?;
        }
        Ok(read)
    }

    /// Whether a line of `length` bytes, or more, is read.
    pub(super) const fn check_length(length: usize, lengths: &Lengths) -> Result<(), Refusal> {
        if length > lengths.line {
            return Err(LONG_LINE);
        }
        Ok(())
    }

    /// Whether `host` says what the target says, where that says something.
    pub(super) fn check_host(&self, host: &[u8]) -> Result<(), Refusal> {
        let Some(target) = &self.target else {
            return Ok(());
        };
        let authority = target
            .authority()
            .map_or("", |authority| authority.as_str());
        if is_same(authority.as_bytes(), host, target.scheme_str()) {
            return Ok(());
        }
        Err(bad("Host is not the server that the target names"))
    }
}

const NO_PARTS: Refusal = bad("the request line is not a method, a target and a version");

/// Why a line does not end in a version that is spoken here.
fn without_version(rest: &[u8]) -> Refusal {
    let version = rest.rsplit(|byte| *byte == b' ').next().unwrap_or_default();
    match version {
        [b'H', b'T', b'T', b'P', b'/', major, b'.', minor]
            if major.is_ascii_digit() && minor.is_ascii_digit() =>
        {
            Refusal::new(505, "the version is neither HTTP/1.1 nor HTTP/1.0")
        }
        _ => NO_PARTS,
    }
}

/// A target that is no plain path: read by the one who will read it later, so that both agree.
fn other_target(method: &[u8], target: &[u8]) -> Result<Option<Uri>, Refusal> {
    if target.contains(&b' ') {
        return Err(NO_PARTS);
    }
    if target.contains(&b'#') {
        return Err(bad("the target has a fragment"));
    }
    let text = std::str::from_utf8(target);
    let uri: Option<Uri> = text.ok().and_then(|text| text.parse().ok());
    let uri = uri.ok_or(bad("the target is no URI"))?;
    let authority = uri.authority().map(Authority::as_str);
    match (method, target, authority) {
        (b"CONNECT", _, Some(authority))
            if authority.len() == target.len() && is_host(target) && uri.port().is_some() =>
        {
            Ok(Some(uri))
        }
        (b"CONNECT", ..) => Err(bad("CONNECT asks for a host and a port, and nothing else")),
        (b"OPTIONS", b"*", _) => Ok(None),
        (_, b"*", _) => Err(bad("the target * is for OPTIONS alone")),
        (_, [b'/', ..], _) => Ok(None),
        (_, _, Some(authority)) if matches!(uri.scheme_str(), Some("http" | "https")) => {
            if is_host(authority.as_bytes()) {
                Ok(Some(uri))
            } else {
                Err(bad(
                    "the target names no host, or more than a host and a port",
                ))
            }
        }
        (_, _, _) => Err(bad("the target is neither a path nor an http or https URL")),
    }
}
