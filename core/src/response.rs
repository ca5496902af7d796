//! What an app may return: [`IntoResponse`].

use std::{borrow::Cow, convert::Infallible};

use bytes::Bytes;
use http::{HeaderValue, StatusCode, header};

use crate::{Error, Response, body::Body};

#[cfg(feature = "cookies")]
mod cookies;
mod fields;
mod html;
#[cfg(feature = "json")]
mod json;
mod redirect;

pub use fields::Fields;
pub use html::Html;
#[cfg(feature = "json")]
pub use json::Json;
pub use redirect::Redirect;

/// What an app may return.
///
/// | value | response |
/// |---|---|
/// | [`Response`] | itself |
/// | `&'static str`, `String`, `Cow<'static, str>` | 200, `text/plain; charset=utf-8` |
/// | `Bytes`, `Vec<u8>`, `&'static [u8]`, `b"..."` | 200, `application/octet-stream` |
/// | [`Body`] | 200, of no stated type |
/// | `()` | 200, empty |
/// | `Json(value)` (feature `json`) | 200, `application/json` |
/// | [`Html`]`(text)` | 200, `text/html; charset=utf-8` |
/// | [`Redirect`] | 302, 303, 307 or 308; knows the mount |
/// | [`StatusCode`] | that status, empty |
/// | `(StatusCode, T)` | `T` with that status |
/// | `(fields, T)`, `(StatusCode, fields, T)` | `T` with these [`Fields`]: an array of pairs, a `HeaderMap`, a cookie |
/// | `Option<T>` | `T`, or 404 |
/// | `Result<T, E>` | `T` or `E` |
/// | [`Error`] | its status, in the form that the client accepts |
///
/// ```
/// use enfilade_core::{Error, Html, IntoResponse, Request, RequestExt, Result};
/// use http::StatusCode;
///
/// async fn created(_: Request) -> impl IntoResponse {
///     (StatusCode::CREATED, [("etag", "\"1\"")], "made")
/// }
///
/// async fn page(request: Request) -> Result<Html<String>> {
///     match request.path_info() {
///         "/" => Ok(Html("<p>welcome".to_owned())),
///         _ => Err(Error::not_found()),
///     }
/// }
/// # use enfilade_core::App;
/// # let _ = (created.boxed(), page.boxed());
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a response",
    label = "not a response",
    note = "return a `Response`, text, `Json`, a `(StatusCode, T)` pair, or a `Result` of them"
)]
pub trait IntoResponse {
    /// Makes the response.
    fn into_response(self) -> Response;
}

impl IntoResponse for Response {
    fn into_response(self) -> Response {
        self
    }
}

impl IntoResponse for Body {
    fn into_response(self) -> Response {
        Response::new(self)
    }
}

impl IntoResponse for () {
    fn into_response(self) -> Response {
        Response::new(Body::empty())
    }
}

impl IntoResponse for Infallible {
    fn into_response(self) -> Response {
        match self {}
    }
}

macro_rules! content {
    ($media_type:literal: $($content:ty),*) => {$(
        impl IntoResponse for $content {
            fn into_response(self) -> Response {
                static MEDIA_TYPE: HeaderValue = HeaderValue::from_static($media_type);
                with_type(MEDIA_TYPE.clone(), Body::from(self))
            }
        }
    )*};
}
content!("text/plain; charset=utf-8": &'static str, String, Cow<'static, str>);
content!("application/octet-stream": Bytes, Vec<u8>, &'static [u8]);

impl<const N: usize> IntoResponse for &'static [u8; N] {
    fn into_response(self) -> Response {
        self.as_slice().into_response()
    }
}

/// A 200 whose content is of `media_type`.
#[inline]
pub(crate) fn with_type(media_type: HeaderValue, body: Body) -> Response {
    let mut response = Response::new(body);
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, media_type);
    response
}

impl IntoResponse for StatusCode {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = self;
        response
    }
}

impl<T: IntoResponse> IntoResponse for (StatusCode, T) {
    fn into_response(self) -> Response {
        let mut response = self.1.into_response();
        *response.status_mut() = self.0;
        response
    }
}

impl<T: IntoResponse> IntoResponse for Option<T> {
    fn into_response(self) -> Response {
        match self {
            Some(value) => value.into_response(),
            None => Error::not_found().into_response(),
        }
    }
}

impl<T: IntoResponse, E: IntoResponse> IntoResponse for Result<T, E> {
    fn into_response(self) -> Response {
        match self {
            Ok(value) => value.into_response(),
            Err(error) => error.into_response(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn media_type(response: &Response) -> Option<&str> {
        response.headers().get("content-type")?.to_str().ok()
    }

    #[test]
    fn content_has_the_type_of_what_was_returned() {
        let text = Some("text/plain; charset=utf-8");
        let bytes = Some("application/octet-stream");
        for (response, expected, length) in [
            ("text".into_response(), text, 4),
            (String::new().into_response(), text, 0),
            (Cow::Borrowed("text").into_response(), text, 4),
            (b"bytes".into_response(), bytes, 5),
            (b"bytes".as_slice().into_response(), bytes, 5),
            (vec![0_u8; 3].into_response(), bytes, 3),
            (Bytes::from_static(b"x").into_response(), bytes, 1),
            (Body::from("raw").into_response(), None, 3),
            (().into_response(), None, 0),
            (StatusCode::OK.into_response(), None, 0),
        ] {
            assert_eq!(media_type(&response), expected, "{response:?}");
            assert_eq!(response.status(), 200, "{response:?}");
            assert_eq!(response.body().in_memory_len(), Some(length));
        }
    }

    #[test]
    fn none_is_a_404_and_some_is_its_value() {
        assert_eq!(None::<&str>.into_response().status(), 404);
        assert_eq!(Some("x").into_response().status(), 200);
    }

    #[test]
    fn a_status_in_front_replaces_that_of_the_value() {
        let response = (StatusCode::GONE, None::<()>).into_response();
        assert_eq!(response.status(), 410);
        let response = (StatusCode::CREATED, Ok::<_, Infallible>("made")).into_response();
        assert_eq!(response.status(), 201);
        assert_eq!(media_type(&response), Some("text/plain; charset=utf-8"));
    }
}
