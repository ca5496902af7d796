//! Fields in front of what an app returns: `([("etag", "x")], "text")`.

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use crate::{Error, IntoResponse, Response};

/// What may stand in front of a value as its fields: a [`HeaderMap`], an array of pairs of a name
/// and a value, each of anything that converts to one, or cookies (feature `cookies`).
///
/// The fields, but for cookies, take the place of those that the value has under the same names; a name that comes
/// twice is kept twice, so two cookies are two cookies. A name or a value that HTTP cannot carry,
/// such as text with a line break, makes the response a 500 that says which.
///
/// ```
/// use enfilade_core::IntoResponse;
///
/// let fields = [("set-cookie", "a=1"), ("set-cookie", "b=2"), ("content-type", "text/css")];
/// let response = (fields, "p { color: red }").into_response();
/// assert_eq!(response.headers().get_all("set-cookie").iter().count(), 2);
/// assert_eq!(response.headers()["content-type"], "text/css");
/// ```
pub trait Fields {
    /// Puts the fields into `headers`.
    ///
    /// # Errors
    ///
    /// Where HTTP cannot carry one.
    fn put(self, headers: &mut HeaderMap) -> Result<(), Error>;
}

impl Fields for HeaderMap {
    fn put(self, headers: &mut HeaderMap) -> Result<(), Error> {
        // This form of `extend` replaces the first of each name and appends the others.
        headers.extend(self);
        Ok(())
    }
}

impl<N, V, const COUNT: usize> Fields for [(N, V); COUNT]
where
    N: TryInto<HeaderName, Error: Into<http::Error>>,
    V: TryInto<HeaderValue, Error: Into<http::Error>>,
{
    fn put(self, headers: &mut HeaderMap) -> Result<(), Error> {
        let mut own = HeaderMap::with_capacity(COUNT);
        for (position, (name, value)) in self.into_iter().enumerate() {
            let name: HeaderName = name.try_into().map_err(|error| {
                refused(format!("the name of field {}", position + 1), error.into())
            })?;
            let value = value
                .try_into()
                .map_err(|error| refused(format!("the value of field {name}"), error.into()))?;
            own.append(name, value);
        }
        own.put(headers)
    }
}

fn refused(what: String, cause: http::Error) -> Error {
    Error::from(Refused { what, cause })
}

/// A field that HTTP cannot carry. The value is not told: it may be a secret.
#[derive(Debug)]
struct Refused {
    what: String,
    cause: http::Error,
}

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} cannot be sent", self.what)
    }
}

impl std::error::Error for Refused {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.cause)
    }
}

impl<F: Fields, T: IntoResponse> IntoResponse for (F, T) {
    fn into_response(self) -> Response {
        let mut response = self.1.into_response();
        match self.0.put(response.headers_mut()) {
            Ok(()) => response,
            Err(error) => error.into_response(),
        }
    }
}

impl<F: Fields, T: IntoResponse> IntoResponse for (StatusCode, F, T) {
    fn into_response(self) -> Response {
        // From the inside out, so that a refused field is a 500 and no 200 with an error's text.
        let mut response = self.2.into_response();
        *response.status_mut() = self.0;
        match self.1.put(response.headers_mut()) {
            Ok(()) => response,
            Err(error) => error.into_response(),
        }
    }
}

#[cfg(test)]
mod tests {
    use http::header;

    use super::*;
    use crate::Cause;

    #[test]
    fn a_line_break_in_a_value_is_a_500_and_splits_no_response() {
        for response in [
            ([("location", "/\r\nset-cookie: a=1")], "x").into_response(),
            ([("set-cookie: a", "1")], "x").into_response(),
            (StatusCode::OK, [("x", "\0")], "x").into_response(),
        ] {
            assert_eq!(response.status(), 500);
            assert!(!response.headers().contains_key("set-cookie"));
            assert!(response.extensions().get::<Cause>().is_some());
        }
        let error = [("x-secret", "s3cret\n")]
            .put(&mut HeaderMap::new())
            .expect_err("a line break");
        let cause = error.cause().expect("a cause").chain();
        assert!(cause.contains("x-secret"), "{cause}");
        assert!(!cause.contains("s3cret"), "{cause}");
    }

    #[test]
    fn fields_replace_those_of_the_value_and_keep_their_own_repetitions() {
        let mut map = HeaderMap::new();
        map.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/css"));
        let response = (StatusCode::ACCEPTED, map, "x").into_response();
        assert_eq!(response.status(), 202);
        let types: Vec<_> = response.headers().get_all("content-type").iter().collect();
        assert_eq!(types, ["text/css"]);

        let values: [(HeaderName, u64); 2] = [(header::AGE, 1), (header::AGE, 2)];
        let response = (values, "x").into_response();
        let ages: Vec<_> = response.headers().get_all("age").iter().collect();
        assert_eq!(ages, ["1", "2"]);
    }
}
