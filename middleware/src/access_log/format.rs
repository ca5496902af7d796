//! How a record is written as a line: [`Format`].

use std::{
    io::Write,
    net::IpAddr,
    time::{Duration, Instant},
};

use enfilade_core::Peer;
use http::{HeaderValue, Version};

use super::{
    Outcome, Record, clock,
    escape::{write_hex, write_hex_word, write_json},
};

/// How an [`AccessLog`](super::AccessLog) writes a request as a line.
///
/// Whatever a client sent is escaped, so that a record is one line of printable ASCII.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format {
    /// The common log format: peer, user, time of arrival in UTC, request line, status, bytes of
    /// the body (`-` for none).
    ///
    /// `192.0.2.7 - ada [10/Oct/2000:13:55:36 +0000] "GET /x?y=z HTTP/1.1" 200 2326`
    ///
    /// The status is 499 where the client left before it had everything, and 500 where the app
    /// broke its body off: the client saw that, and there is no other room to tell. Quotes, backslashes,
    /// control bytes and bytes that are not ASCII are written as `\xNN`.
    Common,
    /// The common format, and the `Referer` and `User-Agent` of the request, quoted.
    Combined,
    /// One JSON object a line. What is not known is left out.
    ///
    /// | member | |
    /// |---|---|
    /// | `time` | of arrival, RFC 3339, in UTC, with milliseconds |
    /// | `peer`, `user`, `id`, `mount` | address, verified user, request id, script name |
    /// | `method`, `target`, `version` | the request line; the target as the client sent it |
    /// | `status` | of the response; missing where there was none |
    /// | `bytes` | of the body, as handed to the host |
    /// | `total_us`, `first_byte_us` | microseconds from arrival to the end, and to the head |
    /// | `referer`, `agent` | fields of the request |
    /// | `outcome` | `complete`, `failed`, `aborted` or `finished`: see [`Outcome`] |
    /// | `cause` | why the response is an error |
    Json,
}

impl Format {
    /// Whether it tells fields of the request.
    pub(super) const fn tells_fields(self) -> bool {
        matches!(self, Format::Combined | Format::Json)
    }

    /// Whether it tells how long the response took.
    pub(super) const fn tells_durations(self) -> bool {
        matches!(self, Format::Json)
    }

    /// Appends `record` to `line`, with a line feed at its end.
    pub fn write(self, record: &Record, line: &mut Vec<u8>) {
        match self {
            Format::Common => write_common(record, line),
            Format::Combined => {
                write_common(record, line);
                write_quoted(record.referer(), line);
                write_quoted(record.agent(), line);
            }
            Format::Json => write_object(record, line),
        }
        line.push(b'\n');
    }

    /// Appends a line which says that `count` lines before it were lost.
    pub(super) fn write_lost(self, count: u64, line: &mut Vec<u8>) {
        match self {
            Format::Common | Format::Combined => {
                line.extend_from_slice(b"- - - [");
                clock::write_clf(Instant::now(), line);
                line.extend_from_slice(b"] \"lost ");
                write_number(count, line);
                line.extend_from_slice(b" lines\" - -\n");
            }
            Format::Json => {
                line.extend_from_slice(b"{\"time\":\"");
                clock::write_rfc3339(Instant::now(), line);
                line.extend_from_slice(b"\",\"lost\":");
                write_number(count, line);
                line.extend_from_slice(b"}\n");
            }
        }
    }
}

fn write_common(record: &Record, line: &mut Vec<u8>) {
    write_peer(record.peer(), line);
    line.extend_from_slice(b" - ");
    match record.user() {
        Some(user) => write_hex_word(user.name().as_bytes(), line),
        None => line.push(b'-'),
    }
    line.extend_from_slice(b" [");
    clock::write_clf(record.arrival(), line);
    line.extend_from_slice(b"] \"");
    // A token: it has no quotes.
    line.extend_from_slice(record.method().as_str().as_bytes());
    line.push(b' ');
    write_hex(record.target().as_bytes(), line);
    line.push(b' ');
    line.extend_from_slice(version(record).as_bytes());
    line.extend_from_slice(b"\" ");
    match (record.outcome(), record.status()) {
        (Outcome::Aborted | Outcome::Finished, _) | (_, None) => line.extend_from_slice(b"499"),
        (Outcome::Failed, Some(status)) if !status.is_server_error() => {
            line.extend_from_slice(b"500");
        }
        (_, Some(status)) => line.extend_from_slice(status.as_str().as_bytes()),
    }
    line.push(b' ');
    match record.bytes() {
        0 => line.push(b'-'),
        bytes => write_number(bytes, line),
    }
}

fn write_quoted(value: Option<&HeaderValue>, line: &mut Vec<u8>) {
    line.extend_from_slice(b" \"");
    match value {
        Some(value) => write_hex(value.as_bytes(), line),
        None => line.push(b'-'),
    }
    line.push(b'"');
}

fn write_object(record: &Record, line: &mut Vec<u8>) {
    line.extend_from_slice(b"{\"time\":\"");
    clock::write_rfc3339(record.arrival(), line);
    line.extend_from_slice(b"\",\"peer\":\"");
    write_peer(record.peer(), line);
    line.push(b'"');
    let user = record.user().map(|user| user.name().as_bytes());
    write_member("user", user, line);
    write_member("id", record.id().map(|id| id.as_header().as_bytes()), line);
    write_member("mount", record.mount().map(str::as_bytes), line);
    write_member("method", Some(record.method().as_str().as_bytes()), line);
    write_member("target", Some(record.target().as_bytes()), line);
    write_member("version", Some(version(record).as_bytes()), line);
    let status = record.status().map(|status| status.as_u16().into());
    write_count("status", status, line);
    write_count("bytes", Some(record.bytes()), line);
    write_count("total_us", Some(micros(record.total())), line);
    write_count("first_byte_us", record.first_byte().map(micros), line);
    write_member("referer", record.referer().map(HeaderValue::as_bytes), line);
    write_member("agent", record.agent().map(HeaderValue::as_bytes), line);
    write_member("outcome", Some(record.outcome().as_str().as_bytes()), line);
    if let Some(cause) = record.cause() {
        write_member("cause", Some(cause.chain().as_bytes()), line);
    }
    line.push(b'}');
}

/// Every member but the first: its comma, its name, its value.
fn write_member(name: &str, value: Option<&[u8]>, line: &mut Vec<u8>) {
    if let Some(value) = value {
        write_name(name, line);
        write_json(value, line);
    }
}

fn write_count(name: &str, value: Option<u64>, line: &mut Vec<u8>) {
    if let Some(value) = value {
        write_name(name, line);
        write_number(value, line);
    }
}

fn write_name(name: &str, line: &mut Vec<u8>) {
    line.extend_from_slice(b",\"");
    line.extend_from_slice(name.as_bytes());
    line.extend_from_slice(b"\":");
}

fn write_number(number: u64, line: &mut Vec<u8>) {
    line.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

/// The address as [`Peer`]'s `Display` shows it; the frequent form without the formatter's cost.
fn write_peer(peer: &Peer, line: &mut Vec<u8>) {
    match peer.ip() {
        Some(IpAddr::V4(address)) => {
            let (mut text, mut length) = ([b'.'; 16], 0);
            for octet in address.octets() {
                for divisor in [100, 10, 1] {
                    if octet >= divisor || divisor == 1 {
                        text[length] = b'0' + octet / divisor % 10;
                        length += 1;
                    }
                }
                length += 1;
            }
            line.extend_from_slice(&text[..length - 1]);
        }
        _ => {
            // Writing to a vector does not fail.
            let _ = write!(line, "{peer}");
        }
    }
}

/// The version that the client spoke, as the common log format shows it.
pub(super) fn version(record: &Record) -> &'static str {
    match record.version() {
        Version::HTTP_09 => "HTTP/0.9",
        Version::HTTP_10 => "HTTP/1.0",
        Version::HTTP_2 => "HTTP/2.0",
        Version::HTTP_3 => "HTTP/3.0",
        _ => "HTTP/1.1",
    }
}

pub(super) fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
