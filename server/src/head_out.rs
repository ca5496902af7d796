//! The head of an answer over HTTP/2 and HTTP/3, where the server itself frames it.

use enfilade_core::{Body, Response, host::strip_hop_by_hop};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header, response::Parts};
use http_body::Body as _;

use crate::{date, session::Session, strict::length};

/// What the method of a request means for the body of its answer.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    /// There is none.
    Head,
    /// A success has none: it would be a tunnel (RFC 9113, section 8.5).
    Connect,
    Other,
}

impl Kind {
    pub(crate) fn of(method: &Method) -> Kind {
        match *method {
            Method::HEAD => Kind::Head,
            Method::CONNECT => Kind::Connect,
            _ => Kind::Other,
        }
    }
}

/// The head that goes out for `response`, and the body behind it.
pub(crate) fn prepare(kind: Kind, response: Response, session: &Session) -> (Parts, Body) {
    let (mut head, mut body) = response.into_parts();
    let headers = &mut head.headers;
    if head.status == StatusCode::UPGRADE_REQUIRED {
        // The one answer that has them.
        strip_hop_by_hop(headers);
    }
    if session.site.date {
        headers.entry(header::DATE).or_insert_with(date::now);
    }
    match kind {
        Kind::Head => {
            say_length(headers, &body);
            body = Body::empty();
        }
        Kind::Connect if head.status.is_success() => {
            headers.remove(header::CONTENT_LENGTH);
            body = Body::empty();
        }
        Kind::Connect | Kind::Other if body.is_end_stream() => {}
        Kind::Connect | Kind::Other => say_length(headers, &body),
    }
    (head, body)
}

/// Says how long `body` is, where that is known and it has not been said.
fn say_length(headers: &mut HeaderMap, body: &Body) {
    if let Some(length @ 1..) = body.size_hint().exact() {
        headers
            .entry(header::CONTENT_LENGTH)
            .or_insert_with(|| HeaderValue::from(length));
    }
}

/// The length that an answer says it has. What says no one length is not sent.
pub(crate) fn claimed_length(headers: &mut HeaderMap, session: &Session) -> Option<u64> {
    let mut claims = headers.get_all(header::CONTENT_LENGTH).iter();
    let first = claims.next()?;
    if let (Ok(length), None) = (length(first.as_bytes()), claims.next()) {
        return Some(length);
    }
    headers.remove(header::CONTENT_LENGTH);
    let line = "a response claimed a Content-Length that is not one number";
    session.facts.errors.report(line);
    None
}
