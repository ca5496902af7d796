//! What is left to check of a request over HTTP/2 (RFC 9113, section 8).
//!
//! h2 refuses fields of the connection, pseudo-fields that are repeated or missing, a length that
//! is no number, and DATA that is longer or shorter than it. It looks at the first length alone,
//! and not at all at `Host`.

use http::{Method, Request, header};

use crate::{
    admission::drop_underscores,
    strict::{Refusal, bad, is_host, is_same, length},
};

/// Refuses what two programs could read differently, and drops what the app is not to see.
pub(crate) fn check<B>(request: &mut Request<B>) -> Result<(), Refusal> {
    check_host(request)?;
    let uri = request.uri();
    let options = *request.method() == Method::OPTIONS;
    if uri.path() == "*" && !options {
        return Err(bad("the target * is for OPTIONS alone"));
    }
    let mut lengths = request.headers().get_all(header::CONTENT_LENGTH).iter();
    if let Some(value) = lengths.next() {
        length(value.as_bytes())?;
        if lengths.next().is_some() {
            return Err(bad("Content-Length is repeated"));
        }
    }
    if let Some(expect) = request.headers().get(header::EXPECT)
        && !expect.as_bytes().eq_ignore_ascii_case(b"100-continue")
    {
        return Err(Refusal::new(
            417,
            "Expect is something else than 100-continue",
        ));
    }
    if request
        .headers()
        .keys()
        .any(|name| name.as_str().contains('_'))
    {
        check_twins(request)?;
        drop_underscores(request.headers_mut());
    }
    Ok(())
}

/// The authority is one host, and so is `Host`, and both are the same.
fn check_host<B>(request: &Request<B>) -> Result<(), Refusal> {
    let uri = request.uri();
    let authority = uri
        .authority()
        .map(|authority| authority.as_str().as_bytes());
    let mut hosts = request.headers().get_all(header::HOST).iter();
    let host = hosts.next().map(http::HeaderValue::as_bytes);
    if hosts.next().is_some() {
        return Err(bad("Host is repeated"));
    }
    match (authority, host) {
        (None, None) => return Err(bad("there is neither :authority nor Host")),
        (Some(authority), Some(host)) if !is_same(authority, host, uri.scheme_str()) => {
            return Err(bad("Host is not the server that :authority names"));
        }
        _ => {}
    }
    if !authority.is_none_or(is_host) || !host.is_none_or(is_host) {
        return Err(bad("the host is not one host with or without a port"));
    }
    Ok(())
}

fn check_twins<B>(request: &Request<B>) -> Result<(), Refusal> {
    let headers = request.headers();
    let mut names = headers.keys().map(http::HeaderName::as_str);
    if names.any(|name| name.contains('_') && headers.contains_key(name.replace('_', "-"))) {
        return Err(bad("two fields' names differ by _ and - alone"));
    }
    Ok(())
}
