//! From variables to a request: [`request_from`].

use std::sync::Arc;

use enfilade_core::{Body, Connection, Environ, Request, User};
use http::{HeaderValue, Method, Version, header};

use super::{
    BadRequest, Import, Variables, connection::connection, fields::fields, target::Target,
};

/// The request that `variables` tell of, for core's [`Gateway`](enfilade_core::Gateway).
///
/// | of the request | is taken from |
/// |---|---|
/// | method | `REQUEST_METHOD` |
/// | target | `REQUEST_URI` as the client sent it, also in absolute form; where it is absent, `SCRIPT_NAME`, `PATH_INFO` and `QUERY_STRING`, encoded again |
/// | script name | see [`Import`] |
/// | version | `SERVER_PROTOCOL`; `INCLUDED`, and none, are HTTP/1.0 |
/// | fields | `HTTP_*`, `CONTENT_TYPE`, `CONTENT_LENGTH`; several of a name stay several, cookies are joined |
/// | peer, local | `REMOTE_ADDR` and `REMOTE_PORT`, `SERVER_ADDR` and `SERVER_PORT` |
/// | scheme | `HTTPS`, else `REQUEST_SCHEME` |
/// | server | `SERVER_NAME` without a port, `SERVER_PORT` |
/// | TLS | `SSL_PROTOCOL`, `SSL_TLS_SNI` or `SSL_SERVER_NAME`; no certificates of clients |
/// | [`User`] | `REMOTE_USER`, where [`Import::with_remote_user`] trusts it |
///
/// `HTTP_CONTENT_LENGTH`, `HTTP_CONTENT_TYPE`, `HTTP_TRANSFER_ENCODING`, `HTTP_PROXY`, and the
/// fields that belong to the client's connection, are dropped. The variables themselves are in the
/// request's extensions.
///
/// What belongs to the connection is what the client's `Connection` field names. So a client can
/// have a field dropped that the web server has added, but for those that
/// [`strip_hop_by_hop`](enfilade_core::host::strip_hop_by_hop) keeps; and behind a web server that
/// lets `_` pass in names it can add a second value to one. What a web server asserts belongs into
/// a variable without `HTTP_`, such as `X_USER`, which no client can reach.
///
/// `facts` is what the host knows by itself: its kind, its capabilities, its error stream.
///
/// # Errors
///
/// Where a variable is missing or malformed. Nothing is mended, and nothing is guessed.
pub fn request_from(
    variables: Variables,
    import: &Import,
    facts: Connection,
    body: Body,
) -> Result<Request, BadRequest> {
    let method = method(&variables)?;
    let target = Target::of(&variables, import)?;
    let version = version(&variables)?;
    let mut fields = fields(&variables)?;
    if let Some(length) = content_length(&variables)?.filter(|length| is_told(&method, *length)) {
        fields.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    }
    let facts = connection(&variables, facts)?;
    let user = import
        .remote_user
        .then(|| user(&variables))
        .transpose()?
        .flatten();

    let mut request = Request::new(body);
    *request.method_mut() = method;
    *request.uri_mut() = target.uri;
    *request.version_mut() = version;
    *request.headers_mut() = fields;
    let environ = Environ::new(Arc::new(facts), version).with_script_name(target.script_name);
    let extensions = request.extensions_mut();
    extensions.insert(environ);
    if let Some(user) = user {
        extensions.insert(user);
    }
    extensions.insert(variables);
    Ok(request)
}

/// The length of the body in bytes, `CONTENT_LENGTH`, where it is told.
///
/// # Errors
///
/// Where it is anything but digits that fit into 64 bits, or comes twice with different values.
pub fn content_length(variables: &Variables) -> Result<Option<u64>, BadRequest> {
    let malformed = |why| BadRequest::malformed("CONTENT_LENGTH", why);
    let mut lengths = variables
        .all("CONTENT_LENGTH")
        .filter(|value| !value.is_empty());
    let Some(length) = lengths.next() else {
        return Ok(None);
    };
    if lengths.any(|other| other != length) {
        return Err(malformed("comes twice, with different values"));
    }
    // `parse` alone would take `+5`.
    let digits = std::str::from_utf8(length)
        .ok()
        .filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
    digits
        .and_then(|digits| digits.parse().ok())
        .map(Some)
        .ok_or_else(|| malformed("is no length"))
}

/// Whether the client sent the body in chunks, so that its length need not be known:
/// `HTTP_TRANSFER_ENCODING`. What arrives is decoded already.
#[must_use]
pub fn is_chunked(variables: &Variables) -> bool {
    variables.given("HTTP_TRANSFER_ENCODING").is_some()
}

/// Whether a client tells a length: of no body, only with methods that expect one (RFC 9110,
/// section 8.6). Some web servers tell 0 of every request.
fn is_told(method: &Method, length: u64) -> bool {
    length > 0 || [Method::POST, Method::PUT, Method::PATCH].contains(method)
}

fn method(variables: &Variables) -> Result<Method, BadRequest> {
    let method = variables
        .given("REQUEST_METHOD")
        .ok_or(BadRequest::Missing("REQUEST_METHOD"))?;
    Method::from_bytes(method).map_err(|_| BadRequest::malformed("REQUEST_METHOD", "is no token"))
}

/// The client's version of HTTP. `INCLUDED` is a server-side include (RFC 3875, section 4.1.16).
fn version(variables: &Variables) -> Result<Version, BadRequest> {
    Ok(match variables.given("SERVER_PROTOCOL").map(|v| &v[..]) {
        None | Some(b"HTTP/1.0" | b"INCLUDED") => Version::HTTP_10,
        Some(b"HTTP/1.1") => Version::HTTP_11,
        Some(b"HTTP/2.0" | b"HTTP/2") => Version::HTTP_2,
        Some(b"HTTP/3.0" | b"HTTP/3") => Version::HTTP_3,
        Some(b"HTTP/0.9") => Version::HTTP_09,
        Some(_) => {
            return Err(BadRequest::malformed(
                "SERVER_PROTOCOL",
                "is no version of HTTP",
            ));
        }
    })
}

fn user(variables: &Variables) -> Result<Option<User>, BadRequest> {
    let Some(name) = variables.text("REMOTE_USER")? else {
        return Ok(None);
    };
    User::checked(name)
        .map(Some)
        .ok_or_else(|| BadRequest::malformed("REMOTE_USER", "holds a control character"))
}

#[cfg(test)]
mod tests;
