//! One connection, from its first byte to its last: [`Serving`].

use std::{
    io,
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll},
};

use bytes::{Buf, Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};

use super::{
    breach::Breach,
    exchange::{Ended, Exchange, ROOM},
    protocol::{Event, Protocol},
    record::ProtocolStatus,
    rules::Role,
    site::Site,
    stall::Stall,
};

/// A connection being served. It reads while there is room for what it reads, and asks apps for
/// more while there is room for what they give; nothing else is kept.
pub(crate) struct Serving<S> {
    stream: S,
    site: Arc<Site>,
    protocol: Protocol,
    input: BytesMut,
    output: BytesMut,
    exchanges: Vec<Exchange>,
    stall: Option<Stall>,
    pub(super) broken: bool,
}

/// How much is read at a time.
const BLOCK: usize = 16 * 1024;

/// How much of the protocol's own replies may wait. A web server that asks and never listens is
/// not read any further.
const MOST_REPLIES: usize = 4 * 1024;

/// Why a connection cannot go on.
#[derive(Debug)]
pub(crate) enum Gone {
    /// The web server closed it. Whoever it asked for has left.
    Closed,
    /// The network did.
    Lost(io::Error),
    /// What comes is not the protocol.
    Breach(Breach),
}

impl<S: AsyncRead + AsyncWrite + Unpin> Serving<S> {
    pub(crate) fn new(stream: S, site: Arc<Site>) -> Serving<S> {
        Serving {
            stream,
            protocol: Protocol::new(site.rules),
            site,
            input: BytesMut::new(),
            output: BytesMut::new(),
            exchanges: Vec::new(),
            stall: None,
            broken: false,
        }
    }

    /// Lets the requests end that there are, and takes no more.
    pub(crate) const fn drain(&mut self) {
        self.protocol.close();
    }

    /// Serves until the connection is to be closed, with all written that there was.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Gone>> {
        loop {
            let received = self.receive(cx)?;
            self.answer(cx);
            let sent = self.send(cx)?;
            if self.protocol.is_over() && self.is_flushed() {
                return Poll::Ready(Ok(()));
            }
            if !received && !sent {
                self.rest();
                return Poll::Pending;
            }
        }
    }

    /// Reads what there is and there is room for. Tells whether there was something.
    fn receive(&mut self, cx: &mut Context<'_>) -> Result<bool, Gone> {
        let mut received = false;
        while self.has_room(cx) && !self.protocol.is_over() {
            if let Some(event) = self.protocol.next(&mut self.input).map_err(Gone::Breach)? {
                self.take(event).map_err(Gone::Breach)?;
            } else {
                self.input.reserve(BLOCK);
                match pin!(self.stream.read_buf(&mut self.input)).poll(cx) {
                    Poll::Pending => break,
                    Poll::Ready(Ok(0)) => return Err(Gone::Closed),
                    Poll::Ready(Ok(_)) => {}
                    Poll::Ready(Err(error)) => return Err(Gone::Lost(error)),
                }
            }
            received = true;
        }
        Ok(received)
    }

    fn has_room(&mut self, cx: &mut Context<'_>) -> bool {
        if self.protocol.replies().len() > MOST_REPLIES {
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
                        let patience = self.site.rules.multiplexes().then_some(exchange.patience);
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
        match self.site.permit() {
            Some(permit) => {
                let exchange = Exchange::new(id, role, params, &self.site, permit)?;
                self.exchanges.push(exchange);
            }
            None => self.protocol.refuse(id, ProtocolStatus::Overloaded),
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
            match exchange.poll(cx, &self.site, &mut self.output) {
                Poll::Pending => at += 1,
                Poll::Ready(ended) => {
                    self.exchanges.remove(at);
                    match ended {
                        Ended::Whole => self.protocol.complete(id, &mut self.output),
                        Ended::Broken => {
                            self.broken = true;
                            self.protocol.break_off(id);
                        }
                    }
                }
            }
        }
    }

    fn send(&mut self, cx: &mut Context<'_>) -> Result<bool, Gone> {
        let mut sent = false;
        loop {
            if self.output.len() < ROOM {
                let replies = self.protocol.replies();
                self.output.extend_from_slice(replies);
                replies.clear();
            }
            if self.output.is_empty() {
                break;
            }
            match Pin::new(&mut self.stream).poll_write(cx, &self.output) {
                Poll::Pending => break,
                Poll::Ready(Ok(0)) => return Err(Gone::Closed),
                Poll::Ready(Ok(written)) => self.output.advance(written),
                Poll::Ready(Err(error)) => return Err(Gone::Lost(error)),
            }
            sent = true;
        }
        match Pin::new(&mut self.stream).poll_flush(cx) {
            Poll::Ready(Err(error)) => Err(Gone::Lost(error)),
            _ => Ok(sent),
        }
    }

    /// An idle connection does not keep the room that its last answer took.
    fn rest(&mut self) {
        if self.protocol.is_idle() && self.output.is_empty() && self.output.capacity() > BLOCK {
            self.output = BytesMut::new();
        }
    }

    fn is_flushed(&mut self) -> bool {
        self.output.is_empty() && self.protocol.replies().is_empty()
    }
}
