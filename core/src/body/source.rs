//! A body of any type, erased: [`Streamed`].

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use sync_wrapper::SyncWrapper;

use super::{BodyError, BoxError};

/// What [`Body`](super::Body) holds where it is a stream: an [`HttpBody`] that can be shared.
pub(super) trait Source: Send + Sync {
    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>>;
    fn is_end_stream(&self) -> bool;
    fn size_hint(&self) -> SizeHint;
}

pin_project_lite::pin_project! {
    /// A body that need not be `Sync`: it is only reached through `&mut`, and what it says of
    /// itself is written down whenever it may have changed.
    pub(super) struct Streamed<B> {
        #[pin]
        body: SyncWrapper<B>,
        is_end_stream: bool,
        size_hint: SizeHint,
    }
}

impl<B: HttpBody> Streamed<B> {
    pub(super) fn new(body: B) -> Streamed<B> {
        Streamed {
            is_end_stream: body.is_end_stream(),
            size_hint: body.size_hint(),
            body: SyncWrapper::new(body),
        }
    }
}

impl<B> Source for Streamed<B>
where
    B: HttpBody<Data = Bytes> + Send,
    B::Error: Into<BoxError>,
{
    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let this = self.project();
        let mut body = this.body.get_pin_mut();
        let polled = body.as_mut().poll_frame(cx);
        *this.is_end_stream = body.is_end_stream();
        *this.size_hint = body.size_hint();
        polled.map(|frame| frame.map(|frame| frame.map_err(BodyError::new)))
    }

    fn is_end_stream(&self) -> bool {
        self.is_end_stream
    }

    fn size_hint(&self) -> SizeHint {
        self.size_hint
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::{BodyExt, Full};

    use super::*;
    use crate::Body;

    #[tokio::test]
    async fn a_stream_says_what_is_left_of_it() {
        let mut body = Body::new(Full::new(Bytes::from_static(b"hello")));
        assert!(body.is_stream() && !body.is_end_stream());
        assert_eq!(body.size_hint().exact(), Some(5));
        body.frame().await.expect("a frame").expect("no error");
        assert!(body.is_end_stream());
        assert_eq!(body.size_hint().exact(), Some(0));
    }
}
