//! A body that goes out over HTTP/2: [`Sending`].

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use enfilade_core::{Body, BodyError};
use h2::{Reason, SendStream};
use http_body::{Body as _, Frame};

use crate::session::Session;

/// The body of an answer whose head has gone out.
///
/// A frame is asked for when the one before has gone to h2 as a whole, and h2 takes one when all of
/// the one before has found room in the windows. So one waits here at most, and the app makes no
/// more than the client takes.
///
/// A failure is seen by the client as a reset; [`Outgoing`](crate::outgoing::Outgoing) has reported
/// it.
pub(super) struct Sending {
    body: Body,
    stream: SendStream<Bytes>,
    /// What waits for room, and whether it is the end.
    waiting: Option<(Bytes, bool)>,
    /// How much of the length that was claimed is to come.
    left: Option<u64>,
}

/// Why a body is broken off.
enum Cut {
    /// It has failed, which was reported.
    Failed,
    /// Its length is not the one that was claimed.
    Length(&'static str),
    /// The client has reset the stream, or the connection has ended.
    Gone,
}

impl From<BodyError> for Cut {
    fn from(_: BodyError) -> Cut {
        Cut::Failed
    }
}

impl From<h2::Error> for Cut {
    fn from(_: h2::Error) -> Cut {
        Cut::Gone
    }
}

impl Sending {
    pub(super) const fn new(body: Body, stream: SendStream<Bytes>, left: Option<u64>) -> Sending {
        Sending {
            body,
            stream,
            waiting: None,
            left,
        }
    }

    /// Sends what can be sent. Ready when there is no more to do.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>, session: &Session) -> Poll<()> {
        let cut = match self.poll_frames(cx) {
            Poll::Pending => {
                ready!(self.stream.poll_reset(cx)).ok();
                return Poll::Ready(());
            }
            Poll::Ready(Ok(()) | Err(Cut::Gone)) => return Poll::Ready(()),
            Poll::Ready(Err(cut)) => cut,
        };
        if let Cut::Length(why) = cut {
            let line = format!("a response was cut short: {why}");
            session.facts.errors.report(&line);
        }
        self.stream.send_reset(Reason::INTERNAL_ERROR);
        Poll::Ready(())
    }

    fn poll_frames(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Cut>> {
        loop {
            if self.waiting.is_some() {
                ready!(self.poll_room(cx))?;
            }
            if let Some((bytes, is_last)) = self.waiting.take() {
                self.stream.send_data(bytes, is_last)?;
                if is_last {
                    return Poll::Ready(Ok(()));
                }
            }
            let Some(frame) = ready!(Pin::new(&mut self.body).poll_frame(cx)?) else {
                self.count(0, true)?;
                self.stream.send_data(Bytes::new(), true)?;
                return Poll::Ready(Ok(()));
            };
            if let Some(trailers) = self.take(frame)? {
                self.stream.send_trailers(trailers)?;
                return Poll::Ready(Ok(()));
            }
        }
    }

    /// Keeps the bytes of a frame until there is room; gives its trailers.
    fn take(&mut self, frame: Frame<Bytes>) -> Result<Option<http::HeaderMap>, Cut> {
        match frame.into_data() {
            Ok(bytes) => {
                let is_last = self.body.is_end_stream();
                self.count(bytes.len(), is_last)?;
                if !bytes.is_empty() || is_last {
                    // One byte: what a body that rests has reserved is missing to the others, and
                    // h2 asks for the rest itself when it has them.
                    self.stream.reserve_capacity(bytes.len().min(1));
                    self.waiting = Some((bytes, is_last));
                }
                Ok(None)
            }
            Err(frame) => {
                let Ok(trailers) = frame.into_trailers() else {
                    return Ok(None);
                };
                self.count(0, true)?;
                self.stream.reserve_capacity(0);
                Ok(Some(trailers))
            }
        }
    }

    /// Holds the body to the length that was claimed.
    fn count(&mut self, bytes: usize, is_last: bool) -> Result<(), Cut> {
        let Some(left) = &mut self.left else {
            return Ok(());
        };
        *left = left
            .checked_sub(bytes as u64)
            .ok_or(Cut::Length("there is more of it than its Content-Length"))?;
        if is_last && *left > 0 {
            return Err(Cut::Length("there is less of it than its Content-Length"));
        }
        Ok(())
    }

    /// Waits until the windows have room for some of what waits.
    fn poll_room(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Cut>> {
        let is_empty = matches!(&self.waiting, Some((bytes, _)) if bytes.is_empty());
        while !is_empty && self.stream.capacity() == 0 {
            match ready!(self.stream.poll_capacity(cx)) {
                Some(room) => room?,
                None => return Poll::Ready(Err(Cut::Gone)),
            };
        }
        Poll::Ready(Ok(()))
    }
}
