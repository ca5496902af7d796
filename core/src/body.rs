//! The one body type of requests and responses: [`Body`].

use std::{
    any::Any,
    borrow::Cow,
    error::Error as StdError,
    fmt,
    pin::Pin,
    sync::{Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
};

use bytes::Bytes;
use futures_core::Stream;
use http_body::{Body as HttpBody, Frame, SizeHint};
use http_body_util::{BodyExt, StreamBody};

#[cfg(feature = "file")]
mod file;
mod read;
mod watch;

#[cfg(feature = "file")]
pub use file::FileRange;
pub use read::ReadError;
use watch::Watched;
pub use watch::{BodyEnd, BodyWatch, Ending};

/// Any error, boxed.
pub type BoxError = Box<dyn StdError + Send + Sync>;

type BoxBody = Pin<Box<dyn HttpBody<Data = Bytes, Error = BodyError> + Send>>;

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
pub struct Body {
    kind: Kind,
    watched: Option<Box<Watched>>,
}

enum Kind {
    Empty,
    Full(Bytes),
    /// The mutex is there for `Sync` alone: polling goes through `get_mut`, only `size_hint` and
    /// `is_end_stream` lock it, and nobody contends.
    Stream(Mutex<BoxBody>),
    #[cfg(feature = "file")]
    File(Box<file::FileBody>),
}

impl Body {
    /// No body.
    #[must_use]
    pub const fn empty() -> Body {
        Body::of(Kind::Empty)
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
            Some(body) if !body.is_end_stream() => Body::of(Kind::Stream(Mutex::new(Box::pin(
                body.map_err(BodyError::new),
            )))),
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

    const fn of(kind: Kind) -> Body {
        Body {
            kind,
            watched: None,
        }
    }

    /// The number of bytes, where they are all in memory; `None` for a stream or a file.
    #[must_use]
    pub fn in_memory_len(&self) -> Option<usize> {
        match &self.kind {
            Kind::Empty => Some(0),
            Kind::Full(bytes) => Some(bytes.len()),
            _ => None,
        }
    }

    /// Whether somebody makes it while it is sent. Bytes in memory and a piece of a file are there
    /// already.
    #[must_use]
    pub const fn is_stream(&self) -> bool {
        matches!(self.kind, Kind::Stream(_))
    }

    /// The bytes, where they are all in memory.
    ///
    /// # Errors
    ///
    /// Gives the body back where it is a stream or a file.
    pub fn try_into_bytes(mut self) -> Result<Bytes, Body> {
        match &mut self.kind {
            Kind::Empty => Ok(Bytes::new()),
            Kind::Full(bytes) => {
                let bytes = std::mem::take(bytes);
                self.kind = Kind::Empty;
                if let Some(watched) = &mut self.watched {
                    watched.data(bytes.len());
                }
                Ok(bytes)
            }
            _ => Err(self),
        }
    }

    /// Tells `watch` when the first frame is handed on, and once how the body ended. Bytes in
    /// memory stay in memory. A body may be watched by several.
    #[must_use]
    pub fn watch(mut self, watch: impl BodyWatch + 'static) -> Body {
        self.watched = Some(Box::new(Watched::new(watch, self.watched.take())));
        self
    }

    /// The piece of a file that this body is, where it is one and nothing of it was read: a host
    /// may send it in its own way.
    #[cfg(feature = "file")]
    #[must_use]
    pub fn as_file(&self) -> Option<&FileRange> {
        match &self.kind {
            Kind::File(file) => file.unread(),
            _ => None,
        }
    }
}

#[cfg(feature = "file")]
impl From<FileRange> for Body {
    fn from(range: FileRange) -> Body {
        Body::of(Kind::File(Box::new(file::FileBody::new(range))))
    }
}

impl Default for Body {
    fn default() -> Body {
        Body::empty()
    }
}

impl From<Bytes> for Body {
    fn from(bytes: Bytes) -> Body {
        Body::of(if bytes.is_empty() {
            Kind::Empty
        } else {
            Kind::Full(bytes)
        })
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

fn lock(body: &Mutex<BoxBody>) -> MutexGuard<'_, BoxBody> {
    body.lock().unwrap_or_else(PoisonError::into_inner)
}

impl HttpBody for Body {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let this = self.get_mut();
        let polled = match &mut this.kind {
            Kind::Empty => Poll::Ready(None),
            Kind::Full(bytes) => {
                let bytes = std::mem::take(bytes);
                this.kind = Kind::Empty;
                Poll::Ready(Some(Ok(Frame::data(bytes))))
            }
            Kind::Stream(body) => body
                .get_mut()
                .unwrap_or_else(PoisonError::into_inner)
                .as_mut()
                .poll_frame(cx),
            #[cfg(feature = "file")]
            Kind::File(file) => file.poll_frame(cx),
        };
        if let (Some(watched), Poll::Ready(frame)) = (&mut this.watched, &polled) {
            watched.polled(frame);
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        match &self.kind {
            Kind::Empty => true,
            Kind::Full(_) => false,
            Kind::Stream(body) => lock(body).is_end_stream(),
            #[cfg(feature = "file")]
            Kind::File(file) => file.remaining() == 0,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.kind {
            Kind::Empty => SizeHint::with_exact(0),
            Kind::Full(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Kind::Stream(body) => lock(body).size_hint(),
            #[cfg(feature = "file")]
            Kind::File(file) => SizeHint::with_exact(file.remaining()),
        }
    }
}

impl Drop for Body {
    fn drop(&mut self) {
        if let Some(mut watched) = self.watched.take() {
            watched.dropped(self.is_end_stream() || self.size_hint().exact() == Some(0));
        }
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::Empty => f.write_str("Body(empty)"),
            Kind::Full(bytes) => write!(f, "Body({} bytes)", bytes.len()),
            Kind::Stream(_) => f.write_str("Body(stream)"),
            #[cfg(feature = "file")]
            Kind::File(file) => write!(f, "Body({} bytes of a file)", file.remaining()),
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
    // Two bodies and their heads move through every middleware of every request.
    assert!(size_of::<Body>() <= 48);
};
