//! A response that goes out while it is made: [`Streamed`].

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use enfilade_core::BodyError;
use http::{HeaderMap, HeaderName, HeaderValue};
use http_body::{Body as HttpBody, Frame};

use crate::measured::Measured;

/// The trailers that tell Lambda that a stream broke off: it then breaks off its own answer.
pub(super) const ERROR_TYPE: &str = "lambda-runtime-function-error-type";
pub(super) const ERROR_BODY: &str = "lambda-runtime-function-error-body";

/// The head of a response, in the form of Lambda's streams, and then its body.
///
/// A body that fails, or is shorter than its `Content-Length`, ends in the trailers of an error,
/// never in a clean end. They go to Lambda's operator, without the cause: that is for the host's
/// error stream.
pub(super) struct Streamed {
    prelude: Option<Bytes>,
    body: Measured,
}

impl Streamed {
    pub(super) fn new(prelude: Vec<u8>, body: Measured) -> Streamed {
        Streamed {
            prelude: Some(Bytes::from(prelude)),
            body,
        }
    }
}

impl HttpBody for Streamed {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let this = self.get_mut();
        if let Some(prelude) = this.prelude.take() {
            return Poll::Ready(Some(Ok(Frame::data(prelude))));
        }
        Poll::Ready(ready!(this.body.poll_next(cx)).map(|next| {
            let frame = next.map_or_else(|_| Frame::trailers(broken_off()), Frame::data);
            Ok(frame)
        }))
    }
}

fn broken_off() -> HeaderMap {
    let told = STANDARD
        .encode(r#"{"errorType":"Enfilade.BrokenOff","errorMessage":"the response broke off"}"#);
    let told = HeaderValue::from_str(&told).expect("base64 is a field value");
    HeaderMap::from_iter([
        (
            HeaderName::from_static(ERROR_TYPE),
            HeaderValue::from_static("Enfilade.BrokenOff"),
        ),
        (HeaderName::from_static(ERROR_BODY), told),
    ])
}
