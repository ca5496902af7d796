//! One connection, from its first byte to its last: [`Serving`].

use std::{
    future::{Future, poll_fn},
    pin::{Pin, pin},
    task::{Context, Poll},
};

use bytes::{Buf, Bytes, BytesMut};
use tokio::{
    io::{AsyncReadExt, AsyncWrite},
    time::{Sleep, sleep},
};

use super::{
    breach::Breach,
    closing::{cut, linger},
    conversation::{Conversation, Event},
    exchange::{Ended, Exchange, ROOM},
    protocol::FastCgiProtocol,
    record::ProtocolStatus,
    rules::Role,
    stall::Stall,
};
use crate::{
    backend::{Reader, Writer},
    site::Site,
};

/// A connection being served. It reads while there is room for what it reads, and asks apps for
/// more while there is room for what they give; nothing else is kept.
pub(super) struct Serving<'a> {
    reader: Reader,
    /// There until it is dropped.
    writer: Option<Writer>,
    protocol: &'a FastCgiProtocol,
    site: &'a Site,
    conversation: Conversation,
    input: BytesMut,
    output: BytesMut,
    exchanges: Vec<Exchange>,
    stall: Option<Stall>,
    /// Whether what has been sent by now is the last that is taken.
    stops: bool,
    /// Where an answer broke off, how long the others have before the connection tells so.
    broken: Option<Pin<Box<Sleep>>>,
    /// Whether the system resets the connection if the process dies.
    resets: bool,
}

/// How much is read at a time.
const BLOCK: usize = 16 * 1024;

/// How much of the protocol's own replies may wait. A web server that asks and never listens is
/// not read any further.
const MOST_REPLIES: usize = 4 * 1024;

/// Why a connection cannot go on.
#[derive(Debug)]
pub(super) enum Gone {
    /// The web server closed it, or the network did. Whoever it asked for has left.
    Closed,
    /// An answer on it broke off, and so many others did not end in time.
    Broken(usize),
    /// What comes is not the protocol.
    Breach(Breach),
}

impl<'a> Serving<'a> {
    pub(super) fn new(
        reader: Reader,
        writer: Writer,
        protocol: &'a FastCgiProtocol,
        site: &'a Site,
    ) -> Serving<'a> {
        Serving {
            reader,
            writer: Some(writer),
            protocol,
            site,
            conversation: Conversation::new(protocol.rules),
            input: BytesMut::new(),
            output: BytesMut::new(),
            exchanges: Vec::new(),
            stall: None,
            stops: false,
            broken: None,
            resets: false,
        }
    }

    /// Serves until the connection is to be closed, with all written that there was.
    pub(super) async fn run(&mut self) -> Result<(), Gone> {
        poll_fn(|cx| self.poll(cx)).await
    }

    /// Takes the requests that have been sent by now, and no more. A connection on which none has
    /// begun yet still takes its first: whoever has just connected is about to send it.
    pub(super) const fn stop(&mut self) {
        self.stops = true;
    }

    /// Takes no more requests, and refuses those that have not come yet to their body.
    pub(super) fn stop_at_once(&mut self) {
        self.conversation.close_at_once();
    }

    /// Closes the connection, after [`run`](Serving::run) has ended well.
    pub(super) async fn close(&mut self) {
        if self.broken.is_none()
            && let Some(writer) = &mut self.writer
        {
            linger(&mut self.reader, writer).await;
        }
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Gone>> {
        loop {
            let received = self.receive(cx)?;
            self.answer(cx);
            let sent = self.send(cx)?;
            if self.stops && !received && self.conversation.is_used() {
                self.conversation.close();
            }
            if self.conversation.is_over() && self.is_flushed() {
                self.prepare_for_death();
                return Poll::Ready(Ok(()));
            }
            if self.is_out_of_patience(cx) {
                return Poll::Ready(Err(Gone::Broken(self.exchanges.len())));
            }
            if !received && !sent {
                self.prepare_for_death();
                self.rest();
                return Poll::Pending;
            }
        }
    }

    /// Whether the client of an answer that broke off has waited long enough for its neighbours.
    fn is_out_of_patience(&mut self, cx: &mut Context<'_>) -> bool {
        let broken = self.broken.as_mut().filter(|_| !self.exchanges.is_empty());
        broken.is_some_and(|patience| patience.as_mut().poll(cx).is_ready())
    }

    /// Reads what there is and there is room for. Tells whether there was something.
    fn receive(&mut self, cx: &mut Context<'_>) -> Result<bool, Gone> {
        let mut received = false;
        while self.has_room(cx) && !self.conversation.is_over() {
            if let Some(event) = self
                .conversation
                .next(&mut self.input)
                .map_err(Gone::Breach)?
            {
                self.take(event).map_err(Gone::Breach)?;
            } else {
                self.input.reserve(BLOCK);
                match pin!(self.reader.read_buf(&mut self.input)).poll(cx) {
                    Poll::Pending => break,
                    Poll::Ready(Ok(1..)) => {}
                    Poll::Ready(Ok(0) | Err(_)) => return Err(Gone::Closed),
                }
            }
            received = true;
        }
        Ok(received)
    }

    fn has_room(&mut self, cx: &mut Context<'_>) -> bool {
        if self.conversation.replies().len() > MOST_REPLIES {
            return false;
        }
        let Some(stall) = &mut self.stall else {
            return true;
        };
        let exchange = self.exchanges.iter_mut().find(|e| e.id == stall.id);
        let is_over = exchange.is_none_or(|exchange| stall.poll(exchange, cx).is_ready());
        if is_over {
            self.stall = None;
        }
        is_over
    }

    fn take(&mut self, event: Event) -> Result<(), Breach> {
        match event {
            Event::Begun { id, role, params } => self.begin(id, role, Some(params))?,
            Event::TooLarge { id } => self.begin(id, Role::Responder, None)?,
            Event::Input { id, content } => {
                if let Some(exchange) = self.exchanges.iter().find(|e| e.id == id) {
                    exchange.feed.push(content);
                    if exchange.feed.is_full() {
                        let patience = self
                            .protocol
                            .rules
                            .multiplexes()
                            .then_some(exchange.patience);
                        self.stall = Some(Stall::new(id, patience));
                    }
                }
            }
            Event::InputEnded { id } => {
                if let Some(exchange) = self.exchanges.iter().find(|e| e.id == id) {
                    exchange.feed.end();
                }
            }
            Event::Aborted { id } => self.exchanges.retain(|exchange| exchange.id != id),
        }
        Ok(())
    }

    fn begin(&mut self, id: u16, role: Role, params: Option<Bytes>) -> Result<(), Breach> {
        match self.protocol.permit() {
            Some(permit) => {
                let exchange =
                    Exchange::new(id, role, params, self.protocol.stall, self.site, permit)?;
                self.exchanges.push(exchange);
            }
            None => self.conversation.refuse(id, ProtocolStatus::Overloaded),
        }
        Ok(())
    }

    /// Lets the apps go on. They take turns in being the first that fills the room.
    fn answer(&mut self, cx: &mut Context<'_>) {
        if self.exchanges.len() > 1 {
            self.exchanges.rotate_left(1);
        }
        let mut at = 0;
        while let Some(exchange) = self.exchanges.get_mut(at) {
            let id = exchange.id;
            match exchange.poll(cx, self.protocol, self.site, &mut self.output) {
                Poll::Pending => at += 1,
                Poll::Ready(ended) => {
                    self.exchanges.remove(at);
                    match ended {
                        Ended::Whole => self.conversation.complete(id, &mut self.output),
                        Ended::Broken => {
                            let patience = self.protocol.stall;
                            self.broken.get_or_insert_with(|| Box::pin(sleep(patience)));
                            self.conversation.break_off(id);
                        }
                    }
                }
            }
        }
    }

    fn send(&mut self, cx: &mut Context<'_>) -> Result<bool, Gone> {
        let Some(writer) = &mut self.writer else {
            return Err(Gone::Closed);
        };
        let mut sent = false;
        loop {
            if self.output.len() < ROOM {
                let replies = self.conversation.replies();
                self.output.extend_from_slice(replies);
                replies.clear();
            }
            if self.output.is_empty() {
                break;
            }
            match Pin::new(&mut *writer).poll_write(cx, &self.output) {
                Poll::Pending => break,
                Poll::Ready(Ok(written @ 1..)) => self.output.advance(written),
                Poll::Ready(Ok(0) | Err(_)) => return Err(Gone::Closed),
            }
            sent = true;
        }
        // Sockets are never to be flushed: what was written is on its way.
        Ok(sent)
    }

    /// Whether all that was asked for has been answered, and has gone out.
    fn is_whole(&self) -> bool {
        self.broken.is_none() && self.exchanges.is_empty() && self.output.is_empty()
    }

    /// A process that is killed cannot say that its answers are not whole; the system can, over TCP.
    /// What is answered at once never comes here in between.
    fn prepare_for_death(&mut self) {
        let resets = !self.is_whole();
        if let Some(writer) = self.writer.as_ref().filter(|_| resets != self.resets) {
            writer.set_reset(resets);
            self.resets = resets;
        }
    }

    /// An idle connection does not keep the room that its last answer took.
    fn rest(&mut self) {
        if self.conversation.is_idle() && self.output.is_empty() && self.output.capacity() > BLOCK {
            self.output = BytesMut::new();
        }
    }

    fn is_flushed(&mut self) -> bool {
        self.output.is_empty() && self.conversation.replies().is_empty()
    }
}

impl Drop for Serving<'_> {
    /// An answer that is not whole must not look like one.
    fn drop(&mut self) {
        let is_whole = self.is_whole();
        if let Some(writer) = self.writer.take().filter(|_| !is_whole) {
            cut(writer, self.output.is_empty());
        }
    }
}
