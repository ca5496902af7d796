//! Before a head goes out: the body is polled once, and what may not be sent is dropped.

use std::{
    future::poll_fn,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{HeaderValue, Method, StatusCode, header};
use http_body::{Body as HttpBody, Frame, SizeHint};

use super::strip_hop_by_hop;
use crate::{Body, BodyError, Error, IntoResponse, Response};

/// Makes a response ready to be sent, on any host.
///
/// * A response to HEAD, and one with status 204 or 304, carries no body: it is dropped unread. A
///   HEAD keeps the length that a GET would have.
/// * A stream is polled once. If it fails at once, the answer is a 500 and not a truncated 200; if
///   it is pending, the head goes out now, so that event streams begin.
/// * Hop-by-hop fields are the host's alone, except in the 101 of an upgrade.
pub async fn commit(method: &Method, mut response: Response) -> Response {
    let status = response.status();
    if status == StatusCode::SWITCHING_PROTOCOLS {
        return response;
    }
    strip_hop_by_hop(response.headers_mut());
    if *method == Method::HEAD || is_bodiless(status) {
        drop_body(&mut response);
    } else if response.body().in_memory_len().is_none() {
        response = poll_once(response).await;
    }
    response
}

fn is_bodiless(status: StatusCode) -> bool {
    status.is_informational()
        || status == StatusCode::NO_CONTENT
        || status == StatusCode::NOT_MODIFIED
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
    } else if let Some(length) = length {
        headers
            .entry(header::CONTENT_LENGTH)
            .or_insert_with(|| HeaderValue::from(length));
    }
}

async fn poll_once(mut response: Response) -> Response {
    let first = poll_fn(|cx| {
        Poll::Ready(match Pin::new(response.body_mut()).poll_frame(cx) {
            Poll::Ready(Some(Ok(frame))) => First::Frame(frame),
            Poll::Ready(Some(Err(error))) => First::Failed(error),
            Poll::Ready(None) => First::End,
            Poll::Pending => First::Pending,
        })
    })
    .await;
    match first {
        First::Pending => response,
        First::End => response.map(|_| Body::empty()),
        First::Frame(frame) => response.map(|rest| {
            Body::new(Begun {
                first: Some(frame),
                rest,
            })
        }),
        First::Failed(error) => Error::from(error).into_response(),
    }
}

enum First {
    Frame(Frame<Bytes>),
    Failed(BodyError),
    End,
    Pending,
}

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
