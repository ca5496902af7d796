//! One request and its answer: [`Exchange`].

use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::{Bytes, BytesMut};
use enfilade_core::{Body, IntoResponse, RequestExt, Response};

use super::{
    pairs::{CutPair, Pairs},
    pipe::{Feed, Incoming, pipe},
    protocol::{FastCgiProtocol, Permit},
    record::{end_stream, kind, write_stream},
    rules::Role,
    stderr::Stderr,
    verdict::Verdict,
};
use crate::{
    answered::Answered,
    gateway::{BadRequest, Outgoing, Style, Variables, content_length},
    site::Site,
};

/// How much waits to be written to a web server. Then no app is asked for more.
pub(crate) const ROOM: usize = 64 * 1024;

/// A request from its parameters to the last byte of its answer.
pub(crate) struct Exchange {
    pub(crate) id: u16,
    /// Where its body goes in.
    pub(crate) feed: Feed,
    /// How long others on the connection may still wait for it.
    pub(crate) patience: Duration,
    role: Role,
    is_head: bool,
    errors: Arc<Stderr>,
    stage: Stage,
    /// Its place among the requests that may run.
    permit: Option<Permit>,
}

enum Stage {
    Received(Result<(Variables, Incoming), BadRequest>),
    Answering(Answered),
    /// No app saw it.
    Refused(Response),
    Sending {
        answer: Outgoing,
        block: Bytes,
    },
    /// All of the answer is written.
    Done,
}

/// How an exchange has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    Whole,
    /// The answer broke off. What has been sent of it must not look whole.
    Broken,
}

impl Exchange {
    /// `params` is the stream of parameters, `None` where it was too long.
    pub(crate) fn new(
        id: u16,
        role: Role,
        params: Option<Bytes>,
        patience: Duration,
        site: &Site,
        permit: Permit,
    ) -> Result<Exchange, CutPair> {
        let variables = params.map_or(Ok(Err(BadRequest::TooLarge)), variables)?;
        let is_head = variables.as_ref().is_ok_and(|variables| {
            variables
                .get("REQUEST_METHOD")
                .is_some_and(|method| method == "HEAD")
        });
        let received = variables.and_then(|variables| {
            let length = content_length(&variables)?;
            Ok((variables, length))
        });
        let (feed, incoming) = pipe(received.as_ref().map_or(None, |(_, length)| *length));
        Ok(Exchange {
            id,
            feed,
            patience,
            role,
            is_head,
            errors: Arc::new(Stderr::new(Arc::clone(site.errors()))),
            stage: Stage::Received(received.map(|(variables, _)| (variables, incoming))),
            permit: Some(permit),
        })
    }

    /// Goes on with the answer, and writes to `out` what can be sent, while there is room.
    pub(crate) fn poll(
        &mut self,
        cx: &mut Context<'_>,
        protocol: &FastCgiProtocol,
        site: &Site,
        out: &mut BytesMut,
    ) -> Poll<Ended> {
        loop {
            if out.len() >= ROOM {
                return Poll::Pending;
            }
            self.errors.drain(cx, self.id, out);
            match &mut self.stage {
                Stage::Received(_) => self.receive(protocol, site),
                Stage::Answering(answered) => {
                    let response = ready!(Pin::new(answered).poll(cx));
                    self.begin(response, out);
                }
                Stage::Refused(response) => {
                    let response = std::mem::take(response);
                    self.begin(response, out);
                }
                Stage::Sending { answer, block } if block.is_empty() => {
                    match ready!(answer.poll_next(cx)) {
                        Some(Ok(next)) => *block = next,
                        Some(Err(_)) => return Poll::Ready(self.end(Ended::Broken, out)),
                        None => return Poll::Ready(self.end(Ended::Whole, out)),
                    }
                }
                Stage::Sending { block, .. } => {
                    let piece = block.split_to(block.len().min(ROOM));
                    write_stream(out, kind::STDOUT, self.id, &piece);
                }
                Stage::Done => return Poll::Ready(self.end(Ended::Whole, out)),
            }
        }
    }

    /// Makes the request. What has arrived of it by now is in its body, so one without a body
    /// mostly shows it.
    fn receive(&mut self, protocol: &FastCgiProtocol, site: &Site) {
        let received = std::mem::replace(&mut self.stage, Stage::Done);
        let Stage::Received(received) = received else {
            return;
        };
        let request = received.and_then(|(variables, incoming)| {
            let body = Body::new(incoming);
            let mut request = site.request(variables, site.import(), body)?;
            request.environ_mut().connection_mut().errors = Arc::clone(&self.errors) as _;
            Ok(request)
        });
        let answered = match request {
            Ok(request) => protocol.answer(site, self.role, request),
            Err(bad) => Err(bad.into_error()),
        };
        self.stage = match answered {
            Ok(answered) => Stage::Answering(answered),
            Err(error) => Stage::Refused(error.into_response()),
        };
    }

    fn begin(&mut self, response: Response, out: &mut BytesMut) {
        if self.role == Role::Authorizer
            && let Some(verdict) = Verdict::passing(&response)
        {
            write_stream(out, kind::STDOUT, self.id, &verdict.head());
            self.stage = Stage::Done;
            return;
        }
        let errors = Arc::clone(&self.errors) as _;
        let answer = Outgoing::new(Style::Status, self.is_head, response, errors);
        write_stream(out, kind::STDOUT, self.id, answer.head());
        self.stage = Stage::Sending {
            answer,
            block: Bytes::new(),
        };
    }

    fn end(&mut self, ended: Ended, out: &mut BytesMut) -> Ended {
        self.stage = Stage::Done;
        self.errors.end(self.id, out);
        if ended == Ended::Whole {
            end_stream(out, kind::STDOUT, self.id);
        }
        ended
    }
}

impl Drop for Exchange {
    /// What is reported from now on can no longer be sent, nor what has not been by now.
    fn drop(&mut self) {
        self.errors.give_back();
        if let Stage::Answering(answered) = &mut self.stage {
            let permit = self.permit.take();
            answered.leave(permit.map(|permit| Box::new(permit) as _));
        }
    }
}

fn variables(params: Bytes) -> Result<Result<Variables, BadRequest>, CutPair> {
    let mut variables = Variables::new();
    for pair in Pairs::new(params) {
        let (name, value) = pair?;
        if let Err(bad) = variables.push(name, value) {
            return Ok(Err(bad));
        }
    }
    Ok(Ok(variables))
}
