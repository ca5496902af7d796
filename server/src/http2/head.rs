//! The head of an answer over HTTP/2: [`send`].

use bytes::Bytes;
use enfilade_core::{Body, Response, host::strip_hop_by_hop};
use h2::server::SendResponse;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use http_body::Body as _;

use super::sending::Sending;
use crate::{date, session::Session, strict::length};

/// What the method of a request means for the body of its answer.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    /// There is none.
    Head,
    /// A success has none: it would be a tunnel (RFC 9113, section 8.5).
    Connect,
    Other,
}

/// How much of an answer was sent.
pub(super) enum Answered {
    Whole,
    /// The rest streams.
    Begun(Sending),
}

/// Sends the head of `response`, and its body where that is in memory.
pub(super) fn send(
    kind: Kind,
    response: Response,
    respond: &mut SendResponse<Bytes>,
    session: &Session,
) -> Result<Answered, h2::Error> {
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
        Kind::Connect | Kind::Other => {}
    }
    if body.is_end_stream() {
        respond.send_response(http::Response::from_parts(head, ()), true)?;
        return Ok(Answered::Whole);
    }
    say_length(headers, &body);
    match body.try_into_bytes() {
        Ok(bytes) => {
            let response = http::Response::from_parts(head, ());
            // It is in memory here or there.
            respond
                .send_response(response, false)?
                .send_data(bytes, true)?;
            Ok(Answered::Whole)
        }
        Err(body) => {
            let left = claimed_length(headers, session);
            let stream = respond.send_response(http::Response::from_parts(head, ()), false)?;
            Ok(Answered::Begun(Sending::new(body, stream, left)))
        }
    }
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
fn claimed_length(headers: &mut HeaderMap, session: &Session) -> Option<u64> {
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
