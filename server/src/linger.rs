//! The end of a connection whose client may still be sending: [`Linger`].

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, ReadBuf},
    time::{Sleep, sleep},
};

use crate::stream::Stream;

/// How long a client may take to read the last answer and to close its side.
const TIME: Duration = Duration::from_secs(1);
/// How much of what it goes on sending is thrown away, in the meantime.
const BYTES: usize = 256 * 1024;

/// Throws away what still comes after the last answer.
///
/// A socket that is closed while bytes wait in it is reset, and a reset may take away what the
/// client has not read yet (RFC 9112, section 9.6).
pub(crate) struct Linger {
    until: Pin<Box<Sleep>>,
    left: usize,
}

impl Linger {
    pub(crate) fn new() -> Linger {
        Linger {
            until: Box::pin(sleep(TIME)),
            left: BYTES,
        }
    }

    /// Ends with the client's side, or when it has had its time.
    pub(crate) fn poll(&mut self, stream: &mut Stream, cx: &mut Context<'_>) -> Poll<()> {
        let mut room = [0; 4096];
        while self.left > 0 {
            let mut buffer = ReadBuf::new(&mut room);
            match Pin::new(&mut *stream).poll_read(cx, &mut buffer) {
                Poll::Ready(Ok(())) if !buffer.filled().is_empty() => {
                    self.left = self.left.saturating_sub(buffer.filled().len());
                }
                Poll::Ready(_) => return Poll::Ready(()),
                Poll::Pending => return self.until.as_mut().poll(cx),
            }
        }
        Poll::Ready(())
    }
}
