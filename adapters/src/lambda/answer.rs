//! What an invocation is answered with: [`Answer`].

use std::{future::poll_fn, sync::Arc};

use enfilade_core::{Error, ErrorSink, IntoResponse, Response};
use http::{StatusCode, response::Parts};

use super::{
    reply::{Form, prelude},
    streamed::Streamed,
};
use crate::measured::{BrokenOff, Measured};

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
        let (head, body) = measured(response, is_head, errors);
        Answer::Streamed(Streamed::new(prelude(&head), body))
    }

    /// Nothing goes out before all is there, so what fails here is still a 500.
    pub(super) async fn whole(
        response: Response,
        is_head: bool,
        form: Form,
        errors: Arc<dyn ErrorSink>,
    ) -> Answer {
        let (head, body) = measured(response, is_head, Arc::clone(&errors));
        let largest = form.largest();
        let why = match read(body, largest).await {
            Ok(Some(body)) => {
                let json = form.whole(&head, &body);
                if json.len() <= largest {
                    return Answer::Whole(json);
                }
                format!("a response is {} bytes of JSON", json.len())
            }
            Ok(None) => "a response is too long".to_owned(),
            // It has been reported.
            Err(BrokenOff) => return server_error(form),
        };
        errors.report(&format!(
            "{why}; what invoked the function takes {largest} as one answer"
        ));
        server_error(form)
    }
}

/// A response whose body is held to the length that its head claims, but where it is that of
/// another answer: the one to GET.
fn measured(response: Response, is_head: bool, errors: Arc<dyn ErrorSink>) -> (Parts, Measured) {
    let (mut head, body) = response.into_parts();
    let body = if is_head || head.status == StatusCode::NOT_MODIFIED {
        Measured::nothing(errors)
    } else {
        Measured::new(&mut head.headers, body, errors)
    };
    (head, body)
}

/// The whole body; none where it is larger.
async fn read(mut body: Measured, largest: usize) -> Result<Option<Vec<u8>>, BrokenOff> {
    let mut read = Vec::new();
    while let Some(bytes) = poll_fn(|cx| body.poll_next(cx)).await.transpose()? {
        if bytes.len() > largest - read.len() {
            return Ok(None);
        }
        read.extend_from_slice(&bytes);
    }
    Ok(Some(read))
}

fn server_error(form: Form) -> Answer {
    let (head, body) = Error::status(500).into_response().into_parts();
    let body = body.try_into_bytes().unwrap_or_default();
    Answer::Whole(form.whole(&head, &body))
}
