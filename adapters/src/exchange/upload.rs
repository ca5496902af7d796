//! The body of a request, on its way from a reader to the app: [`Upload`].

use std::io;

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt};

use crate::gateway::Feed;

/// How many bytes are read at once. This, and as much that waits for the app, is all that a request
/// keeps in memory.
const PIECE: usize = 32 * 1024;

/// Feeds a body with what a reader gives.
pub(super) struct Upload<'r, R> {
    reader: &'r mut R,
    /// Nothing, when nobody reads the body any more.
    feed: Option<Feed>,
    /// How many bytes are to come, where it is known.
    left: Option<u64>,
    buffer: BytesMut,
}

/// How an upload ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fed {
    /// All of it was read.
    Whole,
    /// It ended too early.
    CutShort,
}

impl<'r, R> Upload<'r, R> {
    /// `left` is how many bytes are to be read, where it is known. Without a `feed` they are thrown
    /// away.
    pub(super) fn new(reader: &'r mut R, feed: Option<Feed>, left: Option<u64>) -> Upload<'r, R> {
        Upload {
            reader,
            feed,
            left,
            buffer: BytesMut::new(),
        }
    }
}

impl<R: AsyncRead + Unpin> Upload<'_, R> {
    /// Reads the body to its end, and not beyond.
    ///
    /// A piece is read when there is room for it, so a slow app slows its client down. What an app
    /// does not want is thrown away, since some web servers read no answer before all of a request
    /// is written.
    pub(super) async fn run(&mut self) -> Fed {
        while self.left != Some(0) {
            if let Some(feed) = &self.feed
                && !feed.has_room().await
            {
                self.feed = None;
            }
            let read = self.read().await;
            match (read, &self.feed) {
                (Ok(bytes), Some(feed)) if !bytes.is_empty() => {
                    if !feed.send(bytes).await {
                        self.feed = None;
                    }
                }
                (Ok(bytes), None) if !bytes.is_empty() => {}
                (Ok(_), _) if self.left.is_none() => {
                    if let Some(feed) = self.feed.take() {
                        feed.finish().await;
                    }
                    return Fed::Whole;
                }
                // The app finds out when it reads on.
                (Ok(_) | Err(_), _) => {
                    self.feed = None;
                    return Fed::CutShort;
                }
            }
        }
        Fed::Whole
    }

    /// Throws away what is left of the body.
    pub(super) async fn discard(&mut self) {
        self.feed = None;
        self.run().await;
    }

    /// Throws away whatever comes, until the other side is closed.
    pub(super) async fn discard_all(&mut self) {
        self.left = None;
        self.discard().await;
    }

    /// The next bytes; none at the end.
    async fn read(&mut self) -> io::Result<Bytes> {
        let wanted = self
            .left
            .map_or(PIECE as u64, |left| left.min(PIECE as u64));
        self.buffer
            .reserve(usize::try_from(wanted).unwrap_or(PIECE));
        let mut limited = (&mut *self.reader).take(wanted);
        let count = limited.read_buf(&mut self.buffer).await?;
        if let Some(left) = &mut self.left {
            *left -= count as u64;
        }
        Ok(self.buffer.split().freeze())
    }
}

#[cfg(test)]
mod tests {
    use std::{
        pin::Pin,
        task::{Context, Poll},
    };

    use http_body_util::BodyExt;
    use tokio::io::ReadBuf;

    use super::*;
    use crate::gateway::incoming;

    /// A reader that fails.
    struct Failing;

    impl AsyncRead for Failing {
        fn poll_read(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
            _: &mut ReadBuf<'_>,
        ) -> Poll<io::Result<()>> {
            Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()))
        }
    }

    #[tokio::test]
    async fn nothing_is_read_behind_the_body() {
        let mut reader = &b"hello, and more"[..];
        let (feed, body) = incoming(Some(5));
        let mut upload = Upload::new(&mut reader, Some(feed), Some(5));
        let (fed, body) = tokio::join!(upload.run(), body.collect());
        assert_eq!(
            (fed, body.expect("a body").to_bytes()),
            (Fed::Whole, "hello".into())
        );
        assert_eq!(reader, b", and more");
    }

    #[tokio::test]
    async fn a_body_without_a_length_ends_with_the_stream() {
        let mut reader = &b"hello"[..];
        let (feed, body) = incoming(None);
        let mut upload = Upload::new(&mut reader, Some(feed), None);
        let (fed, body) = tokio::join!(upload.run(), body.collect());
        assert_eq!(
            (fed, body.expect("a body").to_bytes()),
            (Fed::Whole, "hello".into())
        );
    }

    #[tokio::test]
    async fn a_failure_to_read_is_no_end_of_a_body_without_a_length() {
        let mut reader = Failing;
        let (feed, body) = incoming(None);
        let (fed, body) = tokio::join!(
            async {
                let mut upload = Upload::new(&mut reader, Some(feed), None);
                upload.run().await
            },
            body.collect()
        );
        assert_eq!(fed, Fed::CutShort);
        assert!(body.is_err());
    }

    #[tokio::test]
    async fn what_the_app_does_not_want_is_read_nevertheless() {
        let mut reader = &[7; 100_000][..];
        let (feed, body) = incoming(Some(99_999));
        drop(body);
        let mut upload = Upload::new(&mut reader, Some(feed), Some(99_999));
        assert_eq!(upload.run().await, Fed::Whole);
        assert_eq!(reader.len(), 1);
    }

    #[tokio::test]
    async fn no_more_than_two_pieces_are_read_ahead_of_the_app() {
        let mut reader = &[7; 1_000_000][..];
        let (feed, body) = incoming(Some(1_000_000));
        {
            let mut upload = Upload::new(&mut reader, Some(feed), Some(1_000_000));
            let run = upload.run();
            tokio::select! {
                biased;
                _ = run => panic!("nobody reads"),
                () = tokio::task::yield_now() => {}
            }
        }
        drop(body);
        assert!(1_000_000 - reader.len() <= 2 * PIECE);
    }
}
