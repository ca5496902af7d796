//! What an invocation is answered with: [`Answer`].

use std::sync::Arc;

use bytes::Bytes;
use enfilade_core::{Body, BoxError, Cause, Error, ErrorSink, IntoResponse, Response};
use http::{HeaderMap, StatusCode, header::CONTENT_LENGTH, response::Parts};
use http_body_util::{BodyExt, Limited};

use super::{
    reply::{Form, prelude},
    streamed::Streamed,
};
use crate::{caught::Caught, measured::Measured};

/// An answer to an invocation.
pub(super) enum Answer {
    /// JSON.
    Whole(Vec<u8>),
    Streamed(Streamed),
    /// There is no response: kind and message, for Lambda.
    Failed(&'static str, String),
}

impl Answer {
    pub(super) fn streamed(
        response: Response,
        is_head: bool,
        errors: Arc<dyn ErrorSink>,
    ) -> Answer {
        let (mut head, body) = response.into_parts();
        let body = if is_bodiless(is_head, &head) {
            Measured::nothing(errors)
        } else {
            Measured::new(&mut head.headers, body, errors)
        };
        match prelude(&head) {
            Ok(prelude) => Answer::Streamed(Streamed::new(prelude, body)),
            Err(error) => unwritable(&error),
        }
    }

    /// Nothing goes out before all is there, so what fails here is still a 500.
    pub(super) async fn whole(
        response: Response,
        is_head: bool,
        form: Form,
        errors: &dyn ErrorSink,
    ) -> Answer {
        let (mut head, body) = response.into_parts();
        let largest = form.largest();
        let why = match read(body, largest).await {
            Ok(body) => {
                if !is_bodiless(is_head, &head) {
                    drop_wrong_length(&mut head.headers, body.len(), errors);
                }
                match form.whole(&head, &body) {
                    Ok(json) if json.len() <= largest => return Answer::Whole(json),
                    Ok(json) => format!("a response is {} bytes of JSON", json.len()),
                    Err(error) => return unwritable(&error),
                }
            }
            Err(error) if error.is::<http_body_util::LengthLimitError>() => {
                "a response is too long".to_owned()
            }
            Err(error) => {
                errors.report(&Cause::new(error).chain());
                return server_error(form);
            }
        };
        errors.report(&format!(
            "{why}; what invoked the function takes {largest} as one answer"
        ));
        server_error(form)
    }
}

/// Whether the length that the head claims is that of another answer: the one to GET.
fn is_bodiless(is_head: bool, head: &Parts) -> bool {
    is_head || head.status == StatusCode::NOT_MODIFIED
}

async fn read(body: Body, largest: usize) -> Result<Bytes, BoxError> {
    let collected = Limited::new(Caught(body), largest).collect().await?;
    Ok(collected.to_bytes())
}

/// The length of a stream is known now, and what it claims may be wrong.
fn drop_wrong_length(fields: &mut HeaderMap, length: usize, errors: &dyn ErrorSink) {
    let length = length.to_string();
    let mut claims = fields.get_all(CONTENT_LENGTH).iter();
    let is_right = claims
        .next()
        .is_none_or(|claim| claim.as_bytes() == length.as_bytes() && claims.next().is_none());
    if !is_right {
        errors.report("a response claimed a Content-Length that is not its body's");
        fields.remove(CONTENT_LENGTH);
    }
}

fn server_error(form: Form) -> Answer {
    let (head, body) = Error::status(500).into_response().into_parts();
    let body = body.try_into_bytes().unwrap_or_default();
    form.whole(&head, &body)
        .map_or_else(|error| unwritable(&error), Answer::Whole)
}

fn unwritable(error: &serde_json::Error) -> Answer {
    Answer::Failed("Enfilade.Unwritable", error.to_string())
}
