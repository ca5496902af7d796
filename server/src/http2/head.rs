//! The head of an answer over HTTP/2: [`send`].

use bytes::Bytes;
use enfilade_core::Response;
use h2::server::SendResponse;
use http_body::Body as _;

use super::sending::Sending;
use crate::{
    head_out::{Kind, claimed_length, prepare},
    session::Session,
};

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
    let (mut head, body) = prepare(kind, response, session);
    if body.is_end_stream() {
        respond.send_response(http::Response::from_parts(head, ()), true)?;
        return Ok(Answered::Whole);
    }
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
            let left = claimed_length(&mut head.headers, session);
            let stream = respond.send_response(http::Response::from_parts(head, ()), false)?;
            Ok(Answered::Begun(Sending::new(body, stream, left)))
        }
    }
}
