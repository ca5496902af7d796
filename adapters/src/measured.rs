//! A body that is held to the length that its head claims: [`Measured`].

use std::{
    fmt,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use enfilade_core::{Body, BodyError, Cause, ErrorSink};
use http::{HeaderMap, header::CONTENT_LENGTH};
use http_body::{Body as HttpBody, Frame};

use crate::caught::Caught;

/// A body, as bytes that are not empty, held to the `Content-Length` in front of it.
///
/// * No more than that many bytes come out: more are cut off, and reported.
/// * Where they are fewer, the body broke off, and the host must not make it look like an end.
/// * Empty frames are skipped, and trailers are dropped.
pub(crate) struct Measured {
    body: Caught,
    /// How many bytes are to come, where it is known.
    left: Option<u64>,
    errors: Arc<dyn ErrorSink>,
}

impl Measured {
    /// `body`, which goes out behind `fields`. A `Content-Length` that is none is dropped from them.
    pub(crate) fn new(fields: &mut HeaderMap, body: Body, errors: Arc<dyn ErrorSink>) -> Measured {
        Measured {
            left: claimed(fields, &*errors),
            body: Caught(body),
            errors,
        }
    }

    /// No bytes, whatever the fields claim: that is the length which an answer to GET would have.
    pub(crate) fn nothing(errors: Arc<dyn ErrorSink>) -> Measured {
        Measured {
            body: Caught(Body::empty()),
            left: None,
            errors,
        }
    }

    /// The next bytes, which are not empty, or the end.
    ///
    /// # Errors
    ///
    /// [`BrokenOff`] where the body broke off. Why has been reported.
    pub(crate) fn poll_next(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, BrokenOff>>> {
        loop {
            if self.left == Some(0) {
                self.check_nothing_is_left(cx);
                self.end();
                return Poll::Ready(None);
            }
            let bytes = match ready!(self.poll_frame(cx)) {
                Some(Ok(frame)) => frame.into_data().unwrap_or_default(),
                Some(Err(error)) => {
                    let cause = Cause::new(Box::new(error)).chain();
                    return Poll::Ready(Some(Err(self.cut(&cause))));
                }
                None => {
                    let missing = self
                        .left
                        .map(|left| self.cut(&format!("its last {left} bytes are missing")));
                    return Poll::Ready(missing.map(Err));
                }
            };
            let bytes = self.within_length(bytes);
            if !bytes.is_empty() {
                return Poll::Ready(Some(Ok(bytes)));
            }
        }
    }

    fn poll_frame(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn within_length(&mut self, mut bytes: Bytes) -> Bytes {
        if let Some(left) = &mut self.left {
            let fits = usize::try_from(*left).unwrap_or(usize::MAX);
            if bytes.len() > fits {
                self.errors.report(TOO_LONG);
                bytes.truncate(fits);
            }
            *left -= bytes.len() as u64;
        }
        bytes
    }

    /// All was sent that was promised. A body that has more to give now is said to; one that would
    /// have to be waited for is not.
    fn check_nothing_is_left(&mut self, cx: &mut Context<'_>) {
        if self.body.is_end_stream() {
            return;
        }
        match self.poll_frame(cx) {
            Poll::Ready(Some(Ok(frame))) if frame.data_ref().is_some_and(|d| !d.is_empty()) => {
                self.errors.report(TOO_LONG);
            }
            _ => {}
        }
    }

    fn cut(&mut self, why: &str) -> BrokenOff {
        self.end();
        self.errors
            .report(&format!("a response was cut short: {why}"));
        BrokenOff
    }

    /// The app's body is dropped, and nothing more comes.
    fn end(&mut self) {
        self.body = Caught(Body::empty());
        self.left = None;
    }
}

const TOO_LONG: &str = "a response was longer than its Content-Length, and was cut there";

/// The length that is to be held to. One that is none is dropped.
fn claimed(fields: &mut HeaderMap, errors: &dyn ErrorSink) -> Option<u64> {
    let mut claims = fields.get_all(CONTENT_LENGTH).iter();
    let claim = claims.next()?;
    let length = claim
        .to_str()
        .ok()
        .filter(|digits| claims.next().is_none() && digits.bytes().all(|b| b.is_ascii_digit()))
        .and_then(|digits| digits.parse().ok());
    if length.is_none() {
        errors.report("a response claimed a Content-Length that is none");
        fields.remove(CONTENT_LENGTH);
    }
    length
}

impl fmt::Debug for Measured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Measured")
            .field("body", &self.body)
            .field("left", &self.left)
            .finish_non_exhaustive()
    }
}

/// The body broke off: the host must not say that this was all of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BrokenOff;
