//! What goes wrong in an app, as a response: [`Error`], [`Cause`], [`OrStatus`].

use std::{borrow::Cow, error::Error as StdError, fmt, sync::Arc};

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use crate::{
    IntoResponse, Request, Response,
    body::Body,
    rendering::{Rendering, Unwritten, set_text},
};

mod problem;

/// A `Result` whose error is a response. `Result` alone is `Result<Response, Error>`.
pub type Result<T = Response, E = Error> = std::result::Result<T, E>;

/// An error that knows how it is answered.
///
/// `?` makes one from any [`std::error::Error`]: a 500 that keeps its cause for loggers and never
/// shows it to the client. Where another status is right, say it with
/// [`or_status`](OrStatus::or_status), or begin with the status.
///
/// It is written as `application/problem+json` (RFC 9457), as HTML or as plain text, whichever the
/// request's `Accept` prefers.
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
    pub fn because(self, cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Error {
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

    /// Writes the body in the form that `accept` prefers.
    pub(crate) fn write(&self, accept: Option<&HeaderValue>, response: &mut Response) {
        let (media_type, text) = problem::render(accept, self.0.status, &self.detail());
        set_text(response, media_type, text);
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = self.0.status;
        response.headers_mut().extend(self.0.headers.clone());
        if let Some(cause) = &self.0.cause {
            response.extensions_mut().insert(cause.clone());
        }
        self.write(None, &mut response);
        response.extensions_mut().insert(Unwritten::Error(self));
        response
    }
}

impl<E: StdError + Send + Sync + 'static> From<E> for Error {
    fn from(error: E) -> Error {
        Error::with(
            StatusCode::INTERNAL_SERVER_ERROR,
            Some(Cause::new(Box::new(error))),
        )
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

/// Why a response is an error: rides in its extensions, for loggers and error pages.
///
/// ```
/// use enfilade_core::{App, Cause, Error, Request};
/// # async fn check() {
/// async fn app(_: Request) -> Result<String, Error> {
///     Ok("x".parse::<u8>()?.to_string())
/// }
/// let response = App::respond(&app, Request::default()).await;
/// let cause = response.extensions().get::<Cause>().unwrap();
/// assert_eq!(cause.chain(), "invalid digit found in string");
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Cause(Arc<dyn StdError + Send + Sync>);

impl Cause {
    /// Keeps `error` as a cause.
    #[must_use]
    pub fn new(error: Box<dyn StdError + Send + Sync>) -> Cause {
        Cause(Arc::from(error))
    }

    /// The error itself.
    #[must_use]
    pub fn error(&self) -> &(dyn StdError + Send + Sync + 'static) {
        &*self.0
    }

    /// It and what caused it, as one line: `a: b: c`.
    #[must_use]
    pub fn chain(&self) -> String {
        let mut line = self.0.to_string();
        let mut source = self.0.source();
        while let Some(error) = source {
            line.push_str(": ");
            line.push_str(&error.to_string());
            source = error.source();
        }
        line
    }
}

/// Gives the error of a `Result`, or the lack of an `Option`, its status.
///
/// ```
/// use enfilade_core::{OrStatus, Result};
///
/// fn port(text: &str) -> Result<u16> {
///     text.parse().or_status(400)
/// }
/// assert_eq!(port("x").unwrap_err().status_code(), 400);
/// assert_eq!(None::<u8>.or_status(404).unwrap_err().status_code(), 404);
/// ```
pub trait OrStatus<T> {
    /// The value, or an [`Error`] with `status` that keeps the cause.
    ///
    /// # Errors
    ///
    /// Where there is no value.
    ///
    /// # Panics
    ///
    /// If `status` is not a number from 400 to 599.
    fn or_status(self, status: u16) -> Result<T>;
}

impl<T, E: Into<Box<dyn StdError + Send + Sync>>> OrStatus<T> for std::result::Result<T, E> {
    #[track_caller]
    fn or_status(self, status: u16) -> Result<T> {
        match self {
            Ok(value) => Ok(value),
            Err(cause) => Err(Error::status(status).because(cause)),
        }
    }
}

impl<T> OrStatus<T> for Option<T> {
    #[track_caller]
    fn or_status(self, status: u16) -> Result<T> {
        match self {
            Some(value) => Ok(value),
            None => Err(Error::status(status)),
        }
    }
}
