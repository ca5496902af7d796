//! JSON as a response: [`Json`].

use http::HeaderValue;
use serde::Serialize;

use crate::{Body, Error, IntoResponse, Response, response::with_type};

/// A value, answered as `application/json`.
///
/// A value that cannot be written as JSON, such as a map whose keys are no text, is a 500 that
/// keeps the cause. To read a request's JSON, use [`RequestExt::json`](crate::RequestExt::json).
///
/// ```
/// use enfilade_core::{IntoResponse, Json};
///
/// #[derive(serde::Serialize)]
/// struct Point {
///     x: i32,
/// }
///
/// let response = Json(Point { x: 1 }).into_response();
/// assert_eq!(response.headers()["content-type"], "application/json");
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Json<T>(pub T);

static MEDIA_TYPE: HeaderValue = HeaderValue::from_static("application/json");

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        match serde_json::to_vec(&self.0) {
            Ok(text) => with_type(MEDIA_TYPE.clone(), Body::from(text)),
            Err(error) => Error::from(error).into_response(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use crate::Cause;

    #[test]
    fn what_cannot_be_json_is_a_500_with_its_cause() {
        let response = Json(HashMap::from([((1, 2), 3)])).into_response();
        assert_eq!(response.status(), 500);
        let cause = response.extensions().get::<Cause>().expect("a cause");
        assert_eq!(cause.chain(), "key must be a string");
    }
}
