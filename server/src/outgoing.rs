//! A response that streams: [`Outgoing`].

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use enfilade_core::{Body, BodyError, Cause, Panicked, host::strip_trailers};
use http_body::{Body as HttpBody, Frame, SizeHint};

use crate::session::Answering;

/// The body of a response whose head has gone out.
///
/// Its request is answered when it ends. An error can no longer become another response: the
/// connection or the stream is broken off, so that the client sees it, and the cause is reported.
/// So is a panic, which would end the connection, and with it all of its streams. Trailers lose what
/// only a head may say.
pub(crate) struct Outgoing {
    body: Body,
    answering: Answering,
}

impl Outgoing {
    pub(crate) const fn new(body: Body, answering: Answering) -> Outgoing {
        Outgoing { body, answering }
    }
}

impl HttpBody for Outgoing {
    type Data = Bytes;
    type Error = Cut;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Cut>>> {
        let body = AssertUnwindSafe(|| Pin::new(&mut self.body).poll_frame(cx));
        let polled = catch_unwind(body).unwrap_or_else(|panic| {
            let panic = BodyError::new(Panicked::new(&*panic));
            Poll::Ready(Some(Err(panic)))
        });
        let polled = match polled {
            Poll::Ready(Some(Ok(mut frame))) => {
                if let Some(trailers) = frame.trailers_mut() {
                    strip_trailers(trailers);
                    if trailers.is_empty() {
                        return Poll::Ready(None);
                    }
                }
                Poll::Ready(Some(Ok(frame)))
            }
            polled => polled,
        };
        polled.map_err(|error| {
            let cause = Cause::new(Box::new(error)).chain();
            self.answering
                .report(&format!("a response was cut short: {cause}"));
            Cut
        })
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Has the connection or the stream broken off. What happened has been reported.
#[derive(Debug)]
pub(crate) struct Cut;

impl std::fmt::Display for Cut {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the response was cut short")
    }
}

impl std::error::Error for Cut {}
