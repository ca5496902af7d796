//! A response that streams: [`Outgoing`].

use std::{
    error::Error,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use enfilade_core::{Body, BodyError, Connection};
use http_body::{Body as HttpBody, Frame, SizeHint};

use crate::exchange::Answering;

/// The body of a response whose head has gone out.
///
/// Its request is answered when it ends. An error can no longer become another response: hyper
/// breaks the connection or the stream off, so that the client sees it, and the cause is reported.
pub(crate) struct Outgoing {
    body: Body,
    connection: Arc<Connection>,
    _answering: Answering,
}

impl Outgoing {
    pub(crate) fn new(body: Body, connection: Arc<Connection>, answering: Answering) -> Outgoing {
        Outgoing {
            body,
            connection,
            _answering: answering,
        }
    }
}

impl HttpBody for Outgoing {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        if let Poll::Ready(Some(Err(error))) = &polled {
            self.connection.errors.report(&chain(error));
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// An error and what caused it, as one line.
fn chain(error: &BodyError) -> String {
    let mut line = format!("a response was cut short: {error}");
    let mut source = error.source();
    while let Some(cause) = source {
        line.push_str(": ");
        line.push_str(&cause.to_string());
        source = cause.source();
    }
    line
}
