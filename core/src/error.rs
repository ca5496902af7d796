//! What goes wrong in an app, as a response: [`Error`], [`Cause`], [`OrStatus`].

use std::{borrow::Cow, fmt, sync::Arc};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};

use crate::{
    BoxError, IntoResponse, ReadError, Request, Response,
    body::Body,
    field::vary,
    rendering::{Rendering, Unwritten},
    response::with_type,
};

#[cfg(feature = "anyhow")]
mod anyhow;
mod carried;
mod cause;
mod or_status;
mod problem;

pub use cause::Cause;
pub use or_status::OrStatus;
pub(crate) use problem::Form;

/// A `Result` whose error is a response. `Result` alone is `Result<Response, Error>`.
pub type Result<T = Response, E = Error> = std::result::Result<T, E>;

/// An error that knows how it is answered.
///
/// `?` makes one from any [`std::error::Error`], and from whatever else converts to a boxed one
/// (`anyhow::Error`, [`BoxError`], text): a 500 that keeps its cause for loggers and never shows
/// it to the client. Where another status is right, say it with
/// [`or_status`](OrStatus::or_status), or begin with the status. A [`ReadError`] brings its own.
///
/// # How it is written
///
/// By the request's `Accept`, with `Vary: Accept`: as `application/problem+json` (RFC 9457) for
/// clients that ask for it or for `application/json`, as HTML for those that ask for `text/html`,
/// and as plain text for all others, among them those that take anything (`*/*`, as curl says).
/// The body says the status and the [`message`](Error::message); a middleware that replaces it,
/// such as one for error pages, has the last word.
///
/// ```
/// use enfilade_core::{Error, OrStatus, Request, Result};
///
/// async fn show(_: Request) -> Result<String> {
///     let text = std::fs::read_to_string("/does/not/exist").or_status(503)?;
///     let number: u64 = text.trim().parse()?;
///     if number == 0 {
///         return Err(Error::status(409).message("there is nothing to show yet"));
///     }
///     Ok(number.to_string())
/// }
/// ```
#[derive(Clone)]
pub struct Error(Arc<Inner>);

#[derive(Clone)]
struct Inner {
    status: StatusCode,
    message: Cow<'static, str>,
    headers: HeaderMap,
    cause: Option<Cause>,
    exposed: bool,
}

impl Error {
    /// An error answered with `status`.
    ///
    /// # Panics
    ///
    /// If `status` is not a number from 400 to 599.
    #[must_use]
    #[track_caller]
    pub fn status(status: impl TryInto<StatusCode>) -> Error {
        match status.try_into() {
            Ok(status) if status.is_client_error() || status.is_server_error() => {
                Error::with(status, None)
            }
            _ => panic!("an error's status is a number from 400 to 599"),
        }
    }

    /// The same error, answered with another status.
    ///
    /// # Panics
    ///
    /// If `status` is not a number from 400 to 599.
    #[must_use]
    #[track_caller]
    pub fn with_status(self, status: impl TryInto<StatusCode>) -> Error {
        let status = Error::status(status).0.status;
        self.edit(|inner| inner.status = status)
    }

    /// 400: the request is malformed.
    #[must_use]
    pub fn bad_request() -> Error {
        Error::with(StatusCode::BAD_REQUEST, None)
    }

    /// 401: who is asking? Give the challenge with [`header`](Error::header).
    #[must_use]
    pub fn unauthorized() -> Error {
        Error::with(StatusCode::UNAUTHORIZED, None)
    }

    /// 403: not you.
    #[must_use]
    pub fn forbidden() -> Error {
        Error::with(StatusCode::FORBIDDEN, None)
    }

    /// 404: nothing here.
    #[must_use]
    pub fn not_found() -> Error {
        Error::with(StatusCode::NOT_FOUND, None)
    }

    fn with(status: StatusCode, cause: Option<Cause>) -> Error {
        Error(Arc::new(Inner {
            status,
            message: Cow::Borrowed(""),
            headers: HeaderMap::new(),
            cause,
            exposed: false,
        }))
    }

    fn edit(mut self, edit: impl FnOnce(&mut Inner)) -> Error {
        edit(Arc::make_mut(&mut self.0));
        self
    }

    /// What the client is told, in a sentence. Without one it is told the status alone.
    #[must_use]
    pub fn message(self, message: impl Into<Cow<'static, str>>) -> Error {
        let message = message.into();
        self.edit(|inner| inner.message = message)
    }

    /// A field of the response, such as `Retry-After` or `WWW-Authenticate`.
    #[must_use]
    pub fn header(self, name: HeaderName, value: HeaderValue) -> Error {
        self.edit(|inner| {
            inner.headers.append(name, value);
        })
    }

    /// Keeps `cause` for loggers. The client never sees it, unless [`expose`](Error::expose) says so.
    #[must_use]
    pub fn because(self, cause: impl Into<BoxError>) -> Error {
        let cause = Cause::new(cause.into());
        self.edit(|inner| inner.cause = Some(cause))
    }

    /// Shows the cause, and the causes of the cause, to the client: for development and for
    /// errors whose text was written for clients.
    #[must_use]
    pub fn expose(self) -> Error {
        self.edit(|inner| inner.exposed = true)
    }

    /// The status that it is answered with.
    #[must_use]
    pub fn status_code(&self) -> StatusCode {
        self.0.status
    }

    /// What caused it, where something did.
    #[must_use]
    pub fn cause(&self) -> Option<&Cause> {
        self.0.cause.as_ref()
    }

    /// What the client is told beside the status.
    fn detail(&self) -> Cow<'_, str> {
        match (&self.0.cause, self.0.exposed) {
            (Some(cause), true) if self.0.message.is_empty() => Cow::Owned(cause.chain()),
            (Some(cause), true) => Cow::Owned(format!("{}: {}", self.0.message, cause.chain())),
            _ => Cow::Borrowed(&*self.0.message),
        }
    }

    /// The response to `request`: for middleware that answers by itself.
    ///
    /// Apps need not call it, their error is written where it leaves them.
    #[must_use]
    pub fn response_to(self, request: &Request) -> Response {
        Rendering::of(request).finish(self.into_response())
    }

    /// The text of the error in `form`, under `status`: that of the response, which need not be
    /// the error's own.
    pub(crate) fn write(&self, form: Form, status: StatusCode) -> Bytes {
        form.write(status, &self.detail()).into()
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let status = self.0.status;
        let plain = self.write(Form::Plain, status);
        let mut response = with_type(
            HeaderValue::from_static(Form::Plain.media_type()),
            Body::from(plain.clone()),
        );
        *response.status_mut() = status;
        for (name, value) in &self.0.headers {
            response.headers_mut().append(name, value.clone());
        }
        vary::add(response.headers_mut(), &header::ACCEPT);
        if let Some(cause) = &self.0.cause {
            response.extensions_mut().insert(cause.clone());
        }
        let unwritten = Unwritten::Error { error: self, plain };
        response.extensions_mut().insert(unwritten);
        response
    }
}

impl<E: Into<BoxError>> From<E> for Error {
    fn from(error: E) -> Error {
        let error = match error.into().downcast::<ReadError>() {
            Ok(error) => return error.into_error(),
            Err(error) => error,
        };
        match carried::find(&*error) {
            // The cause is all of it, with what was said on the way.
            Some(known) => known.clone().because(error),
            None => Error::with(StatusCode::INTERNAL_SERVER_ERROR, Some(Cause::new(error))),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("status", &self.0.status)
            .field("message", &self.0.message)
            .field("cause", &self.0.cause.as_ref().map(Cause::chain))
            .finish()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.message.is_empty() {
            fmt::Display::fmt(&self.0.status, f)
        } else {
            write!(f, "{}: {}", self.0.status, self.0.message)
        }
    }
}

#[cfg(test)]
mod tests;
