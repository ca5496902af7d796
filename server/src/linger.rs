//! What a client still sends after its answer: [`Linger`].

use std::{
    mem::MaybeUninit,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, ReadBuf},
    time::{Instant, Sleep},
};

use crate::stream::Stream;

/// How long a connection that was answered waits for something unread, or for its client to close.
const A_MOMENT: Duration = Duration::from_millis(200);

/// How long it goes on reading at most, where something unread is there.
const PATIENCE: Duration = Duration::from_secs(5);

/// The end of a connection whose client may still be sending: what comes is read and dropped.
///
/// An app may answer before it has read an upload. Were the connection closed then, TCP would tell
/// the client with a reset, and the client might lose the answer that is on its way (RFC 9112,
/// section 9.6); on a Unix socket its next write fails. So all is read until the client has seen
/// the end of the answer, and closes, too; and not for long where nothing comes.
#[derive(Debug)]
pub(crate) struct Linger {
    until: Option<Pin<Box<Sleep>>>,
    found: bool,
}

impl Linger {
    pub(crate) const fn new() -> Linger {
        Linger {
            until: None,
            found: false,
        }
    }

    /// Ready when the connection may be closed.
    pub(crate) fn poll(&mut self, stream: &mut Stream, cx: &mut Context<'_>) -> Poll<()> {
        let mut bytes = [MaybeUninit::uninit(); 8192];
        let until = self
            .until
            .get_or_insert_with(|| Box::pin(tokio::time::sleep(A_MOMENT)));
        loop {
            let mut buffer = ReadBuf::uninit(&mut bytes);
            match Pin::new(&mut *stream).poll_read(cx, &mut buffer) {
                Poll::Ready(Ok(())) if !buffer.filled().is_empty() => {
                    if !std::mem::replace(&mut self.found, true) {
                        until.as_mut().reset(Instant::now() + PATIENCE);
                    }
                    // Nothing but this ends a client that never stops.
                    if until.as_mut().poll(cx).is_ready() {
                        return Poll::Ready(());
                    }
                }
                Poll::Ready(_) => return Poll::Ready(()),
                Poll::Pending => {
                    ready!(until.as_mut().poll(cx));
                    return Poll::Ready(());
                }
            }
        }
    }
}
