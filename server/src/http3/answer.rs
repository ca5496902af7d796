//! How an answer goes out, and what is hinted before it: [`hint`] and [`send`].

use std::{future::poll_fn, pin::Pin};

use bytes::Bytes;
use enfilade_core::Response;
use h3::{error::StreamError, server::RequestStream};
use http::{HeaderMap, StatusCode};
use http_body::Body as _;

use super::{fate::Over, hints::Hints, outbound::Outbound};
use crate::{
    answered::Answered,
    head_out::{Kind, claimed_length, prepare},
    session::Session,
};

/// What the answer of a request is written to.
pub(super) type Sending = RequestStream<Outbound, Bytes>;

/// Why an answer has not gone out whole.
pub(super) enum Unsent {
    Stream(StreamError),
    /// Its body failed.
    Cut,
    /// It is not as long as its head says.
    Length,
    /// There is nobody, or nothing, to answer.
    Over(Over),
}

impl From<StreamError> for Unsent {
    fn from(error: StreamError) -> Unsent {
        Unsent::Stream(error)
    }
}

/// A request that may give hints, until this is dropped.
pub(super) struct Hinting<'a>(pub(super) &'a Hints, pub(super) u64);

impl Drop for Hinting<'_> {
    fn drop(&mut self) {
        self.0.end(self.1);
    }
}

/// Waits for the answer, and sends what is hinted before it.
pub(super) async fn hint(
    sending: &mut Sending,
    mut answered: Answered,
    hinting: &Hinting<'_>,
) -> Result<Response, Unsent> {
    let Hinting(hints, number) = *hinting;
    let early = async {
        loop {
            let fields = poll_fn(|cx| hints.poll_next(number, cx)).await;
            if let Err(error) = sending.send_response(informational(fields)).await {
                break error;
            }
        }
    };
    let response = tokio::select! {
        biased;
        response = &mut answered => response,
        error = early => return Err(error.into()),
    };
    for fields in hints.end(number) {
        sending.send_response(informational(fields)).await?;
    }
    match response {
        Ok(response) => Ok(response),
        Err(never) => match never {},
    }
}

fn informational(fields: HeaderMap) -> http::Response<()> {
    let mut response = http::Response::new(());
    *response.status_mut() = StatusCode::EARLY_HINTS;
    *response.headers_mut() = fields;
    response
}

/// Sends an answer, each frame when the one before it is on its way. Gives the bytes of its body.
pub(super) async fn send(
    sending: &mut Sending,
    kind: Kind,
    response: Response,
    session: &Session,
) -> Result<u64, Unsent> {
    let (mut head, mut body) = prepare(kind, response, session);
    // A head alone may say how long a body would be.
    let length = match body.is_end_stream() {
        true => None,
        false => claimed_length(&mut head.headers, session),
    };
    let mut count = 0;
    sending
        .send_response(http::Response::from_parts(head, ()))
        .await?;
    while let Some(frame) = poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
        match frame.map_err(|_| Unsent::Cut)?.into_data() {
            Ok(data) if data.is_empty() => {}
            Ok(data) => {
                count += data.len() as u64;
                if length.is_some_and(|length| count > length) {
                    return Err(Unsent::Length);
                }
                sending.send_data(data).await?;
            }
            Err(frame) => {
                if let Ok(trailers) = frame.into_trailers() {
                    sending.send_trailers(trailers).await?;
                }
                break;
            }
        }
    }
    // What it holds is given back before the client has confirmed that it has all.
    drop(body);
    if length.is_some_and(|length| count != length) {
        return Err(Unsent::Length);
    }
    sending.finish().await?;
    Ok(count)
}
