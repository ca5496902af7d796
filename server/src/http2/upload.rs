//! A request's body over HTTP/2: [`Upload`].

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use h2::RecvStream;
use http::{Method, Request, StatusCode, header};
use http_body::{Body, Frame, SizeHint};

use crate::{session::Session, strict::length as length_of};

/// A body as its frames come. The client may send more when the app has taken some.
pub(crate) struct Upload {
    /// Nothing where there is no body.
    stream: Option<RecvStream>,
    /// How much of a length that is known is to come.
    left: Option<u64>,
    /// Whether all DATA has come, so that trailers are next.
    data_ended: bool,
    /// Who asks for it where the client waits for a word (RFC 9110, section 10.1.1).
    expecting: Option<Arc<Session>>,
}

impl Upload {
    /// `request` with a body that can be read.
    pub(super) fn of(request: Request<RecvStream>, session: &Arc<Session>) -> Request<Upload> {
        // What a CONNECT brings is the tunnel's.
        let connects = *request.method() == Method::CONNECT;
        let (head, stream) = request.into_parts();
        let mut upload = Upload {
            stream: None,
            left: None,
            data_ended: false,
            expecting: None,
        };
        if !connects && !stream.is_end_stream() {
            let length = head.headers.get(header::CONTENT_LENGTH);
            // What is wrong with it is said in the answer.
            upload.left = length.and_then(|value| length_of(value.as_bytes()).ok());
            upload.stream = Some(stream);
            let expects = head.headers.contains_key(header::EXPECT);
            upload.expecting = expects.then(|| Arc::clone(session));
        }
        Request::from_parts(head, upload)
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Frame<Bytes>>, h2::Error>> {
        let Some(stream) = &mut self.stream else {
            return Poll::Ready(Ok(None));
        };
        if !self.data_ended {
            if let Some(bytes) = ready!(stream.poll_data(cx)).transpose()? {
                stream.flow_control().release_capacity(bytes.len())?;
                if let Some(left) = &mut self.left {
                    *left = left.saturating_sub(bytes.len() as u64);
                }
                return Poll::Ready(Ok(Some(Frame::data(bytes))));
            }
            self.data_ended = true;
        }
        let trailers = ready!(stream.poll_trailers(cx))?;
        Poll::Ready(Ok(trailers.map(Frame::trailers)))
    }
}

impl Body for Upload {
    type Data = Bytes;
    type Error = h2::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, h2::Error>>> {
        let polled = self.poll(cx);
        // Once: who sends without a word needs none.
        let expecting = self.expecting.take();
        if let (Some(session), Some(stream), Poll::Pending) = (expecting, &self.stream, &polled) {
            let stream = stream.stream_id().as_u32();
            session.interims.ask(stream, StatusCode::CONTINUE);
        }
        polled.map(Result::transpose)
    }

    fn is_end_stream(&self) -> bool {
        self.stream.as_ref().is_none_or(RecvStream::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        match (&self.stream, self.left) {
            (None, _) => SizeHint::with_exact(0),
            (Some(_), Some(left)) => SizeHint::with_exact(left),
            (Some(_), None) => SizeHint::default(),
        }
    }
}
