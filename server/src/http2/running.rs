//! A request over HTTP/2 that is being answered: [`Running`].

use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use h2::{Reason, RecvStream, server::SendResponse};

use super::{
    head::{self, Answered as Head},
    interims::Informed,
    sending::Sending,
    upload::Upload,
};
use crate::{answered::Answered, head_out::Kind, service, session::Session};

/// One stream, from its request to the end of its answer.
///
/// It ends without an answer where the client resets the stream. What is still unread of the
/// request then, or behind the answer, is h2's to refuse: it resets the stream (RFC 9113, section
/// 8.1).
pub(super) struct Running {
    session: Arc<Session>,
    state: State,
}

#[allow(
    clippy::large_enum_variant,
    reason = "each is in its own place of the heap when it waits, and most never wait"
)]
enum State {
    Answering {
        answer: Answered,
        respond: SendResponse<Bytes>,
        informed: Informed,
        kind: Kind,
    },
    Sending(Sending),
    Done,
}

impl Running {
    /// Has the app answer `request`.
    pub(super) fn begin(
        request: http::Request<RecvStream>,
        respond: SendResponse<Bytes>,
        session: &Arc<Session>,
    ) -> Running {
        let stream = respond.stream_id().as_u32();
        let kind = Kind::of(request.method());
        let informed = Informed::open(session, stream);
        let request = Upload::of(request, session);
        Running {
            session: Arc::clone(session),
            state: State::Answering {
                answer: service::answer(session, request, Some(stream.into())),
                respond,
                informed,
                kind,
            },
        }
    }

    /// Sends the informational answers that somebody has asked for.
    pub(super) fn inform(&mut self) {
        if let State::Answering {
            respond, informed, ..
        } = &mut self.state
        {
            informed.send(respond);
        }
    }
}

impl Future for Running {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        loop {
            match &mut this.state {
                State::Answering {
                    answer,
                    respond,
                    informed,
                    kind,
                } => {
                    let answered = Pin::new(answer).poll(cx);
                    informed.send(respond);
                    let Poll::Ready(Ok(response)) = answered else {
                        ready!(respond.poll_reset(cx)).ok();
                        this.state = State::Done;
                        continue;
                    };
                    this.state = match head::send(*kind, response, respond, &this.session) {
                        Ok(Head::Whole) => State::Done,
                        Ok(Head::Begun(sending)) => State::Sending(sending),
                        Err(_) => {
                            // The client has reset it, or the head is one that h2 does not send.
                            respond.send_reset(Reason::INTERNAL_ERROR);
                            State::Done
                        }
                    };
                }
                State::Sending(sending) => {
                    ready!(sending.poll(cx, &this.session));
                    this.state = State::Done;
                }
                State::Done => return Poll::Ready(()),
            }
        }
    }
}
