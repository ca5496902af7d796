//! A client of any protocol that runs over a stream of bytes: [`Protocol`].

use std::io;

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWriteExt, ReadHalf, WriteHalf};

use super::{
    progress::{Event, Progress, Sending},
    stream::Stream,
};
use crate::{Answer, Ask, End, Framing};

/// The client's half of a protocol: pure, from values to bytes and back.
pub(super) trait Protocol {
    /// The bytes of a request's head. What comes next answers it.
    fn begin(&mut self, ask: &Ask) -> Vec<u8>;

    /// The bytes of a piece of the body.
    fn data(&mut self, bytes: &[u8]) -> Vec<u8>;

    /// The bytes of the body's end.
    fn end(&mut self, trailers: &[(String, String)]) -> Vec<u8>;

    /// Takes the next event off `received`; `None` where more bytes are needed.
    fn event(&mut self, received: &mut BytesMut) -> Result<Option<Event>, String>;

    /// What it means that the host closed the connection.
    fn closed(&mut self) -> End;

    /// Whether the client closes its side after the request.
    fn closes(&self) -> bool {
        false
    }
}

/// A connection, on which one exchange follows the other.
pub(super) struct Client<P> {
    protocol: P,
    reading: ReadHalf<Box<dyn Stream>>,
    writing: WriteHalf<Box<dyn Stream>>,
    received: BytesMut,
}

impl<P: Protocol> Client<P> {
    pub(super) fn new(protocol: P, stream: Box<dyn Stream>) -> Client<P> {
        let (reading, writing) = tokio::io::split(stream);
        Client {
            protocol,
            reading,
            writing,
            received: BytesMut::new(),
        }
    }

    /// Sends all requests, one after the other.
    pub(super) async fn exchange(mut self, asks: Vec<Ask>) -> Vec<Answer> {
        let mut answers: Vec<Answer> = Vec::new();
        for (number, ask) in asks.iter().enumerate() {
            let is_in_step = answers.last().is_none_or(|answer| answer.sent);
            answers.push(if is_in_step {
                self.answer(ask, number + 1 < asks.len()).await
            } else {
                Answer::broken("the request before it was not sent whole")
            });
        }
        answers
    }

    async fn answer(&mut self, ask: &Ask, more: bool) -> Answer {
        let progress = Progress::new();
        let head = match &ask.raw_head {
            Some(raw) => {
                self.protocol.begin(ask);
                raw.clone()
            }
            None => self.protocol.begin(ask),
        };
        // Both sides use the protocol's state, one at a time.
        let protocol = std::cell::RefCell::new(&mut self.protocol);
        let mut sending = Writer {
            protocol: &protocol,
            writing: &mut self.writing,
            head: Some(head),
            bodiless: ask.framing == Framing::None,
        };
        let (reading, received) = (&mut self.reading, &mut self.received);
        let receiving = async {
            loop {
                let event = protocol.borrow_mut().event(received);
                match event {
                    Ok(Some(event)) => {
                        if progress.take(event) {
                            return;
                        }
                        continue;
                    }
                    Ok(None) => {}
                    Err(why) => {
                        progress.take(Event::End(End::Broken(why)));
                        return;
                    }
                }
                let end = match reading.read_buf(received).await {
                    Ok(0) => protocol.borrow_mut().closed(),
                    Ok(_) => continue,
                    Err(error) => End::Broken(error.to_string()),
                };
                progress.take(Event::End(end));
                return;
            }
        };
        progress.run(ask, &mut sending, receiving, more).await
    }
}

struct Writer<'a, P> {
    protocol: &'a std::cell::RefCell<&'a mut P>,
    writing: &'a mut WriteHalf<Box<dyn Stream>>,
    head: Option<Vec<u8>>,
    bodiless: bool,
}

impl<P: Protocol> Sending for Writer<'_, P> {
    async fn begin(&mut self) -> io::Result<()> {
        let mut head = self.head.take().unwrap_or_default();
        if self.bodiless {
            head.extend(self.protocol.borrow_mut().end(&[]));
        }
        self.writing.write_all(&head).await?;
        self.writing.flush().await?;
        if self.bodiless && self.protocol.borrow().closes() {
            self.writing.shutdown().await?;
        }
        Ok(())
    }

    async fn send(&mut self, bytes: Bytes) -> io::Result<()> {
        let bytes = self.protocol.borrow_mut().data(&bytes);
        self.writing.write_all(&bytes).await?;
        self.writing.flush().await
    }

    async fn cut(&mut self) -> io::Result<()> {
        self.writing.shutdown().await
    }

    async fn end(&mut self, trailers: Vec<(String, String)>) -> io::Result<()> {
        let bytes = self.protocol.borrow_mut().end(&trailers);
        self.writing.write_all(&bytes).await?;
        self.writing.flush().await?;
        if self.protocol.borrow().closes() {
            self.writing.shutdown().await?;
        }
        Ok(())
    }
}
