//! What an invocation is answered with: [`Answer`].

use std::sync::Arc;

use bytes::Bytes;
use enfilade_core::{Body, BoxError, Cause, Error, ErrorSink, IntoResponse, Response};
use http_body_util::{BodyExt, Limited};

use super::{
    reply::{Form, prelude},
    streamed::{Caught, Streamed},
};

/// What Lambda takes as one answer: 6 MiB of JSON.
const LARGEST: usize = 6 * 1024 * 1024;

/// An answer to an invocation.
pub(super) enum Answer {
    /// JSON.
    Whole(Vec<u8>),
    Streamed(Streamed),
    /// There is no response: kind and message, for Lambda.
    Failed(&'static str, String),
}

impl Answer {
    pub(super) fn streamed(response: Response, errors: Arc<dyn ErrorSink>) -> Answer {
        let (head, body) = response.into_parts();
        match prelude(&head) {
            Ok(prelude) => Answer::Streamed(Streamed::new(prelude, body, errors)),
            Err(error) => unwritable(&error),
        }
    }

    /// Nothing goes out before all is there, so what fails here is still a 500.
    pub(super) async fn whole(response: Response, form: Form, errors: &dyn ErrorSink) -> Answer {
        let (head, body) = response.into_parts();
        let why = match read(body).await {
            Ok(body) => match form.whole(&head, &body) {
                Ok(json) if json.len() <= LARGEST => return Answer::Whole(json),
                Ok(json) => format!("a response of {} bytes; {TOO_LARGE}", json.len()),
                Err(error) => return unwritable(&error),
            },
            Err(error) if error.is::<http_body_util::LengthLimitError>() => {
                format!("a response without an end in sight; {TOO_LARGE}")
            }
            Err(error) => Cause::new(error).chain(),
        };
        errors.report(&why);
        server_error(form)
    }
}

const TOO_LARGE: &str = "Lambda takes 6 MiB as one answer, and more only as a stream";

async fn read(body: Body) -> Result<Bytes, BoxError> {
    let collected = Limited::new(Caught(body), LARGEST).collect().await?;
    Ok(collected.to_bytes())
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
