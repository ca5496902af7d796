//! A body whose panic is an error: [`Caught`].

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use enfilade_core::{Body, BodyError, Panicked};
use http_body::{Body as HttpBody, Frame, SizeHint};

/// A body whose panic is an error: it must not end what other answers share.
#[derive(Debug)]
pub(crate) struct Caught(pub(crate) Body);

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

    fn is_end_stream(&self) -> bool {
        self.0.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.0.size_hint()
    }
}
