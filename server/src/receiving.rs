//! A request's body, as it comes: [`Receiving`].

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use enfilade_core::BoxError;
use http_body::{Body as HttpBody, Frame, SizeHint};
use tokio::time::Instant;

use crate::{
    alarm::Alarm,
    breach::Limit,
    exchange::{Exchange, HURRY},
    leftover,
    refusal::Refused,
    session::Session,
    strict,
    waits::Waits,
};

/// A body as it comes from the wire, whatever carries it.
pub(crate) trait Upload:
    HttpBody<Data = Bytes, Error: Into<BoxError>> + Unpin + Send + 'static
{
}

impl<B> Upload for B where B: HttpBody<Data = Bytes, Error: Into<BoxError>> + Unpin + Send + 'static {}

/// A request's body, which is held to its limits.
///
/// Over HTTP/1.1 the connection sees for itself whether bytes come in time. Over HTTP/2 and 3 each
/// body has to be waited for alone.
pub(crate) struct Receiving<B: Upload> {
    /// Nothing when it has ended.
    body: Option<B>,
    /// Whether the connection waits for its end.
    finish: bool,
    session: Arc<Session>,
    exchange: Arc<Exchange>,
    bytes: u64,
    ended: bool,
    waiting: Option<Box<(Waits, Alarm)>>,
}

impl<B: Upload> Receiving<B> {
    pub(crate) fn new(
        body: B,
        finish: bool,
        session: Arc<Session>,
        exchange: Arc<Exchange>,
    ) -> Receiving<B> {
        Receiving {
            body: Some(body),
            finish,
            exchange,
            bytes: 0,
            ended: false,
            waiting: session.http2.then(Box::default),
            session,
        }
    }

    fn refuse(&self, limit: Limit) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if self.exchange.refuse(limit) {
            self.session.report(limit);
        }
        Poll::Ready(Some(Err(Refused(limit).into())))
    }

    fn came(&mut self, frame: Frame<Bytes>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let limits = &self.session.site.limits;
        if let Some(data) = frame.data_ref() {
            self.bytes += data.len() as u64;
            if let Some(waiting) = &mut self.waiting {
                waiting.0.moved(data.len(), Instant::now);
            }
            if self.bytes > limits.body_bytes {
                return self.refuse(Limit::BodyBytes);
            }
        } else if let Some(trailers) = frame.trailers_ref() {
            if trailers.len() > limits.fields {
                return self.refuse(Limit::Fields);
            }
            if !strict::are_trailers(trailers) {
                return self.refuse(Limit::Trailers);
            }
        }
        Poll::Ready(Some(Ok(frame)))
    }

    /// Nothing has come.
    fn wait(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let Some(waiting) = &mut self.waiting else {
            return Poll::Pending;
        };
        let now = Instant::now();
        match waiting
            .0
            .wait(now, &self.exchange.pace_at(&self.session.site))
        {
            Some(due) if now >= due => self.refuse(Limit::Body),
            Some(due) => {
                // There may be less room then.
                waiting.1.for_any(cx, due.min(now + HURRY));
                Poll::Pending
            }
            None => Poll::Pending,
        }
    }
}

impl<B: Upload> HttpBody for Receiving<B> {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = &mut *self;
        if let Some(limit) = this.exchange.refused() {
            return Poll::Ready(Some(Err(Refused(limit).into())));
        }
        let Some(body) = &mut this.body else {
            return Poll::Ready(None);
        };
        let polled = Pin::new(&mut *body).poll_frame(cx);
        if body.is_end_stream() || matches!(polled, Poll::Ready(None)) {
            this.body = None;
            this.ended = true;
            this.session.received(true);
        }
        match polled {
            Poll::Ready(Some(Ok(frame))) => this.came(frame),
            Poll::Ready(Some(Err(error))) => Poll::Ready(Some(Err(error.into()))),
            Poll::Ready(None) => Poll::Ready(None),
            Poll::Pending => this.wait(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(B::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        let none = SizeHint::with_exact(0);
        self.body.as_ref().map_or(none, B::size_hint)
    }
}

impl<B: Upload> Drop for Receiving<B> {
    fn drop(&mut self) {
        if !self.ended {
            self.session.received(false);
        }
        // Who broke a limit is not waited for.
        let finish = self.finish && self.exchange.refused().is_none();
        let body = self.body.take().filter(|_| finish);
        let is_finished = self.ended || body.is_some_and(leftover::finish);
        if !is_finished && !self.session.http2 {
            // Said in the answer, so that nobody sends the next request here.
            self.session.spend();
        }
    }
}
