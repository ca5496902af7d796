//! The cookies of a request: [`Cookies`].

use std::fmt;

use cookie::Cookie;
use http::{HeaderMap, header};
use percent_encoding::percent_decode_str;

/// The cookies that a client sent (RFC 6265), read when they are asked for.
///
/// What is malformed is skipped. Values are percent-decoded, names are not: a client may not
/// smuggle in a `__Host-` name in disguise.
///
/// ```
/// use enfilade_core::{Error, Request, RequestExt, Result};
///
/// async fn greet(request: Request) -> Result<String> {
///     let user = request.cookies().get("user").ok_or(Error::unauthorized())?;
///     Ok(format!("hello {}", user.value()))
/// }
/// # use enfilade_core::App;
/// # let _ = greet.boxed();
/// ```
#[derive(Clone, Copy)]
pub struct Cookies<'a> {
    headers: &'a HeaderMap,
}

impl<'a> Cookies<'a> {
    pub(super) const fn of(headers: &'a HeaderMap) -> Cookies<'a> {
        Cookies { headers }
    }

    /// The first cookie of this name, which is the one with the most precise path.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Cookie<'a>> {
        self.crumbs()
            .filter(|(given, _)| *given == name)
            .find_map(|(name, value)| parse(name, value))
    }

    /// All of them, in the order in which they were sent.
    pub fn iter(&self) -> impl Iterator<Item = Cookie<'a>> + 'a {
        self.crumbs().filter_map(|(name, value)| parse(name, value))
    }

    /// Names and values. There may be several fields: HTTP/2 clients send them cut up.
    fn crumbs(&self) -> impl Iterator<Item = (&'a str, &'a str)> + 'a {
        let fields = self.headers.get_all(header::COOKIE).iter();
        fields
            .filter_map(|field| std::str::from_utf8(field.as_bytes()).ok())
            .flat_map(|field| field.split(';'))
            .filter_map(|crumb| crumb.split_once('='))
            .map(|(name, value)| (name.trim(), value.trim()))
            .filter(|(name, _)| !name.is_empty())
    }
}

fn parse<'a>(name: &'a str, value: &'a str) -> Option<Cookie<'a>> {
    let value = percent_decode_str(value).decode_utf8().ok()?;
    Some(Cookie::new(name, value))
}

/// The names alone: values are secrets.
impl fmt::Debug for Cookies<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.crumbs().map(|(name, _)| name);
        f.debug_list().entries(names).finish()
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use crate::{Request, RequestExt};

    fn sent(fields: &[&[u8]]) -> Request {
        let mut request = Request::default();
        for field in fields {
            let field = HeaderValue::from_bytes(field).expect("a value");
            request.headers_mut().append("cookie", field);
        }
        request
    }

    #[test]
    fn what_is_malformed_is_skipped_and_the_rest_is_read() {
        let request = sent(&[
            b"; =x;novalue;;a=1 ;\tb = 2=3;c=%ff;d=;",
            b"\xff=1",
            b"e=%C3%BC",
        ]);
        let read: Vec<_> = request
            .cookies()
            .iter()
            .map(|cookie| format!("{}={}", cookie.name(), cookie.value()))
            .collect();
        assert_eq!(read, ["a=1", "b=2=3", "d=", "e=ü"]);
    }

    #[test]
    fn a_name_in_disguise_is_another_name() {
        let request = sent(&[b"%5F_Host-sid=evil; __Host-sid=good; __Host-sid=later"]);
        let cookie = request.cookies().get("__Host-sid").expect("a cookie");
        assert_eq!(cookie.value(), "good");
        assert!(request.cookies().get("__host-sid").is_none());
    }

    #[test]
    fn values_are_no_text_for_logs() {
        let shown = format!("{:?}", sent(&[b"sid=secret"]).cookies());
        assert_eq!(shown, "[\"sid\"]");
    }
}
