//! A request's body on its way to the app: [`pipe`].

use std::{
    collections::VecDeque,
    error::Error as StdError,
    fmt, mem,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker, ready},
};

use bytes::{Bytes, BytesMut};
use http_body::{Body as HttpBody, Frame, SizeHint};

/// How much of a body waits for its app. Then the connection is not read until there is room.
pub(crate) const ROOM: usize = 64 * 1024;

/// A shorter piece is copied behind the last: it would keep the whole buffer alive that it was read
/// into, and a body in pieces of one byte would take as many blocks.
const WORTH_SHARING: usize = 4 * 1024;

/// The two ends of a body: what comes in at the feed is read from the other.
///
/// `length` is what the web server says of it, where it does. A body ends there, whatever else
/// comes, and one that ends earlier is cut short.
pub(crate) fn pipe(length: Option<u64>) -> (Feed, Incoming) {
    let shared = Arc::new(Mutex::new(Shared::default()));
    let incoming = Incoming {
        shared: Arc::clone(&shared),
        left: length,
    };
    (Feed { shared }, incoming)
}

/// The connection's end. Dropped before [`end`](Feed::end), it cuts the body short.
#[derive(Debug)]
pub(crate) struct Feed {
    shared: Arc<Mutex<Shared>>,
}

/// The app's end.
#[derive(Debug)]
pub(crate) struct Incoming {
    shared: Arc<Mutex<Shared>>,
    /// How many bytes are to come, where that is known.
    left: Option<u64>,
}

#[derive(Debug, Default)]
struct Shared {
    blocks: VecDeque<Bytes>,
    /// The small pieces behind them, as one block.
    tail: BytesMut,
    /// How many bytes there are in all.
    queued: usize,
    end: Option<Result<(), Cut>>,
    /// Nobody reads it.
    left: bool,
    reader: Option<Waker>,
    feeder: Option<Waker>,
}

/// Why a body is not whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cut {
    /// The request was aborted, or the connection closed.
    Left,
    /// It ended before its length.
    Short,
    /// It waited too long for its app, and others on the connection waited for it.
    Overrun,
}

impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Cut::Left => "the web server broke the request off",
            Cut::Short => "it is shorter than its CONTENT_LENGTH",
            Cut::Overrun => {
                "it was read so slowly that it held up other requests on its connection"
            }
        })
    }
}

impl StdError for Cut {}

impl Feed {
    /// Hands on `block`, which is not empty.
    pub(crate) fn push(&self, block: Bytes) {
        let mut shared = lock(&self.shared);
        if shared.left || shared.end.is_some() {
            return;
        }
        shared.queue(block);
        wake(shared.reader.take());
    }

    /// Whether there is room for more. The task is woken when there is.
    pub(crate) fn poll_room(&self, cx: &Context<'_>) -> Poll<()> {
        let mut shared = lock(&self.shared);
        if shared.is_full() {
            shared.feeder = Some(cx.waker().clone());
            return Poll::Pending;
        }
        Poll::Ready(())
    }

    pub(crate) fn is_full(&self) -> bool {
        lock(&self.shared).is_full()
    }

    /// The body is whole.
    pub(crate) fn end(&self) {
        lock(&self.shared).finish(Ok(()));
    }

    /// The body is not whole, and there will be no more of it.
    pub(crate) fn cut(&self, why: Cut) {
        lock(&self.shared).finish(Err(why));
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        self.cut(Cut::Left);
    }
}

impl Shared {
    const fn is_full(&self) -> bool {
        self.queued >= ROOM && !self.left && self.end.is_none()
    }

    fn is_at_end(&self) -> bool {
        self.end == Some(Ok(())) && self.queued == 0
    }

    fn queue(&mut self, block: Bytes) {
        self.queued += block.len();
        if block.len() < WORTH_SHARING {
            self.tail.extend_from_slice(&block);
            return;
        }
        if !self.tail.is_empty() {
            self.blocks.push_back(mem::take(&mut self.tail).freeze());
        }
        self.blocks.push_back(block);
    }

    fn next_block(&mut self) -> Option<Bytes> {
        self.blocks.pop_front().or_else(|| {
            let is_there = !self.tail.is_empty();
            is_there.then(|| mem::take(&mut self.tail).freeze())
        })
    }

    fn poll_block(&mut self, cx: &Context<'_>) -> Poll<Result<Option<Bytes>, Cut>> {
        if let Some(block) = self.next_block() {
            self.queued -= block.len();
            if !self.is_full() {
                wake(self.feeder.take());
            }
            return Poll::Ready(Ok(Some(block)));
        }
        match self.end {
            Some(end) => Poll::Ready(end.map(|()| None)),
            None => {
                self.reader = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }

    /// Nobody will read what comes, so there is room for all of it.
    fn leave(&mut self) {
        self.left = true;
        self.blocks = VecDeque::new();
        self.tail = BytesMut::new();
        self.queued = 0;
        wake(self.feeder.take());
    }

    /// The first end is the one.
    fn finish(&mut self, end: Result<(), Cut>) {
        if self.end.is_none() {
            self.end = Some(end);
            wake(self.reader.take());
        }
    }
}

impl HttpBody for Incoming {
    type Data = Bytes;
    type Error = Cut;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Cut>>> {
        if self.left == Some(0) {
            return Poll::Ready(None);
        }
        let Some(mut block) = ready!(lock(&self.shared).poll_block(cx)?) else {
            let end = self.left.map(|_| Err(Cut::Short));
            return Poll::Ready(end);
        };
        if let Some(left) = &mut self.left {
            block.truncate(usize::try_from(*left).unwrap_or(usize::MAX));
            *left -= block.len() as u64;
            if *left == 0 {
                lock(&self.shared).leave();
            }
        }
        Poll::Ready(Some(Ok(Frame::data(block))))
    }

    fn is_end_stream(&self) -> bool {
        match self.left {
            Some(left) => left == 0,
            None => lock(&self.shared).is_at_end(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        if let Some(left) = self.left {
            return SizeHint::with_exact(left);
        }
        let shared = lock(&self.shared);
        let queued = shared.queued as u64;
        if shared.end == Some(Ok(())) {
            return SizeHint::with_exact(queued);
        }
        let mut hint = SizeHint::new();
        hint.set_lower(queued);
        hint
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        lock(&self.shared).leave();
    }
}

fn lock(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

fn wake(waker: Option<Waker>) {
    if let Some(waker) = waker {
        waker.wake();
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use super::*;

    async fn next(body: &mut Incoming) -> Option<Result<Bytes, Cut>> {
        let frame = poll_fn(|cx| Pin::new(&mut *body).poll_frame(cx)).await?;
        Some(frame.map(|frame| frame.into_data().expect("data")))
    }

    #[tokio::test]
    async fn a_body_comes_in_order_and_ends() {
        let (feed, mut body) = pipe(None);
        feed.push("one".into());
        feed.push("two".into());
        assert_eq!(body.size_hint().lower(), 6);
        feed.end();
        assert_eq!(body.size_hint().exact(), Some(6));
        drop(feed);
        assert!(!body.is_end_stream());
        assert_eq!(next(&mut body).await, Some(Ok("onetwo".into())));
        assert!(body.is_end_stream());
        assert_eq!(next(&mut body).await, None);
    }

    #[tokio::test]
    async fn a_length_is_held_to() {
        let (feed, mut body) = pipe(Some(5));
        assert_eq!(body.size_hint().exact(), Some(5));
        feed.push("one".into());
        feed.push("two and more".into());
        feed.push(vec![0; ROOM].into());
        assert_eq!(next(&mut body).await, Some(Ok("onetw".into())));
        assert!(body.is_end_stream() && !feed.is_full());
        assert_eq!(next(&mut body).await, None);

        let (feed, mut body) = pipe(Some(5));
        feed.push("one".into());
        feed.end();
        assert_eq!(next(&mut body).await, Some(Ok("one".into())));
        assert_eq!(next(&mut body).await, Some(Err(Cut::Short)));
    }

    #[tokio::test]
    async fn a_connection_that_goes_cuts_the_body_and_never_ends_it() {
        let (feed, mut body) = pipe(None);
        feed.push("one".into());
        drop(feed);
        assert_eq!(next(&mut body).await, Some(Ok("one".into())));
        assert!(!body.is_end_stream());
        assert_eq!(next(&mut body).await, Some(Err(Cut::Left)));
    }

    #[tokio::test]
    async fn a_reader_waits_for_the_feed_and_the_feed_for_the_reader() {
        let (feed, mut body) = pipe(None);
        let reading = tokio::spawn(async move {
            let first = next(&mut body).await;
            (first, body)
        });
        tokio::task::yield_now().await;
        feed.push(vec![0; ROOM].into());
        feed.push(vec![1; ROOM].into());
        let (first, mut body) = reading.await.expect("read");
        assert!(matches!(first, Some(Ok(block)) if block.len() == ROOM));
        assert!(feed.is_full());
        let waiting = tokio::spawn(async move {
            poll_fn(|cx| feed.poll_room(cx)).await;
            feed
        });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        assert!(matches!(next(&mut body).await, Some(Ok(_))));
        waiting.await.expect("room");
    }

    #[tokio::test]
    async fn a_body_that_is_dropped_takes_anything_and_keeps_nothing() {
        let (feed, body) = pipe(None);
        feed.push(vec![0; ROOM].into());
        assert!(feed.is_full());
        drop(body);
        for _ in 0..3 {
            feed.push(vec![0; ROOM].into());
            assert!(!feed.is_full());
        }
        assert_eq!(lock(&feed.shared).queued, 0);
    }

    #[tokio::test]
    async fn small_pieces_take_no_more_memory_than_large_ones() {
        let (feed, mut body) = pipe(None);
        let buffer = Bytes::from(vec![7; ROOM]);
        for at in 0..ROOM {
            feed.push(buffer.slice(at..=at));
            assert_eq!(body.size_hint().lower(), at as u64 + 1);
        }
        assert!(feed.is_full());
        assert!(lock(&feed.shared).blocks.len() <= ROOM / WORTH_SHARING);
        feed.end();
        let mut left = ROOM;
        while let Some(block) = next(&mut body).await {
            left -= block.expect("a block").len();
            assert_eq!(body.size_hint().exact(), Some(left as u64));
            assert_eq!(body.is_end_stream(), left == 0);
        }
        assert_eq!(left, 0);
    }

    #[tokio::test]
    async fn small_and_large_pieces_stay_in_order() {
        let (feed, mut body) = pipe(None);
        let sent: Vec<u8> = (0..).take(ROOM / 2).map(|n: u32| n as u8).collect();
        let mut rest = Bytes::from(sent.clone());
        for size in [1, 2, WORTH_SHARING, 3, WORTH_SHARING - 1, WORTH_SHARING + 1] {
            feed.push(rest.split_to(size));
        }
        feed.push(rest);
        feed.end();
        let mut received = Vec::new();
        while let Some(block) = next(&mut body).await {
            received.extend_from_slice(&block.expect("a block"));
        }
        assert_eq!(received, sent);
    }

    #[test]
    fn small_pieces_do_not_keep_the_buffer_that_they_were_read_into() {
        let (feed, _body) = pipe(None);
        let buffer = Bytes::from(vec![7; 16 * 1024]);
        feed.push(buffer.slice(..1));
        feed.push(buffer.slice(1..WORTH_SHARING + 1));
        let shared = lock(&feed.shared);
        assert_ne!(shared.blocks[0].as_ptr(), buffer.as_ptr());
        assert_eq!(shared.blocks[1].as_ptr(), buffer[1..].as_ptr());
    }
}
