//! How far an answer has come, for whoever sends its request: [`Progress`].

use std::{
    cell::{Cell, RefCell},
    time::{Duration, Instant},
};

use bytes::Bytes;
use tokio::sync::Notify;

use crate::{Answer, Ask, End, Framing, Step, answer::TIMED_OUT};

/// How long an answer may do nothing. Apps wait for 8 seconds at most.
pub(super) const PATIENCE: Duration = Duration::from_secs(15);

/// An answer that is being received, while its request is being sent.
pub(super) struct Progress {
    answer: RefCell<Answer>,
    bytes: Cell<usize>,
    began: Instant,
    changed: Notify,
}

/// The client's side of a protocol, as the steps of a request use it.
pub(super) trait Sending {
    /// Sends the head; and the end, where there is no body.
    async fn begin(&mut self) -> std::io::Result<()>;
    /// Sends a piece of the body.
    async fn send(&mut self, bytes: Bytes) -> std::io::Result<()>;
    /// Closes the client's side, without an end.
    async fn cut(&mut self) -> std::io::Result<()>;
    /// Ends the body.
    async fn end(&mut self, trailers: Vec<(String, String)>) -> std::io::Result<()>;
}

/// What has come.
#[derive(Debug)]
pub(super) enum Event {
    Informational(u16),
    Head(u16, Vec<(String, Vec<u8>)>),
    Data(Bytes),
    Trailers(Vec<(String, Vec<u8>)>),
    End(End),
}

impl Progress {
    pub(super) fn new() -> Progress {
        Progress {
            answer: RefCell::default(),
            bytes: Cell::new(0),
            began: Instant::now(),
            changed: Notify::new(),
        }
    }

    /// Takes in what has come; `true` when the answer is over.
    pub(super) fn take(&self, event: Event) -> bool {
        let mut answer = self.answer.borrow_mut();
        let mut is_over = false;
        match event {
            Event::Informational(status) => answer.informational.push(status),
            Event::Head(status, fields) => {
                (answer.status, answer.fields) = (status, fields);
                answer.end = End::Broken("the body did not end".to_owned());
            }
            Event::Data(bytes) if bytes.is_empty() => {}
            Event::Data(bytes) => {
                self.bytes.set(self.bytes.get() + bytes.len());
                answer.frames.push((self.began.elapsed(), bytes));
            }
            Event::Trailers(fields) => answer.trailers = fields,
            Event::End(end) => {
                answer.end = end;
                is_over = true;
            }
        }
        self.changed.notify_waiters();
        is_over
    }

    async fn until(&self, holds: impl Fn(&Progress) -> bool) {
        loop {
            let changed = self.changed.notified();
            if holds(self) {
                return;
            }
            changed.await;
        }
    }

    /// Does what the client does. Gives `true` where it leaves.
    async fn play(&self, ask: &Ask, sending: &mut impl Sending) -> std::io::Result<bool> {
        sending.begin().await?;
        let mut ended = ask.framing == Framing::None;
        for step in &ask.steps {
            match step {
                Step::Send(bytes) => sending.send(bytes.clone()).await?,
                Step::End(trailers) => {
                    ended = true;
                    sending.end(trailers.clone()).await?;
                }
                Step::AwaitHead => {
                    let has_head =
                        |answer: &Answer| answer.status != 0 || !answer.informational.is_empty();
                    self.until(|this| has_head(&this.answer.borrow())).await;
                }
                Step::AwaitBody(bytes) => self.until(|this| this.bytes.get() >= *bytes).await,
                Step::Pause(pause) => tokio::time::sleep(*pause).await,
                Step::Tell(tell) => tell(),
                Step::Until(holds, patience) => {
                    let deadline = Instant::now() + *patience;
                    while !holds() && Instant::now() < deadline {
                        tokio::time::sleep(Duration::from_millis(2)).await;
                    }
                }
                Step::Cut => {
                    sending.cut().await?;
                    return Ok(false);
                }
                Step::Leave => return Ok(true),
            }
        }
        if !ended {
            sending.end(Vec::new()).await?;
        }
        self.answer.borrow_mut().sent = true;
        Ok(false)
    }

    /// Sends the request and receives the answer at once, until the answer is over, the client
    /// leaves, or nothing happens any more. Where `more` follows on the connection, the rest of
    /// the request is sent even so.
    pub(super) async fn run(
        &self,
        ask: &Ask,
        sending: &mut impl Sending,
        receiving: impl Future<Output = ()>,
        more: bool,
    ) -> Answer {
        let mut playing = std::pin::pin!(self.play(ask, sending));
        let mut receiving = std::pin::pin!(receiving);
        let mut idle = std::pin::pin!(async {
            let changed = || tokio::time::timeout(PATIENCE, self.changed.notified());
            while changed().await.is_ok() {}
        });
        let mut played = false;
        let end = loop {
            tokio::select! {
                biased;
                () = &mut receiving => break None,
                // What could not be sent shows in the answer, or in that there is none.
                left = &mut playing, if !played => match left {
                    Ok(true) => break Some(End::Left),
                    Ok(false) | Err(_) => played = true,
                },
                () = &mut idle => {
                    break Some(End::Broken(format!("{TIMED_OUT} for {PATIENCE:?}")));
                }
            }
        };
        if let Some(end) = end {
            self.answer.borrow_mut().end = end;
        } else if more && !played {
            // A host that does not read it closes the connection.
            let _ = tokio::time::timeout(Duration::from_secs(2), playing).await;
        }
        self.answer.take()
    }
}
