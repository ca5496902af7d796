//! Cookies in front of what an app returns (feature `cookies`).

use cookie::Cookie;
use http::{HeaderMap, HeaderValue, header};

use super::fields::Fields;
use crate::Error;

/// With feature `cookies`: sets the cookie, beside others that are set. Its value is
/// percent-encoded, so no value can end it or add an attribute;
/// [`RequestExt::cookies`](crate::RequestExt::cookies) decodes it.
///
/// Below a mount, give it a path of its own: `cookie.set_path(request.url_for("/"))`.
///
/// ```
/// use enfilade_core::{IntoResponse, Request, cookie::Cookie};
///
/// async fn login(_: Request) -> impl IntoResponse {
///     let session = Cookie::build(("sid", "s3cret; a")).path("/").secure(true).http_only(true);
///     (session.build(), "welcome")
/// }
/// # use enfilade_core::App;
/// # async fn check() {
/// # let response = login.respond(Request::default()).await;
/// # assert_eq!(response.headers()["set-cookie"], "sid=s3cret%3B%20a; HttpOnly; Secure; Path=/");
/// # }
/// ```
impl Fields for Cookie<'_> {
    fn put(self, headers: &mut HeaderMap) -> Result<(), Error> {
        // The path and the domain are written as they are.
        let attributes = [self.path(), self.domain()];
        if attributes
            .into_iter()
            .flatten()
            .any(|text| text.contains(';'))
        {
            return Err(Error::from(
                "a path or a domain of a cookie holds a semicolon",
            ));
        }
        let line = HeaderValue::try_from(self.encoded().to_string())?;
        headers.append(header::SET_COOKIE, line);
        Ok(())
    }
}

/// With feature `cookies`: sets all of them.
impl<const COUNT: usize> Fields for [Cookie<'_>; COUNT] {
    fn put(self, headers: &mut HeaderMap) -> Result<(), Error> {
        self.into_iter().try_for_each(|cookie| cookie.put(headers))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{IntoResponse, Request, RequestExt};

    #[test]
    fn neither_a_value_nor_a_path_adds_an_attribute() {
        let hostile = "x; Domain=evil.example\r\nx: y\u{e4}";
        let response = ([Cookie::new("a", hostile), Cookie::new("b", "2")], "").into_response();
        let lines: Vec<_> = response.headers().get_all("set-cookie").iter().collect();
        assert_eq!(lines.len(), 2);
        let line = lines[0].to_str().expect("ASCII");
        assert!(!line.contains([';', ' ', '\r']), "{line}");

        // And it comes back as it was.
        let mut request = Request::default();
        request.headers_mut().insert("cookie", lines[0].clone());
        let back = request.cookies().get("a").expect("a cookie");
        assert_eq!(back.value(), hostile);

        let cookie = Cookie::build(("a", "1")).path("/; Domain=evil.example");
        assert_eq!((cookie.build(), "").into_response().status(), 500);
    }

    #[test]
    fn a_cookie_stands_beside_those_that_are_set_already() {
        let inner = (Cookie::new("a", "1"), "text");
        let response = (Cookie::new("b", "2"), inner).into_response();
        assert_eq!(response.headers().get_all("set-cookie").iter().count(), 2);
    }
}
