//! A request's body, which a host feeds while it arrives: [`incoming`] and [`Feed`].

use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use enfilade_core::Body;
use http_body::{Body as HttpBody, Frame, SizeHint};
use tokio::sync::mpsc;

/// The body of a request, and what a host feeds it with.
///
/// `length` is its length in bytes; `None` where the protocol tells the end otherwise, by
/// [`Feed::finish`]. A body of a known length ends there, whatever is fed. One that is not fed to
/// its end, because the client has left, breaks off with an error, which is not to be taken for an
/// end.
///
/// One piece waits at most, so a host that reads a piece only when there is
/// [room](Feed::has_room) keeps no more than that in memory.
#[must_use]
pub fn incoming(length: Option<u64>) -> (Feed, Body) {
    let (sender, receiver) = mpsc::channel(1);
    let body = if length == Some(0) {
        Body::empty()
    } else {
        Body::new(Incoming {
            receiver,
            left: length,
            ended: false,
        })
    };
    (Feed { sender }, body)
}

/// Feeds the body of a request. Dropping it breaks the body off, unless all of it was fed.
#[derive(Debug)]
pub struct Feed {
    sender: mpsc::Sender<Piece>,
}

#[derive(Debug)]
enum Piece {
    Data(Bytes),
    End,
}

impl Feed {
    /// Waits until there is room for a piece. `false`: nobody reads the body any more.
    pub async fn has_room(&self) -> bool {
        self.sender.reserve().await.is_ok()
    }

    /// Hands a piece over, when there is room. `false`: nobody reads the body any more.
    pub async fn send(&self, bytes: Bytes) -> bool {
        self.sender.send(Piece::Data(bytes)).await.is_ok()
    }

    /// Says that this was all of a body whose length was not known.
    pub async fn finish(self) {
        // Whoever dropped the body does not wait for its end.
        let _ = self.sender.send(Piece::End).await;
    }

    /// Waits until nobody reads the body any more.
    pub async fn dropped(&self) {
        self.sender.closed().await;
    }
}

/// What the app reads.
struct Incoming {
    receiver: mpsc::Receiver<Piece>,
    /// How many bytes are to come, where it is known.
    left: Option<u64>,
    ended: bool,
}

impl Incoming {
    fn end(&mut self) {
        self.ended = true;
        // The host need not feed what nobody will read.
        self.receiver.close();
    }
}

impl HttpBody for Incoming {
    type Data = Bytes;
    type Error = CutShort;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, CutShort>>> {
        if self.ended {
            return Poll::Ready(None);
        }
        match ready!(self.receiver.poll_recv(cx)) {
            Some(Piece::Data(mut bytes)) => {
                if let Some(left) = &mut self.left {
                    bytes.truncate(usize::try_from(*left).unwrap_or(usize::MAX));
                    *left -= bytes.len() as u64;
                }
                if self.left == Some(0) {
                    self.end();
                }
                Poll::Ready(Some(Ok(Frame::data(bytes))))
            }
            Some(Piece::End) if self.left.is_none() => {
                self.end();
                Poll::Ready(None)
            }
            Some(Piece::End) | None => {
                self.end();
                Poll::Ready(Some(Err(CutShort { left: self.left })))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.ended
    }

    fn size_hint(&self) -> SizeHint {
        match self.left {
            Some(left) => SizeHint::with_exact(left),
            None => SizeHint::new(),
        }
    }
}

/// The client left before all of the body was there.
#[derive(Debug)]
struct CutShort {
    left: Option<u64>,
}

impl fmt::Display for CutShort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.left {
            Some(left) => write!(f, "the last {left} bytes of the request did not arrive"),
            None => f.write_str("the end of the request did not arrive"),
        }
    }
}

impl std::error::Error for CutShort {}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;

    use super::*;

    async fn read(body: &mut Body) -> Option<Result<Bytes, String>> {
        let frame = body.frame().await?;
        Some(match frame {
            Ok(frame) => Ok(frame.into_data().expect("data")),
            Err(error) => Err(std::error::Error::source(&error)
                .expect("a cause")
                .to_string()),
        })
    }

    #[tokio::test]
    async fn a_body_ends_at_its_length_and_nothing_behind_it_is_read() {
        let (feed, mut body) = incoming(Some(5));
        assert_eq!(body.size_hint().exact(), Some(5));
        assert!(feed.send("hel".into()).await);
        assert_eq!(read(&mut body).await, Some(Ok("hel".into())));
        assert_eq!(body.size_hint().exact(), Some(2));
        assert!(feed.send("lo, and more".into()).await);
        assert_eq!(read(&mut body).await, Some(Ok("lo".into())));
        assert!(body.is_end_stream());
        assert_eq!(read(&mut body).await, None);
        assert!(!feed.has_room().await && !feed.send("more".into()).await);
    }

    #[tokio::test]
    async fn a_body_that_is_cut_short_is_an_error_and_no_end() {
        let (feed, mut body) = incoming(Some(5));
        assert!(feed.send("he".into()).await);
        drop(feed);
        assert_eq!(read(&mut body).await, Some(Ok("he".into())));
        let error = read(&mut body).await.expect("an error").expect_err("cut");
        assert_eq!(error, "the last 3 bytes of the request did not arrive");
        assert_eq!(read(&mut body).await, None);

        let (feed, mut body) = incoming(Some(5));
        feed.finish().await;
        assert!(matches!(read(&mut body).await, Some(Err(_))), "a lie");
    }

    #[tokio::test]
    async fn a_body_of_unknown_length_ends_when_it_is_finished_and_only_then() {
        let (feed, mut body) = incoming(None);
        assert_eq!(body.size_hint().exact(), None);
        assert!(feed.send("hi".into()).await);
        assert_eq!(read(&mut body).await, Some(Ok("hi".into())));
        feed.finish().await;
        assert_eq!(read(&mut body).await, None);

        let (feed, mut body) = incoming(None);
        drop(feed);
        let error = read(&mut body).await.expect("an error").expect_err("cut");
        assert_eq!(error, "the end of the request did not arrive");
    }

    #[tokio::test]
    async fn one_piece_waits_and_no_more() {
        let (feed, mut body) = incoming(None);
        assert!(feed.send("1".into()).await);
        let second = tokio::spawn(async move { feed.send("2".into()).await });
        tokio::task::yield_now().await;
        assert!(!second.is_finished());
        assert_eq!(read(&mut body).await, Some(Ok("1".into())));
        assert!(second.await.expect("sent"));
    }
}
