//! QUIC, as h3 wants it: [`Transport`].

use std::{
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use futures_util::{Stream, StreamExt, stream::unfold};
use h3::{
    error::Code,
    quic::{
        BidiStream, Connection, ConnectionErrorIncoming, OpenStreams, RecvStream, SendStream,
        StreamErrorIncoming, StreamId, WriteBuf,
    },
};
use quinn::ConnectionError;

use super::{
    control::Control,
    fate::Fate,
    inbound::{Inbound, Sections},
    link::{Link, number},
    outbound::{Outbound, id},
};

/// A connection of quinn's.
///
/// It is written here, and not taken from h3-quinn, since that panics where a stream is stopped
/// while it is read, and hands all on to h3 as it comes.
pub(super) struct Transport {
    link: Arc<Link>,
    requests: Coming<(quinn::SendStream, quinn::RecvStream)>,
    controls: Coming<quinn::RecvStream>,
    opening: Coming<quinn::SendStream>,
}

/// Streams that come; they are waited for again and again, which costs one box in all.
type Coming<T> = Pin<Box<dyn Stream<Item = Result<T, ConnectionError>> + Send>>;

impl Transport {
    pub(super) fn new(link: Arc<Link>) -> Transport {
        let quic = || link.quic.clone();
        Transport {
            requests: Box::pin(unfold(quic(), async |quic| {
                Some((quic.accept_bi().await, quic))
            })),
            controls: Box::pin(unfold(quic(), async |quic| {
                Some((quic.accept_uni().await, quic))
            })),
            opening: Box::pin(unfold(quic(), async |quic| {
                Some((quic.open_uni().await, quic))
            })),
            link,
        }
    }
}

impl Connection<Bytes> for Transport {
    type RecvStream = Control;
    type OpenStreams = Transport;

    fn poll_accept_recv(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Control, ConnectionErrorIncoming>> {
        let stream = ready!(poll_coming(&mut self.controls, cx)).map_err(lost)?;
        if let Err(code) = self.link.idle() {
            return Poll::Ready(Err(self.link.broken(code)));
        }
        Poll::Ready(Ok(Control::new(stream, Arc::clone(&self.link))))
    }

    fn poll_accept_bidi(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Duplex, ConnectionErrorIncoming>> {
        loop {
            let (mut send, mut receive) =
                ready!(poll_coming(&mut self.requests, cx)).map_err(lost)?;
            let id = id(send.id());
            if self.link.rejects(id.into_inner()) {
                // The client knows by GOAWAY that it can ask again elsewhere.
                let _ = send.reset(number(Code::H3_REQUEST_REJECTED));
                let _ = receive.stop(number(Code::H3_REQUEST_REJECTED));
                continue;
            }
            let fate = Arc::new(Fate::new());
            let inbound = Inbound::new(receive, id, Arc::clone(&self.link), Arc::clone(&fate));
            let inbound = Sections(Arc::new(Mutex::new(inbound)));
            self.link.begin(Begun {
                id,
                inbound: inbound.clone(),
                fate: Arc::clone(&fate),
                stopped: Box::pin(send.stopped()),
            });
            return Poll::Ready(Ok(Duplex {
                send: Outbound::of_request(send, &self.link, fate),
                receive: inbound,
            }));
        }
    }

    fn opener(&self) -> Transport {
        Transport::new(Arc::clone(&self.link))
    }
}

impl OpenStreams<Bytes> for Transport {
    type BidiStream = Duplex;
    type SendStream = Outbound;

    /// A server opens none, which is never asked of it.
    fn poll_open_bidi(&mut self, _: &mut Context<'_>) -> Poll<Result<Duplex, StreamErrorIncoming>> {
        let why = "a server opens no streams of requests";
        Poll::Ready(Err(StreamErrorIncoming::Unknown(why.into())))
    }

    fn poll_open_send(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Outbound, StreamErrorIncoming>> {
        let opened = ready!(poll_coming(&mut self.opening, cx));
        Poll::Ready(match opened {
            Ok(stream) => Ok(Outbound::new(stream)),
            Err(error) => Err(StreamErrorIncoming::ConnectionErrorIncoming {
                connection_error: lost(error),
            }),
        })
    }

    fn close(&mut self, code: Code, _: &[u8]) {
        self.link.close(code);
    }
}

fn poll_coming<T>(
    coming: &mut Coming<T>,
    cx: &mut Context<'_>,
) -> Poll<Result<T, ConnectionError>> {
    // They end by an error.
    let next = ready!(coming.poll_next_unpin(cx));
    Poll::Ready(next.unwrap_or(Err(ConnectionError::LocallyClosed)))
}

/// How a connection that was lost is told to h3.
pub(super) fn lost(error: ConnectionError) -> ConnectionErrorIncoming {
    match error {
        ConnectionError::ApplicationClosed(close) => ConnectionErrorIncoming::ApplicationClose {
            error_code: close.error_code.into_inner(),
        },
        ConnectionError::TimedOut => ConnectionErrorIncoming::Timeout,
        error => ConnectionErrorIncoming::Undefined(Arc::new(error)),
    }
}

/// A request that has begun, beside what h3 has of it.
pub(super) struct Begun {
    pub(super) id: StreamId,
    pub(super) inbound: Sections,
    pub(super) fate: Arc<Fate>,
    pub(super) stopped: Stopped,
}

/// Ends when the client has all of an answer, or wants no more of it.
pub(super) type Stopped =
    Pin<Box<dyn Future<Output = Result<Option<quinn::VarInt>, quinn::StoppedError>> + Send>>;

/// The stream of a request.
pub(super) struct Duplex {
    send: Outbound,
    receive: Sections,
}

impl BidiStream<Bytes> for Duplex {
    type SendStream = Outbound;
    type RecvStream = Sections;

    fn split(self) -> (Outbound, Sections) {
        (self.send, self.receive)
    }
}

impl SendStream<Bytes> for Duplex {
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), StreamErrorIncoming>> {
        self.send.poll_ready(cx)
    }

    fn send_data<T: Into<WriteBuf<Bytes>>>(&mut self, data: T) -> Result<(), StreamErrorIncoming> {
        self.send.send_data(data)
    }

    fn poll_finish(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), StreamErrorIncoming>> {
        self.send.poll_finish(cx)
    }

    fn reset(&mut self, reset_code: u64) {
        self.send.reset(reset_code);
    }

    fn send_id(&self) -> StreamId {
        self.send.send_id()
    }
}

impl RecvStream for Duplex {
    type Buf = Bytes;

    fn poll_data(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Option<Bytes>, StreamErrorIncoming>> {
        self.receive.poll_data(cx)
    }

    fn stop_sending(&mut self, error_code: u64) {
        self.receive.stop_sending(error_code);
    }

    fn recv_id(&self) -> StreamId {
        self.receive.recv_id()
    }
}
