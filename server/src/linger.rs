//! What a client still sends after its answer: [`Linger`].

use std::{
    mem::MaybeUninit,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, ReadBuf},
    time::Sleep,
};

use crate::stream::Stream;

/// How long a connection that was answered goes on reading, at most.
const PATIENCE: Duration = Duration::from_secs(5);

/// The end of a connection whose client is still sending: it is read and dropped.
///
/// An app may answer before it has read an upload. Were the connection closed then, TCP would tell
/// the client with a reset, and the client might lose the answer that is on its way (RFC 9112,
/// section 9.6); on a Unix socket its next write fails. So where something unread is there, all
/// is read until the client has seen the end of the answer, and closes, too.
#[derive(Debug)]
pub(crate) struct Linger(Option<Pin<Box<Sleep>>>);

impl Linger {
    pub(crate) const fn new() -> Linger {
        Linger(None)
    }

    /// Ready when the connection may be closed.
    pub(crate) fn poll(&mut self, stream: &mut Stream, cx: &mut Context<'_>) -> Poll<()> {
        let mut bytes = [MaybeUninit::uninit(); 8192];
        loop {
            let mut buffer = ReadBuf::uninit(&mut bytes);
            let read = Pin::new(&mut *stream).poll_read(cx, &mut buffer);
            match (read, &mut self.0) {
                (Poll::Ready(Ok(())), _) if buffer.filled().is_empty() => return Poll::Ready(()),
                (Poll::Ready(Err(_)), _) | (Poll::Pending, None) => return Poll::Ready(()),
                (Poll::Ready(Ok(())), Some(until)) if until.is_elapsed() => return Poll::Ready(()),
                (Poll::Ready(Ok(())), Some(_)) => {}
                (Poll::Ready(Ok(())), until @ None) => {
                    *until = Some(Box::pin(tokio::time::sleep(PATIENCE)));
                }
                (Poll::Pending, Some(until)) => {
                    ready!(until.as_mut().poll(cx));
                    return Poll::Ready(());
                }
            }
        }
    }
}
