//! A response on its way to the web server: [`Outgoing`].

use std::{
    fmt,
    future::poll_fn,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use enfilade_core::{ErrorSink, Response};
use http::{HeaderValue, StatusCode, header};
use http_body::Body as HttpBody;

use super::Style;
use crate::measured::Measured;

/// A response, as what is to be sent: a head, and the bytes behind it as they come.
///
/// * A body whose length is known says so in `Content-Length`, since with most web servers nothing
///   else tells a response that broke off from one that ended.
/// * No more than `Content-Length` bytes are sent. Where they are fewer, the response broke off:
///   the host must not make it look like an end.
/// * Empty frames are skipped, and trailers are dropped: these protocols cannot carry them.
pub struct Outgoing {
    head: Bytes,
    body: Measured,
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
        let (mut parts, body) = response.into_parts();
        let bodiless = is_head
            || matches!(
                parts.status,
                StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED
            );
        let body = if bodiless {
            Measured::nothing(errors)
        } else {
            if let Some(length) = body.size_hint().exact() {
                let length = HeaderValue::from(length);
                parts.headers.insert(header::CONTENT_LENGTH, length);
            }
            Measured::new(&mut parts.headers, body, errors)
        };
        Outgoing {
            head: style.head(parts.status, &parts.headers),
            body,
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
        self.body
            .poll_next(cx)
            .map(|next| next.map(|bytes| bytes.map_err(|_| Cut)))
    }
}

impl fmt::Debug for Outgoing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outgoing")
            .field("head", &self.head)
            .field("body", &self.body)
            .finish()
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
