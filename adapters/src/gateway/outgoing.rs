//! A response on its way to the web server: [`Outgoing`].

use std::{
    fmt,
    future::poll_fn,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use enfilade_core::{Body, BodyError, Cause, ErrorSink, Panicked, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use http_body::Body as HttpBody;

use super::Style;

/// A response, as what is to be sent: a head, and the bytes behind it as they come.
///
/// * A body whose length is known says so in `Content-Length`, since with most web servers nothing
///   else tells a response that broke off from one that ended.
/// * No more than `Content-Length` bytes are sent. Where they are fewer, the response broke off:
///   the host must not make it look like an end.
/// * Empty frames are skipped, and trailers are dropped: these protocols cannot carry them.
pub struct Outgoing {
    head: Bytes,
    body: Body,
    /// How many bytes are to come, where it is known.
    left: Option<u64>,
    errors: Arc<dyn ErrorSink>,
}

impl Outgoing {
    /// Sends `response`, which a [`Gateway`](enfilade_core::Gateway) gave, in answer to a request
    /// with HEAD or with another method. What goes wrong is reported to `errors`.
    #[must_use]
    pub fn new(
        style: Style,
        is_head: bool,
        response: Response,
        errors: Arc<dyn ErrorSink>,
    ) -> Outgoing {
        let (mut parts, mut body) = response.into_parts();
        let bodiless = is_head
            || matches!(
                parts.status,
                StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED
            );
        let left = if bodiless {
            body = Body::empty();
            None
        } else {
            settle_length(&mut parts.headers, &body, &*errors)
        };
        Outgoing {
            head: style.head(parts.status, &parts.headers),
            body,
            left,
            errors,
        }
    }

    /// The head, from the status to the empty line.
    #[must_use]
    pub const fn head(&self) -> &Bytes {
        &self.head
    }

    /// Waits for the next bytes, which are not empty, or the end.
    ///
    /// # Errors
    ///
    /// [`Cut`] where the response broke off. Why has been reported.
    pub async fn next(&mut self) -> Option<Result<Bytes, Cut>> {
        poll_fn(|cx| self.poll_next(cx)).await
    }

    /// The same, inside of a future that is polled.
    pub fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Cut>>> {
        loop {
            if self.left == Some(0) {
                self.check_nothing_is_left(cx);
                self.body = Body::empty();
                return Poll::Ready(None);
            }
            let Some(frame) = ready!(self.poll_frame(cx)) else {
                return Poll::Ready(self.left.map(|left| {
                    self.left = None;
                    Err(self.cut(&format!("its last {left} bytes are missing")))
                }));
            };
            let bytes = match frame {
                Ok(frame) => frame.into_data().unwrap_or_default(),
                Err(error) => {
                    self.body = Body::empty();
                    self.left = None;
                    let cause = Cause::new(Box::new(error)).chain();
                    return Poll::Ready(Some(Err(self.cut(&cause))));
                }
            };
            let bytes = self.within_length(bytes);
            if !bytes.is_empty() {
                return Poll::Ready(Some(Ok(bytes)));
            }
        }
    }

    /// Polls the app's body, whose panic is an error like others.
    fn poll_frame(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, BodyError>>> {
        let body = AssertUnwindSafe(|| Pin::new(&mut self.body).poll_frame(cx));
        catch_unwind(body)
            .unwrap_or_else(|panic| Poll::Ready(Some(Err(BodyError::new(Panicked::new(&*panic))))))
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

    fn cut(&self, why: &str) -> Cut {
        self.errors
            .report(&format!("a response was cut short: {why}"));
        Cut
    }
}

const TOO_LONG: &str = "a response was longer than its Content-Length, and was cut there";

/// Says the length where it is known, and drops one that is none. Gives what is to be held to.
fn settle_length(fields: &mut HeaderMap, body: &Body, errors: &dyn ErrorSink) -> Option<u64> {
    if let Some(length) = body.size_hint().exact() {
        fields.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
        return Some(length);
    }
    let mut claims = fields.get_all(header::CONTENT_LENGTH).iter();
    let claim = claims.next()?;
    let length = claim
        .to_str()
        .ok()
        .filter(|digits| claims.next().is_none() && digits.bytes().all(|b| b.is_ascii_digit()))
        .and_then(|digits| digits.parse().ok());
    if length.is_none() {
        errors.report("a response claimed a Content-Length that is none");
        fields.remove(header::CONTENT_LENGTH);
    }
    length
}

impl fmt::Debug for Outgoing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outgoing")
            .field("head", &self.head)
            .field("body", &self.body)
            .field("left", &self.left)
            .finish_non_exhaustive()
    }
}

/// A response broke off, and the web server must be able to tell: the host does not say that this
/// was all of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut;

impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the response was cut short")
    }
}

impl std::error::Error for Cut {}

#[cfg(test)]
mod tests;
