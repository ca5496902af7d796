//! Requests that the app does not see: what they broke, and what they are answered.

use std::fmt;

use enfilade_core::{Error, IntoResponse, Response};
use http::{HeaderValue, Version, header};
use http_body::Body;

use crate::{Limits, breach::Limit};

/// The limit that a request breaks.
pub(crate) fn broken<B: Body>(request: &http::Request<B>, limits: &Limits) -> Option<Limit> {
    // Over HTTP/1 the head was measured before it was read.
    if request.version() >= Version::HTTP_2
        && let Some(limit) = broken_head(request, limits)
    {
        return Some(limit);
    }
    (request.body().size_hint().lower() > limits.body_bytes).then_some(Limit::BodyBytes)
}

fn broken_head<B>(request: &http::Request<B>, limits: &Limits) -> Option<Limit> {
    let uri = request.uri();
    let path = uri.path_and_query().map_or("/", |target| target.as_str());
    // A scheme, and what is around it, comes with an authority.
    let authority = uri.authority().map_or(0, |authority| {
        authority.as_str().len() + uri.scheme_str().map_or(0, |scheme| scheme.len() + 3)
    });
    let target = path.len() + authority;
    if target > limits.uri_bytes {
        return Some(Limit::Uri);
    }
    let line = request.method().as_str().len() + target + "  HTTP/1.1".len();
    if line > limits.line_bytes {
        return Some(Limit::Line);
    }
    (request.headers().len() > limits.fields).then_some(Limit::Fields)
}

/// The answer to a request that broke a limit.
pub(crate) fn answer(limit: Limit) -> Response {
    let mut response = Error::status(limit.status()).into_response();
    if limit == Limit::RequestsInFlight {
        let seconds = HeaderValue::from_static("1");
        response.headers_mut().insert(header::RETRY_AFTER, seconds);
    }
    response
}

/// What a body that broke a limit gives to whoever reads it.
#[derive(Debug)]
pub(crate) struct Refused(pub(crate) Limit);

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the client was refused with {}", self.0.status())
    }
}

impl std::error::Error for Refused {}

#[cfg(test)]
mod tests {
    use enfilade_core::Body;

    use super::*;

    fn check(uri: &str, fields: usize) -> Option<Limit> {
        let mut request = http::Request::new(Body::empty());
        *request.version_mut() = Version::HTTP_2;
        *request.uri_mut() = uri.parse().expect("a target");
        for _ in 0..fields {
            let value = HeaderValue::from_static("1");
            request.headers_mut().append("cookie", value);
        }
        let limits = Limits {
            uri_bytes: 8000,
            line_bytes: 8011,
            ..Limits::default()
        };
        broken(&request, &limits)
    }

    #[test]
    fn each_limit_holds_at_its_last_byte_and_breaks_at_the_next() {
        let long = |bytes: usize| format!("/{}", "x".repeat(bytes - 1));
        assert_eq!(check(&long(7998), 100), None);
        assert_eq!(check(&long(7999), 0), Some(Limit::Line));
        assert_eq!(check(&long(8001), 0), Some(Limit::Uri));
        assert_eq!(
            check(&format!("http://h.test{}", long(7990)), 0),
            Some(Limit::Uri)
        );
        assert_eq!(check("/", 101), Some(Limit::Fields));
    }

    #[test]
    fn who_comes_when_all_places_are_taken_is_told_to_come_again() {
        let response = answer(Limit::RequestsInFlight);
        assert_eq!(response.status(), 503);
        assert_eq!(response.headers()[header::RETRY_AFTER], "1");
    }
}
