//! Before a head goes out: the body is polled once, and what may not be sent is dropped.

use std::{
    error::Error as StdError,
    fmt,
    future::poll_fn,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, StatusCode, header};
use http_body::{Body as HttpBody, Frame, SizeHint};

use super::{Names, strip_all_but_an_upgrade, strip_hop_by_hop};
use crate::{Body, BodyError, Error, IntoResponse, Panicked, Response};

/// Makes a response ready to be sent, on any host.
///
/// * An informational status (1xx) ends nothing, so the answer is a 500, except that a 101 passes:
///   whether it was asked for a host knows, and a [`Gateway`](crate::Gateway) looks at it.
/// * A response to HEAD, and one with status 204, 205 or 304, carries no body: it is dropped unread. A
///   HEAD keeps the length that a GET would have.
/// * A stream is polled once. If it fails at once, the answer is a 500 and not a truncated 200; if
///   it is pending, the head goes out now, so that event streams begin. A file stays unread, for
///   hosts that send it in their own way.
/// * A `Content-Length` that is not that of a body whose length is known is dropped: the next
///   response on the connection would be taken for the rest of this one, or its begin for the end.
/// * Hop-by-hop fields are the host's alone, except in the 101 of an upgrade, and for the protocol
///   that a 426 asks for (RFC 9110, section 15.5.22).
pub async fn commit(method: &Method, mut response: Response) -> Response {
    let is_head = *method == Method::HEAD;
    poll_fn(|cx| {
        commit_now(is_head, true, &mut response, cx);
        Poll::Ready(())
    })
    .await;
    response
}

/// The same, inside of a future that is polled, where it is known whether an upgrade was offered.
/// Tells whether a wrong length was dropped.
#[inline]
pub(crate) fn commit_now(
    is_head: bool,
    offered: bool,
    response: &mut Response,
    cx: &mut Context<'_>,
) -> bool {
    if response.status().is_informational() {
        if offered && response.status() == StatusCode::SWITCHING_PROTOCOLS {
            return false;
        }
        fail(response, NotFinal(response.status()));
    }
    let status = response.status();
    let names = Names::of(response.headers());
    if names.hop_by_hop {
        match status {
            StatusCode::UPGRADE_REQUIRED => strip_all_but_an_upgrade(response.headers_mut()),
            _ => strip_hop_by_hop(response.headers_mut()),
        }
    }
    if is_head || is_bodiless(status) {
        drop_body(response);
        return false;
    }
    // A file is read off the async threads, so one poll would tell nothing of it.
    if response.body().is_stream() {
        poll_once(response, cx);
    }
    names.content_length && drop_wrong_length(response)
}

fn is_bodiless(status: StatusCode) -> bool {
    status == StatusCode::NO_CONTENT
        || status == StatusCode::RESET_CONTENT
        || status == StatusCode::NOT_MODIFIED
}

fn drop_wrong_length(response: &mut Response) -> bool {
    let mut claimed = response.headers().get_all(header::CONTENT_LENGTH).iter();
    let length = response.body().size_hint().exact();
    let (Some(first), Some(length)) = (claimed.next(), length) else {
        return false;
    };
    let is_wrong = claimed.next().is_some() || first.as_bytes() != length.to_string().as_bytes();
    if is_wrong {
        response.headers_mut().remove(header::CONTENT_LENGTH);
    }
    is_wrong
}

/// Drops the body unread, and makes the length say what it may say.
fn drop_body(response: &mut Response) {
    let length = std::mem::take(response.body_mut()).size_hint().exact();
    let status = response.status();
    let headers = response.headers_mut();
    if status == StatusCode::NOT_MODIFIED {
        // The length that an app gives is that of the resource (RFC 9110, section 8.6).
    } else if is_bodiless(status) {
        headers.remove(header::CONTENT_LENGTH);
    } else if let Some(length @ 1..) = length {
        // An empty body tells nothing of what a GET would have: an app may know HEAD itself.
        headers
            .entry(header::CONTENT_LENGTH)
            .or_insert_with(|| HeaderValue::from(length));
    }
}

fn poll_once(response: &mut Response, cx: &mut Context<'_>) {
    let body = AssertUnwindSafe(|| Pin::new(response.body_mut()).poll_frame(cx));
    let first = match catch_unwind(body) {
        Ok(first) => first,
        Err(panic) => Poll::Ready(Some(Err(BodyError::new(Panicked::new(&*panic))))),
    };
    match first {
        Poll::Pending => {}
        Poll::Ready(None) => *response.body_mut() = Body::empty(),
        Poll::Ready(Some(Ok(frame))) => {
            let rest = std::mem::take(response.body_mut());
            *response.body_mut() = Body::new(Begun {
                first: Some(frame),
                rest,
            });
        }
        Poll::Ready(Some(Err(error))) => fail(response, error),
    }
}

/// What tells of a body, and leaves with it.
const OF_A_BODY: [HeaderName; 10] = [
    header::ACCEPT_RANGES,
    header::CACHE_CONTROL,
    header::CONTENT_DISPOSITION,
    header::CONTENT_ENCODING,
    header::CONTENT_LANGUAGE,
    header::CONTENT_LENGTH,
    header::CONTENT_RANGE,
    header::ETAG,
    header::EXPIRES,
    header::LAST_MODIFIED,
];

/// A 500 in place of the response. What middleware said of the request stays: its id, its CORS
/// fields.
#[cold]
fn fail(response: &mut Response, error: impl Into<Error>) {
    let mut fields = std::mem::take(response.headers_mut());
    *response = error.into().into_response();
    for name in OF_A_BODY {
        fields.remove(name);
    }
    for (name, value) in response.headers() {
        fields.insert(name, value.clone());
    }
    *response.headers_mut() = fields;
}

/// What an app may not answer with, as the cause of a 500.
#[derive(Debug)]
struct NotFinal(StatusCode);

impl fmt::Display for NotFinal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the app answered {}, which is no final status", self.0)
    }
}

impl StdError for NotFinal {}

/// A body whose first frame is here already.
struct Begun {
    first: Option<Frame<Bytes>>,
    rest: Body,
}

impl HttpBody for Begun {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        match self.first.take() {
            Some(frame) => Poll::Ready(Some(Ok(frame))),
            None => Pin::new(&mut self.rest).poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.first.is_none() && self.rest.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let first = self
            .first
            .as_ref()
            .and_then(Frame::data_ref)
            .map_or(0, Bytes::len) as u64;
        let rest = self.rest.size_hint();
        let mut hint = SizeHint::new();
        hint.set_lower(rest.lower() + first);
        if let Some(upper) = rest.upper() {
            hint.set_upper(upper + first);
        }
        hint
    }
}

#[cfg(test)]
mod tests;
