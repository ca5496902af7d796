//! Absolute URLs, and the host that they name.

use http::{header, uri::Authority, uri::Scheme};

use crate::{Request, RequestExt};

pub(super) fn absolute(request: &Request, path: &str) -> String {
    let scheme = &request.environ().connection().scheme;
    format!("{scheme}://{}{}", request.host(), request.url_for(path))
}

pub(super) fn host(request: &Request) -> String {
    asked_for(request).unwrap_or_else(|| own_name(request))
}

/// The target's authority, else the one `Host` field, where it is well-formed and names no user.
fn asked_for(request: &Request) -> Option<String> {
    if let Some(authority) = request.uri().authority() {
        return checked(authority);
    }
    let mut fields = request.headers().get_all(header::HOST).iter();
    let field = fields.next()?;
    if fields.next().is_some() {
        return None;
    }
    checked(&Authority::try_from(field.as_bytes()).ok()?)
}

fn checked(authority: &Authority) -> Option<String> {
    let port_is_one = match authority.as_str().strip_prefix(authority.host()) {
        Some("") => true,
        Some(port) => port
            .strip_prefix(':')
            .is_some_and(|port| port.parse::<u16>().is_ok()),
        // A user stands in front.
        None => false,
    };
    (port_is_one && !authority.host().is_empty()).then(|| authority.as_str().to_owned())
}

fn own_name(request: &Request) -> String {
    let connection = request.environ().connection();
    let name = &connection.server_name;
    let name = if name.contains(':') && !name.starts_with('[') {
        format!("[{name}]")
    } else {
        name.to_string()
    };
    let default = if connection.scheme == Scheme::HTTPS {
        443
    } else {
        80
    };
    match connection.server_port {
        port if port == default => name,
        port => format!("{name}:{port}"),
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn request(host: &[&'static str]) -> Request {
        let mut request = Request::default();
        for host in host {
            let host = HeaderValue::from_static(host);
            request.headers_mut().append(header::HOST, host);
        }
        let connection = request.environ_mut().connection_mut();
        connection.server_name = "own.example".into();
        connection.server_port = 8000;
        request
    }

    #[test]
    fn what_is_no_host_is_not_taken_for_one() {
        for host in [
            &["user@evil.example"][..],
            &["user:pw@evil.example:80"],
            &["a.example", "b.example"],
            &["a.example/x"],
            &["a.example:99999"],
            &["a.example:"],
            &["a.example:x"],
            &[""],
            &[":80"],
            &["a b"],
        ] {
            assert_eq!(request(host).host(), "own.example:8000", "{host:?}");
        }
    }

    #[test]
    fn the_target_goes_before_the_field_and_the_field_before_the_own_name() {
        for host in ["a.example", "a.example:8080", "[::1]:80", "127.0.0.1"] {
            assert_eq!(request(&[host]).host(), host);
        }
        let mut request = request(&["a.example"]);
        *request.uri_mut() = "https://b.example:1/x".parse().expect("a target");
        assert_eq!(request.host(), "b.example:1");
    }

    #[test]
    fn an_absolute_url_has_the_scheme_and_the_script_name() {
        let mut request = request(&[]);
        *request.uri_mut() = "/app/x".parse().expect("a path");
        request.environ_mut().script_name = 4;
        let connection = request.environ_mut().connection_mut();
        connection.scheme = Scheme::HTTPS;
        connection.server_name = "::1".into();
        connection.server_port = 443;
        assert_eq!(request.absolute_url_for("/y?z"), "https://[::1]/app/y?z");
    }
}
