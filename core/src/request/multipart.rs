//! Forms with files, read while they arrive: [`Multipart`] and [`Part`].

use std::fmt;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, header};
use http_body::Body as _;
use multer::{Constraints, SizeLimit};

use self::blocks::{Blocks, Pulled};
use super::{body, media_type, told::told};
use crate::{Error, ReadError, Request, RequestExt, Result, body::Body};

mod blocks;

/// The parts of a `multipart/form-data` body (RFC 7578), one after the other, read while they
/// arrive: a file need never be in memory. Made by
/// [`RequestExt::multipart`](crate::RequestExt::multipart).
///
/// # Limits
///
/// * All of it: [`Environ::body_limit`](crate::Environ::body_limit), 2 MiB unless a
///   [`BodyLimit`](crate::BodyLimit) says otherwise.
/// * Parts: 1,000, or [`with_most_parts`](Multipart::with_most_parts).
/// * One part: as much as all of it, or [`with_part_limit`](Multipart::with_part_limit).
/// * The head of a part: 32 fields, and 16 KiB.
///
/// ```
/// use enfilade_core::{Error, Request, RequestExt, Result};
///
/// async fn upload(mut request: Request) -> Result<String> {
///     let mut form = request.multipart()?.with_part_limit(1024 * 1024);
///     let mut size = 0;
///     while let Some(mut part) = form.next_part().await? {
///         if part.name() != Some("photo") {
///             continue;
///         }
///         while let Some(block) = part.chunk().await? {
///             size += block.len(); // write it somewhere
///         }
///     }
///     Ok(format!("{size} bytes"))
/// }
/// # use enfilade_core::App;
/// # let _ = upload.boxed();
/// ```
pub struct Multipart {
    parser: multer::Multipart<'static>,
    current: Option<multer::Field<'static>>,
    pulled: Pulled,
    seen: usize,
    most_parts: usize,
    part_limit: u64,
    /// What is left of the limit of the current part.
    room: u64,
}

const FORM: &str = "multipart/form-data";

impl Multipart {
    pub(super) fn of(request: &mut Request) -> Result<Multipart> {
        media_type::expect(request, FORM, |media_type| media_type.is(FORM))?;
        let boundary = boundary(request.headers())?;
        let limit = request.environ().body_limit();
        let body = body::take(request)?;
        if body.size_hint().lower() > limit {
            return Err(ReadError::TooLarge { limit }.into_error());
        }
        Ok(Multipart::new(body, boundary, limit))
    }

    fn new(body: Body, boundary: String, limit: u64) -> Multipart {
        let pulled = Pulled::default();
        let blocks = Blocks::new(body, pulled.clone());
        let limits = SizeLimit::new().whole_stream(limit);
        let limits = Constraints::new().size_limit(limits);
        Multipart {
            parser: multer::Multipart::with_constraints(blocks, boundary, limits),
            current: None,
            pulled,
            seen: 0,
            most_parts: 1000,
            part_limit: u64::MAX,
            room: u64::MAX,
        }
    }

    /// Refuses a form with more than `parts` parts with a 413; 1,000 by default.
    #[must_use]
    pub const fn with_most_parts(mut self, parts: usize) -> Multipart {
        self.most_parts = parts;
        self
    }

    /// Refuses a part with more than `bytes` bytes with a 413, if it is read.
    #[must_use]
    pub const fn with_part_limit(mut self, bytes: u64) -> Multipart {
        self.part_limit = bytes;
        self
    }

    /// The next part; `None` at the end. What was not read of the part before is skipped.
    ///
    /// # Errors
    ///
    /// 400 where the form is malformed or breaks off, 413 where it is too large or has too many
    /// parts.
    pub async fn next_part(&mut self) -> Result<Option<Part<'_>>> {
        self.room = u64::MAX;
        while self.chunk().await?.is_some() {}
        // The parser gives no part while there is another.
        self.current = None;
        self.pulled.reset();
        let Some(field) = self.parser.next_field().await.map_err(refused)? else {
            return Ok(None);
        };
        self.seen += 1;
        if self.seen > self.most_parts {
            let message = format!("the form has more than {} parts", self.most_parts);
            return Err(Error::status(413).message(message));
        }
        self.room = self.part_limit;
        let field = self.current.insert(field);
        Ok(Some(Part {
            name: field.name().map(str::to_owned),
            multipart: self,
        }))
    }

    async fn chunk(&mut self) -> Result<Option<Bytes>> {
        self.pulled.reset();
        let Some(field) = &mut self.current else {
            return Ok(None);
        };
        let Some(block) = field.chunk().await.map_err(refused)? else {
            return Ok(None);
        };
        match self.room.checked_sub(block.len() as u64) {
            Some(room) => self.room = room,
            None => {
                return Err(Error::status(413).message(told(format_args!(
                    "part {}{} is larger than the {} bytes that are allowed",
                    self.seen,
                    Named(field.name()),
                    self.part_limit,
                ))));
            }
        }
        Ok(Some(block))
    }
}

impl fmt::Debug for Multipart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Multipart({} parts so far)", self.seen)
    }
}

/// A part of a [`Multipart`]: a field of the form, or a file.
pub struct Part<'a> {
    name: Option<String>,
    multipart: &'a mut Multipart,
}

impl Part<'_> {
    /// The name of the form's field.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// What the client calls the file. It is the client's word: nothing to open a file by.
    #[must_use]
    pub fn file_name(&self) -> Option<&str> {
        self.field().and_then(multer::Field::file_name)
    }

    /// The media type that the client gives, such as `image/png`.
    #[must_use]
    pub fn media_type(&self) -> Option<&str> {
        let value = self.field()?.headers().get(header::CONTENT_TYPE)?;
        value.to_str().ok()
    }

    /// The head of the part.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        self.field()
            .map(multer::Field::headers)
            .expect("a part is the current one until the next is asked for")
    }

    fn field(&self) -> Option<&multer::Field<'static>> {
        self.multipart.current.as_ref()
    }

    /// The next block of it, as it arrives; `None` at its end.
    ///
    /// # Errors
    ///
    /// 400 where the form is malformed or breaks off, 413 where it or the part is too large.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>> {
        self.multipart.chunk().await
    }

    /// All of it, in memory.
    ///
    /// # Errors
    ///
    /// As [`chunk`](Part::chunk).
    pub async fn bytes(mut self) -> Result<Bytes> {
        let mut all = BytesMut::new();
        while let Some(block) = self.chunk().await? {
            all.extend_from_slice(&block);
        }
        Ok(all.freeze())
    }

    /// All of it as text.
    ///
    /// # Errors
    ///
    /// As [`chunk`](Part::chunk), and 400 where it is not UTF-8.
    pub async fn text(self) -> Result<String> {
        let place = format!("part {}{}", self.multipart.seen, Named(self.name()));
        let bytes = self.bytes().await?;
        String::from_utf8(bytes.into()).map_err(|error| {
            let position = error.utf8_error().valid_up_to() + 1;
            let message = format_args!("{place} is not UTF-8 at byte {position}");
            Error::bad_request().message(told(message))
        })
    }
}

impl fmt::Debug for Part<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Part")
            .field("name", &self.name)
            .field("file_name", &self.file_name())
            .finish_non_exhaustive()
    }
}

/// ` (photo)`
struct Named<'a>(Option<&'a str>);

impl fmt::Display for Named<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.map_or(Ok(()), |name| write!(f, " ({name})"))
    }
}

fn boundary(headers: &HeaderMap) -> Result<String> {
    let value = headers.get(header::CONTENT_TYPE);
    let value = value.and_then(|value| value.to_str().ok()).unwrap_or("");
    match multer::parse_boundary(value) {
        // RFC 2046, section 5.1.1.
        Ok(boundary) if (1..=70).contains(&boundary.len()) => Ok(boundary),
        _ => Err(Error::bad_request()
            .message("the Content-Type of the form lacks a boundary of 1 to 70 characters")),
    }
}

fn refused(error: multer::Error) -> Error {
    match error {
        multer::Error::StreamSizeExceeded { limit } => ReadError::TooLarge { limit }.into_error(),
        multer::Error::StreamReadFailed(cause) => Error::bad_request()
            .message(told(format_args!(
                "the form could not be read to its end: {cause}"
            )))
            .because(cause),
        error => Error::bad_request()
            .message(told(format_args!("the form is malformed: {error}")))
            .because(error),
    }
}

#[cfg(test)]
mod tests;
