//! The one body type of requests and responses: [`Body`].

use std::{
    any::Any,
    borrow::Cow,
    error::Error as StdError,
    fmt,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use futures_core::Stream;
use http_body::{Body as HttpBody, Frame, SizeHint};
use http_body_util::StreamBody;

#[cfg(feature = "file")]
mod file;
mod read;
mod source;
mod watch;

#[cfg(feature = "file")]
pub use file::FileRange;
pub use read::ReadError;
use source::{Source, Streamed};
use watch::Watched;
pub use watch::{BodyEnd, BodyWatch, Ending};

/// Any error, boxed.
pub type BoxError = Box<dyn StdError + Send + Sync>;

/// What a request or a response carries: nothing, bytes, a stream of frames, or a piece of a file.
///
/// It is an [`http_body::Body`] over [`Bytes`], so frames and trailers pass through; bytes that are
/// in memory cost no allocation. It is `Send + Sync`, so a handler may hold `&Request` across an
/// `.await`. Dropping it closes it.
///
/// ```
/// use enfilade_core::Body;
///
/// # async fn check() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
/// let body = Body::from("hello");
/// assert_eq!(body.in_memory_len(), Some(5));
/// assert_eq!(body.into_bytes(1024).await?, "hello");
/// # Ok(()) }
/// ```
pub struct Body(Kind);

/// Two variants, so that the one word that cannot be null in `Bytes` tells them apart and a body
/// is no larger than its bytes: it moves through every middleware of every request.
enum Kind {
    Full(Bytes),
    Other(Other),
}

enum Other {
    Empty,
    /// Empty, because somebody has read it: see [`Body::take`].
    Taken,
    Stream(Pin<Box<dyn Source>>),
    #[cfg(feature = "file")]
    File(Box<file::FileBody>),
    Watched(Box<Watched<dyn BodyWatch>>),
}

impl Body {
    /// No body.
    #[must_use]
    pub const fn empty() -> Body {
        Body(Kind::Other(Other::Empty))
    }

    /// Any body. A `Body` passes through as it is, one that has ended becomes empty, and any other
    /// costs one allocation.
    pub fn new<B>(body: B) -> Body
    where
        B: HttpBody<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        let mut slot = Some(body);
        if let Some(same) = (&mut slot as &mut dyn Any).downcast_mut::<Option<Body>>() {
            return same.take().unwrap_or_default();
        }
        match slot {
            Some(body) if !body.is_end_stream() => {
                Body(Kind::Other(Other::Stream(Box::pin(Streamed::new(body)))))
            }
            _ => Body::empty(),
        }
    }

    /// A body from a stream of byte blocks. Each goes out without waiting for the next.
    ///
    /// ```
    /// use enfilade_core::Body;
    ///
    /// let blocks = ["one", "two"].map(|text| Ok::<_, std::io::Error>(bytes::Bytes::from(text)));
    /// let body = Body::stream(futures_util::stream::iter(blocks));
    /// # let _ = body;
    /// ```
    pub fn stream<S, E>(blocks: S) -> Body
    where
        S: Stream<Item = Result<Bytes, E>> + Send + 'static,
        E: Into<BoxError> + 'static,
    {
        Body::new(StreamBody::new(Frames { blocks }))
    }

    /// The number of bytes, where they are all in memory; `None` for a stream or a file.
    #[must_use]
    pub fn in_memory_len(&self) -> Option<usize> {
        match &self.0 {
            Kind::Full(bytes) => Some(bytes.len()),
            Kind::Other(Other::Empty | Other::Taken) => Some(0),
            Kind::Other(Other::Watched(watched)) => watched.body().in_memory_len(),
            Kind::Other(_) => None,
        }
    }

    /// Whether somebody makes it while it is sent. Bytes in memory and a piece of a file are there
    /// already.
    #[must_use]
    pub fn is_stream(&self) -> bool {
        match &self.0 {
            Kind::Other(Other::Stream(_)) => true,
            Kind::Other(Other::Watched(watched)) => watched.body().is_stream(),
            _ => false,
        }
    }

    /// The bytes, where they are all in memory.
    ///
    /// # Errors
    ///
    /// Gives the body back where it is a stream or a file.
    pub fn try_into_bytes(self) -> Result<Bytes, Body> {
        match self.0 {
            Kind::Full(bytes) => Ok(bytes),
            Kind::Other(Other::Empty | Other::Taken) => Ok(Bytes::new()),
            Kind::Other(Other::Watched(mut watched)) => match watched.take_bytes() {
                Some(bytes) => Ok(bytes),
                None => Err(Body(Kind::Other(Other::Watched(watched)))),
            },
            Kind::Other(_) => Err(self),
        }
    }

    /// The bytes, where they are all in memory and there are some.
    #[cfg(feature = "lint")]
    pub(crate) fn peek(&self) -> Option<&Bytes> {
        match &self.0 {
            Kind::Full(bytes) => Some(bytes),
            Kind::Other(Other::Watched(watched)) => watched.body().peek(),
            Kind::Other(_) => None,
        }
    }

    /// Takes the body, and leaves an empty one that knows it; `None` the second time.
    pub(crate) fn take(&mut self) -> Option<Body> {
        match &self.0 {
            Kind::Other(Other::Taken) => None,
            _ => Some(std::mem::replace(self, Body(Kind::Other(Other::Taken)))),
        }
    }

    /// Whether it is these very bytes, not only equal ones, and unread.
    pub(crate) fn is_same(&self, bytes: &Bytes) -> bool {
        match &self.0 {
            Kind::Full(own) => own.as_ptr() == bytes.as_ptr() && own.len() == bytes.len(),
            Kind::Other(Other::Watched(watched)) => watched.body().is_same(bytes),
            Kind::Other(_) => false,
        }
    }

    /// Puts other bytes in place of what is in it; who watches it goes on watching.
    pub(crate) fn refill(&mut self, bytes: Bytes) {
        match &mut self.0 {
            Kind::Other(Other::Watched(watched)) => watched.body_mut().refill(bytes),
            _ => *self = Body::from(bytes),
        }
    }

    /// Tells `watch` when the first frame is handed on, and once how the body ended. Bytes in
    /// memory stay in memory. One allocation.
    ///
    /// A body may be watched by several: who came first, and so is further inside, is told first,
    /// however the body ends. Where it is dropped, what it held is gone when they are told.
    #[must_use]
    pub fn watch(self, watch: impl BodyWatch + 'static) -> Body {
        Body(Kind::Other(Other::Watched(Box::new(Watched::new(
            self, watch,
        )))))
    }

    /// Drops the body, and tells whoever watches it that nobody was left to send it to.
    pub(crate) fn abandon(self) {
        if let Kind::Other(Other::Watched(mut watched)) = self.0 {
            watched.abandon();
        }
    }

    /// The piece of a file that this body is, where it is one and nothing of it was read: a host
    /// may send it in its own way.
    #[cfg(feature = "file")]
    #[must_use]
    pub fn as_file(&self) -> Option<&FileRange> {
        match &self.0 {
            Kind::Other(Other::File(file)) => file.unread(),
            Kind::Other(Other::Watched(watched)) => watched.body().as_file(),
            _ => None,
        }
    }
}

#[cfg(feature = "file")]
impl From<FileRange> for Body {
    fn from(range: FileRange) -> Body {
        Body(Kind::Other(Other::File(Box::new(file::FileBody::new(
            range,
        )))))
    }
}

impl Default for Body {
    fn default() -> Body {
        Body::empty()
    }
}

impl From<Bytes> for Body {
    fn from(bytes: Bytes) -> Body {
        if bytes.is_empty() {
            Body::empty()
        } else {
            Body(Kind::Full(bytes))
        }
    }
}

macro_rules! from_bytes {
    ($($from:ty),*) => {$(
        impl From<$from> for Body {
            fn from(value: $from) -> Body {
                Body::from(Bytes::from(value))
            }
        }
    )*};
}
from_bytes!(&'static str, String, &'static [u8], Vec<u8>);

impl From<Cow<'static, str>> for Body {
    fn from(text: Cow<'static, str>) -> Body {
        match text {
            Cow::Borrowed(text) => Body::from(text),
            Cow::Owned(text) => Body::from(text),
        }
    }
}

impl HttpBody for Body {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let this = self.get_mut();
        match &mut this.0 {
            Kind::Full(_) => Poll::Ready(match std::mem::take(this).0 {
                Kind::Full(bytes) => Some(Ok(Frame::data(bytes))),
                Kind::Other(_) => None,
            }),
            Kind::Other(Other::Empty | Other::Taken) => Poll::Ready(None),
            Kind::Other(Other::Stream(source)) => source.as_mut().poll_frame(cx),
            #[cfg(feature = "file")]
            Kind::Other(Other::File(file)) => file.poll_frame(cx),
            Kind::Other(Other::Watched(watched)) => watched.poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Kind::Full(_) => false,
            Kind::Other(Other::Empty | Other::Taken) => true,
            Kind::Other(Other::Stream(source)) => source.is_end_stream(),
            #[cfg(feature = "file")]
            Kind::Other(Other::File(file)) => file.remaining() == 0,
            Kind::Other(Other::Watched(watched)) => watched.body().is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Kind::Full(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Kind::Other(Other::Empty | Other::Taken) => SizeHint::with_exact(0),
            Kind::Other(Other::Stream(source)) => source.size_hint(),
            #[cfg(feature = "file")]
            Kind::Other(Other::File(file)) => SizeHint::with_exact(file.remaining()),
            Kind::Other(Other::Watched(watched)) => watched.body().size_hint(),
        }
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Full(bytes) => write!(f, "Body({} bytes)", bytes.len()),
            Kind::Other(Other::Empty | Other::Taken) => f.write_str("Body(empty)"),
            Kind::Other(Other::Stream(_)) => f.write_str("Body(stream)"),
            #[cfg(feature = "file")]
            Kind::Other(Other::File(file)) => {
                write!(f, "Body({} bytes of a file)", file.remaining())
            }
            Kind::Other(Other::Watched(watched)) => fmt::Debug::fmt(watched.body(), f),
        }
    }
}

/// What broke a body off. Concrete, so that `?` makes an [`Error`](crate::Error) of it.
#[derive(Debug)]
pub struct BodyError {
    cause: BoxError,
}

impl BodyError {
    /// Wraps what went wrong; a `BodyError` stays what it is.
    pub fn new(cause: impl Into<BoxError>) -> BodyError {
        match cause.into().downcast::<BodyError>() {
            Ok(same) => *same,
            Err(cause) => BodyError { cause },
        }
    }
}

impl fmt::Display for BodyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the body broke off")
    }
}

impl StdError for BodyError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&*self.cause)
    }
}

pin_project_lite::pin_project! {
    /// Byte blocks as data frames.
    struct Frames<S> {
        #[pin]
        blocks: S,
    }
}

impl<S: Stream<Item = Result<Bytes, E>>, E> Stream for Frames<S> {
    type Item = Result<Frame<Bytes>, E>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.project()
            .blocks
            .poll_next(cx)
            .map(|block| block.map(|block| block.map(Frame::data)))
    }
}

const _: () = {
    const fn held_across_await<T: Send + Sync + Unpin>() {}
    held_across_await::<Body>();
    held_across_await::<crate::Request>();
    held_across_await::<crate::Response>();
    // Two bodies and their heads move through every middleware of every request, and the C
    // library copies up to 256 bytes in half the instructions that a few more would take.
    assert!(size_of::<Body>() <= size_of::<Bytes>());
    assert!(size_of::<usize>() != 8 || size_of::<crate::Request>() <= 256);
};
