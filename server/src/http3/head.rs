//! What makes a request malformed that h3 lets pass (RFC 9114, sections 4.2 and 4.3.1).

use http::{HeaderName, Method, Request, header};

use crate::strict::{Refusal, bad, length};

/// Fields of a connection, of which HTTP/3 has none.
const OF_THE_CONNECTION: [HeaderName; 5] = [
    header::CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

/// Gives the length of the body, where the head tells one.
///
/// # Errors
///
/// Where the request is malformed, and its stream is to be reset. What is only refused is found
/// where all versions are looked at.
pub(super) fn check<B>(request: &Request<B>) -> Result<Option<u64>, Refusal> {
    let headers = request.headers();
    if OF_THE_CONNECTION
        .iter()
        .any(|name| headers.contains_key(name))
    {
        return Err(bad("there is a field of the connection"));
    }
    if headers
        .get_all(header::TE)
        .iter()
        .any(|te| te != "trailers")
    {
        return Err(bad("TE is something else than trailers"));
    }
    let uri = request.uri();
    let (scheme, path) = (uri.scheme().is_some(), uri.path_and_query().is_some());
    let is_connect = *request.method() == Method::CONNECT;
    match (is_connect, scheme, path) {
        (true, false, false) | (false, true, true) => {}
        (true, ..) => return Err(bad("CONNECT has a scheme or a path")),
        (false, ..) => return Err(bad("there is no scheme or no path")),
    }
    let mut lengths = headers.get_all(header::CONTENT_LENGTH).iter();
    Ok(match (lengths.next(), lengths.next()) {
        (Some(one), None) => length(one.as_bytes()).ok(),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(method: &str, uri: &str, name: &'static str, value: &str) -> Request<()> {
        let request = Request::builder().method(method).uri(uri);
        request.header(name, value).body(()).expect("a request")
    }

    #[test]
    fn fields_of_the_connection_are_malformed() {
        for (name, value) in [
            ("connection", "x-one"),
            ("keep-alive", "timeout=5"),
            ("proxy-connection", "close"),
            ("transfer-encoding", "chunked"),
            ("upgrade", "websocket"),
            ("te", "gzip"),
            ("te", "trailers, gzip"),
        ] {
            let request = request("GET", "https://a/", name, value);
            assert!(check(&request).is_err(), "{name}: {value}");
        }
        let allowed = request("GET", "https://a/", "te", "trailers");
        assert_eq!(check(&allowed), Ok(None));
    }

    #[test]
    fn connect_names_an_authority_alone_and_others_name_all() {
        let check = |method, uri| check(&request(method, uri, "content-length", "3"));
        assert_eq!(check("CONNECT", "a:443"), Ok(Some(3)));
        assert_eq!(check("GET", "https://a/"), Ok(Some(3)));
        assert!(check("CONNECT", "https://a/").is_err());
        assert!(check("GET", "a:443").is_err());
    }
}
