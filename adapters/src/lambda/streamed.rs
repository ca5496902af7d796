//! A response that goes out while it is made: [`Streamed`].

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use enfilade_core::{Body, BodyError, Cause, ErrorSink, Panicked};
use http::{HeaderMap, HeaderName, HeaderValue};
use http_body::{Body as HttpBody, Frame};

/// The trailers that tell Lambda that a stream broke off: it then breaks off its own answer.
pub(super) const ERROR_TYPE: &str = "lambda-runtime-function-error-type";
pub(super) const ERROR_BODY: &str = "lambda-runtime-function-error-body";

/// The head of a response, in the form of Lambda's streams, and then its body.
///
/// A body that fails ends in the trailers of an error, never in a clean end. They go to Lambda's
/// operator, without the cause: that is for the host's error stream.
pub(super) struct Streamed {
    prelude: Option<Bytes>,
    body: Option<Caught>,
    errors: Arc<dyn ErrorSink>,
}

impl Streamed {
    pub(super) fn new(prelude: Vec<u8>, body: Body, errors: Arc<dyn ErrorSink>) -> Streamed {
        Streamed {
            prelude: Some(Bytes::from(prelude)),
            body: Some(Caught(body)),
            errors,
        }
    }

    fn broken_off(&mut self, error: BodyError) -> HeaderMap {
        self.body = None;
        self.errors.report(&Cause::new(Box::new(error)).chain());
        let told = STANDARD.encode(
            r#"{"errorType":"Enfilade.BrokenOff","errorMessage":"the response broke off"}"#,
        );
        let told = HeaderValue::from_str(&told).expect("base64 is a field value");
        HeaderMap::from_iter([
            (
                HeaderName::from_static(ERROR_TYPE),
                HeaderValue::from_static("Enfilade.BrokenOff"),
            ),
            (HeaderName::from_static(ERROR_BODY), told),
        ])
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
        let Some(body) = &mut this.body else {
            return Poll::Ready(None);
        };
        Poll::Ready(match ready!(Pin::new(body).poll_frame(cx)) {
            Some(Ok(frame)) if frame.is_data() => Some(Ok(frame)),
            Some(Err(error)) => Some(Ok(Frame::trailers(this.broken_off(error)))),
            // Lambda has no trailers for clients.
            Some(Ok(_)) | None => {
                this.body = None;
                None
            }
        })
    }
}

/// A body whose panic is an error: it must not end the connection that all answers share.
pub(super) struct Caught(pub(super) Body);

impl HttpBody for Caught {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let poll = AssertUnwindSafe(|| Pin::new(&mut self.0).poll_frame(cx));
        catch_unwind(poll).unwrap_or_else(|panic| {
            let panic = Panicked::new(&*panic);
            Poll::Ready(Some(Err(BodyError::new(panic))))
        })
    }
}
