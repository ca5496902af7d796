//! HTML as a response: [`Html`].

use http::HeaderValue;

use crate::{Body, IntoResponse, Response, response::with_type};

/// Markup, answered as `text/html; charset=utf-8`.
///
/// What is inside is sent as it is: escaping what comes from elsewhere is the template's duty.
///
/// ```
/// use enfilade_core::{Html, IntoResponse};
///
/// let response = Html("<h1>hello</h1>").into_response();
/// assert_eq!(response.headers()["content-type"], "text/html; charset=utf-8");
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Html<T>(pub T);

static MEDIA_TYPE: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");

impl<T: Into<Body>> IntoResponse for Html<T> {
    fn into_response(self) -> Response {
        with_type(MEDIA_TYPE.clone(), self.0.into())
    }
}
