//! What is left to check of a request over HTTP/2 (RFC 9113, section 8).
//!
//! h2 refuses fields of the connection, pseudo-fields that are repeated or missing, a length that
//! is no number, and DATA that is longer or shorter than it. It looks at the first length alone,
//! and not at all at `Host`.

use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, header};

use crate::{
    admission::drop_underscores,
    strict::{Refusal, bad, is_host, is_same, length},
};

/// Refuses what two programs could read differently, and drops what the app is not to see.
pub(crate) fn check<B>(request: &mut Request<B>) -> Result<(), Refusal> {
    let names = Names::of(request.headers());
    check_host(request, names.host)?;
    let uri = request.uri();
    let options = *request.method() == Method::OPTIONS;
    if uri.path() == "*" && !options {
        return Err(bad("the target * is for OPTIONS alone"));
    }
    if names.content_length {
        check_length(request)?;
    }
    if names.expect
        && let Some(expect) = request.headers().get(header::EXPECT)
        && !expect.as_bytes().eq_ignore_ascii_case(b"100-continue")
    {
        return Err(Refusal::new(
            417,
            "Expect is something else than 100-continue",
        ));
    }
    if names.underscore {
        check_twins(request)?;
        drop_underscores(request.headers_mut());
    }
    Ok(())
}

/// The names that say that there is something to check. One walk over them is cheaper than a look
/// for each.
#[derive(Default)]
struct Names {
    host: bool,
    expect: bool,
    content_length: bool,
    underscore: bool,
}

impl Names {
    fn of(headers: &HeaderMap) -> Names {
        let mut names = Names::default();
        for name in headers.keys().map(HeaderName::as_str) {
            match name.len() {
                4 => names.host |= name == "host",
                6 => names.expect |= name == "expect",
                14 => names.content_length |= name == "content-length",
                _ => {}
            }
            names.underscore |= name.contains('_');
        }
        names
    }
}

/// The authority is one host, and so is `Host`, and both are the same.
fn check_host<B>(request: &Request<B>, has_field: bool) -> Result<(), Refusal> {
    let uri = request.uri();
    let authority = uri
        .authority()
        .map(|authority| authority.as_str().as_bytes());
    let mut host = None;
    if has_field {
        let mut hosts = request.headers().get_all(header::HOST).iter();
        host = hosts.next().map(HeaderValue::as_bytes);
        if hosts.next().is_some() {
            return Err(bad("Host is repeated"));
        }
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

/// There is one length.
fn check_length<B>(request: &Request<B>) -> Result<(), Refusal> {
    let mut lengths = request.headers().get_all(header::CONTENT_LENGTH).iter();
    let Some(value) = lengths.next() else {
        return Ok(());
    };
    if length(value.as_bytes())? > 0 && *request.method() == Method::CONNECT {
        return Err(bad("CONNECT has a body"));
    }
    match lengths.next() {
        None => Ok(()),
        Some(_) => Err(bad("Content-Length is repeated")),
    }
}

fn check_twins<B>(request: &Request<B>) -> Result<(), Refusal> {
    let headers = request.headers();
    let mut names = headers.keys().map(HeaderName::as_str);
    if names.any(|name| name.contains('_') && headers.contains_key(name.replace('_', "-"))) {
        return Err(bad("two fields' names differ by _ and - alone"));
    }
    Ok(())
}
