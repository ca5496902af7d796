//! A body whose bytes are counted as they are read: [`Counted`].

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use enfilade_core::{Body, BodyError};
use http_body::{Frame, SizeHint};

use crate::counts::RECEIVED;

/// What is known of the body beforehand stays known.
pub(crate) struct Counted(pub(crate) Body);

impl http_body::Body for Counted {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let frame = Pin::new(&mut self.0).poll_frame(cx);
        if let Poll::Ready(Some(Ok(frame))) = &frame {
            RECEIVED.add(frame.data_ref().map_or(0, Bytes::len) as u64);
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.0.size_hint()
    }
}
