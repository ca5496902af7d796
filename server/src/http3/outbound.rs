//! What a client is sent on a stream: [`Outbound`].

use std::{
    collections::VecDeque,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::{Buf, Bytes};
use h3::quic::{SendStream, StreamErrorIncoming, StreamId, WriteBuf};
use quinn::{VarInt, WriteError};
use tokio::time::Instant;

use super::{fate::Fate, link::Link, transport::lost};
use crate::{alarm::Alarm, breach::Limit, session::Session, waits::Waits};

/// A stream that is written to, at the pace that a client has to keep.
pub(super) struct Outbound {
    stream: quinn::SendStream,
    id: StreamId,
    /// What has yet to be written. Nearly always one at most: but whoever writes early hints may be
    /// overtaken by an answer.
    queue: VecDeque<WriteBuf<Bytes>>,
    waits: Waits,
    alarm: Alarm,
    session: Option<Arc<Session>>,
    /// How it ends where nobody ends it; the connection's own are left alone.
    fate: Option<Arc<Fate>>,
}

impl Outbound {
    /// One of the connection's own.
    pub(super) fn new(stream: quinn::SendStream) -> Outbound {
        Outbound {
            id: id(stream.id()),
            stream,
            queue: VecDeque::new(),
            waits: Waits::default(),
            alarm: Alarm::default(),
            session: None,
            fate: None,
        }
    }

    /// That of a request.
    pub(super) fn of_request(stream: quinn::SendStream, link: &Link, fate: Arc<Fate>) -> Outbound {
        let mut outbound = Outbound::new(stream);
        outbound.session = Some(Arc::clone(&link.session));
        outbound.fate = Some(fate);
        outbound
    }

    /// There is no room for more: waits for as long as the client may take.
    fn wait(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), StreamErrorIncoming>> {
        let Some(session) = &self.session else {
            return Poll::Pending;
        };
        let now = Instant::now();
        match self.waits.wait(now, &session.site.limits.write_pace()) {
            Some(due) if now >= due => {
                session.report(Limit::Stream);
                let why = "the client takes too little";
                Poll::Ready(Err(StreamErrorIncoming::Unknown(why.into())))
            }
            Some(due) => {
                self.alarm.by(cx, due);
                Poll::Pending
            }
            None => Poll::Pending,
        }
    }
}

impl SendStream<Bytes> for Outbound {
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), StreamErrorIncoming>> {
        while let Some(first) = self.queue.front_mut() {
            if !first.has_remaining() {
                self.queue.pop_front();
                continue;
            }
            match Pin::new(&mut self.stream).poll_write(cx, first.chunk()) {
                Poll::Ready(Ok(count)) => {
                    first.advance(count);
                    self.waits.moved(count, Instant::now);
                }
                Poll::Ready(Err(error)) => return Poll::Ready(Err(unwritable(error))),
                Poll::Pending => return self.wait(cx),
            }
        }
        Poll::Ready(Ok(()))
    }

    fn send_data<T: Into<WriteBuf<Bytes>>>(&mut self, data: T) -> Result<(), StreamErrorIncoming> {
        self.queue.push_back(data.into());
        Ok(())
    }

    fn poll_finish(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), StreamErrorIncoming>> {
        ready!(self.poll_ready(cx))?;
        self.fate = None;
        // It fails where the client has stopped the stream, which is its affair.
        let _ = self.stream.finish();
        Poll::Ready(Ok(()))
    }

    fn reset(&mut self, reset_code: u64) {
        self.fate = None;
        let code = VarInt::from_u64(reset_code).unwrap_or(VarInt::MAX);
        let _ = self.stream.reset(code);
    }

    fn send_id(&self) -> StreamId {
        self.id
    }
}

impl Drop for Outbound {
    fn drop(&mut self) {
        // quinn ends it in order otherwise.
        if let Some(code) = self.fate.as_ref().and_then(|fate| fate.code()) {
            let _ = self.stream.reset(code);
        }
    }
}

fn unwritable(error: WriteError) -> StreamErrorIncoming {
    match error {
        WriteError::Stopped(code) => StreamErrorIncoming::StreamTerminated {
            error_code: code.into_inner(),
        },
        WriteError::ConnectionLost(error) => StreamErrorIncoming::ConnectionErrorIncoming {
            connection_error: lost(error),
        },
        error => StreamErrorIncoming::Unknown(error.into()),
    }
}

/// A number of a stream, as h3 has it.
pub(super) fn id(id: quinn::StreamId) -> StreamId {
    StreamId::try_from(VarInt::from(id).into_inner()).expect("both have 62 bits")
}
