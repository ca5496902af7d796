//! The facts of the client's connection, as the web server tells them.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use enfilade_core::{Connection, Peer, Tls};
use http::uri::Scheme;

use super::{BadRequest, Variables};
use crate::host_name::host_name;

/// `facts`, which the host knows, with what `variables` tell of the client's connection.
pub(super) fn connection(
    variables: &Variables,
    mut facts: Connection,
) -> Result<Connection, BadRequest> {
    facts.scheme = scheme(variables)?;
    facts.tls = (facts.scheme == Scheme::HTTPS)
        .then(|| tls(variables))
        .transpose()?
        .flatten()
        .map(Arc::new);
    facts.server_port = match port(variables, "SERVER_PORT")? {
        Some(port) => port,
        None if facts.scheme == Scheme::HTTPS => 443,
        None => 80,
    };
    facts.peer = end(variables, "REMOTE_ADDR", "REMOTE_PORT")?;
    facts.local = end(variables, "SERVER_ADDR", "SERVER_PORT")?;
    facts.server_name = match (server_name(variables)?, facts.local.ip()) {
        (Some(name), _) => name,
        (None, Some(ip)) => Arc::from(ip.to_string()),
        (None, None) => Arc::from("localhost"),
    };
    Ok(facts)
}

/// `HTTPS` where it is there, as all web servers set it, else `REQUEST_SCHEME`.
fn scheme(variables: &Variables) -> Result<Scheme, BadRequest> {
    if let Some(https) = variables.given("HTTPS") {
        let is_on = [&b"on"[..], b"1", b"yes", b"true"]
            .iter()
            .any(|on| https.eq_ignore_ascii_case(on));
        return Ok(if is_on { Scheme::HTTPS } else { Scheme::HTTP });
    }
    match variables.given("REQUEST_SCHEME") {
        None => Ok(Scheme::HTTP),
        Some(scheme) if scheme.eq_ignore_ascii_case(b"http") => Ok(Scheme::HTTP),
        Some(scheme) if scheme.eq_ignore_ascii_case(b"https") => Ok(Scheme::HTTPS),
        Some(_) => Err(BadRequest::malformed(
            "REQUEST_SCHEME",
            "is neither http nor https",
        )),
    }
}

/// What Apache and lighttpd tell of TLS, and nginx where it is told to.
fn tls(variables: &Variables) -> Result<Option<Tls>, BadRequest> {
    let mut tls = Tls::default();
    tls.version = variables.text("SSL_PROTOCOL")?.map(Arc::from);
    tls.sni = match variables.text("SSL_TLS_SNI")? {
        None => variables.text("SSL_SERVER_NAME")?,
        name => name,
    }
    .map(Arc::from);
    Ok((tls != Tls::default()).then_some(tls))
}

/// One end of the connection. `unix:` is what nginx says of a Unix socket.
fn end(
    variables: &Variables,
    address: &'static str,
    port_name: &'static str,
) -> Result<Peer, BadRequest> {
    let Some(text) = variables.text(address)? else {
        return Ok(Peer::Unknown);
    };
    if text.starts_with("unix:") {
        return Ok(Peer::Unix {
            path: None,
            credentials: None,
        });
    }
    // A link-local address may name its interface: `fe80::1%eth0`.
    let bare = text.split('%').next().unwrap_or(text);
    let ip: IpAddr = bare
        .parse()
        .map_err(|_| BadRequest::malformed(address, "is no address"))?;
    let port = port(variables, port_name)?.unwrap_or(0);
    Ok(Peer::inet(SocketAddr::new(ip, port)))
}

fn port(variables: &Variables, name: &'static str) -> Result<Option<u16>, BadRequest> {
    let Some(digits) = variables.text(name)? else {
        return Ok(None);
    };
    // `parse` alone would take `+80`.
    match digits.parse() {
        Ok(port) if digits.bytes().all(|byte| byte.is_ascii_digit()) => Ok(Some(port)),
        _ => Err(BadRequest::malformed(name, "is no port")),
    }
}

/// The name without a port, which some put behind it. `_` is what nginx is told where there is
/// none.
fn server_name(variables: &Variables) -> Result<Option<Arc<str>>, BadRequest> {
    let Some(text) = variables.text("SERVER_NAME")?.filter(|name| *name != "_") else {
        return Ok(None);
    };
    let malformed = || BadRequest::malformed("SERVER_NAME", "is no name of a host");
    host_name(text).map(Some).ok_or_else(malformed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(sent: &[(&'static str, &'static str)]) -> Result<Connection, BadRequest> {
        let mut variables = Variables::new();
        for (name, value) in sent {
            variables.push(*name, *value)?;
        }
        connection(&variables, Connection::default())
    }

    #[test]
    fn both_ends_the_scheme_and_tls_are_told() {
        let facts = read(&[
            ("REMOTE_ADDR", "::ffff:192.0.2.7"),
            ("REMOTE_PORT", "50000"),
            ("SERVER_ADDR", "fe80::1%eth0"),
            ("SERVER_PORT", "8443"),
            ("SERVER_NAME", "ex.test:8443"),
            ("HTTPS", "on"),
            ("SSL_PROTOCOL", "TLSv1.3"),
            ("SSL_TLS_SNI", "ex.test"),
        ])
        .expect("facts");
        assert_eq!(facts.scheme, Scheme::HTTPS);
        assert_eq!(
            facts.peer,
            Peer::Inet(([192, 0, 2, 7], 50000).into()),
            "IPv4 is IPv4"
        );
        assert_eq!(facts.local.ip(), "fe80::1".parse().ok());
        assert_eq!((&*facts.server_name, facts.server_port), ("ex.test", 8443));
        let tls = facts.tls.expect("TLS");
        assert_eq!(tls.version.as_deref(), Some("TLSv1.3"));
        assert_eq!(tls.sni.as_deref(), Some("ex.test"));
    }

    #[test]
    fn what_is_not_told_is_not_known() {
        let facts = read(&[("SERVER_NAME", ""), ("HTTPS", "")]).expect("facts");
        assert_eq!((facts.peer, facts.local), (Peer::Unknown, Peer::Unknown));
        assert_eq!((&*facts.server_name, facts.server_port), ("localhost", 80));
        assert_eq!((facts.scheme, facts.tls), (Scheme::HTTP, None));
        let unix = read(&[("REMOTE_ADDR", "unix:"), ("SERVER_ADDR", "127.0.0.2")]);
        let unix = unix.expect("facts");
        assert!(matches!(unix.peer, Peer::Unix { .. }));
        assert_eq!(&*unix.server_name, "127.0.0.2");
    }

    #[test]
    fn the_scheme_is_the_last_hops() {
        for (name, value, scheme) in [
            ("HTTPS", "ON", Scheme::HTTPS),
            ("HTTPS", "1", Scheme::HTTPS),
            ("HTTPS", "off", Scheme::HTTP),
            ("REQUEST_SCHEME", "https", Scheme::HTTPS),
            ("REQUEST_SCHEME", "http", Scheme::HTTP),
            ("HTTP_X_FORWARDED_PROTO", "https", Scheme::HTTP),
            ("SSL_PROTOCOL", "TLSv1.3", Scheme::HTTP),
        ] {
            let facts = read(&[(name, value)]).expect("facts");
            assert_eq!(facts.scheme, scheme, "{name}={value}");
        }
        let off = read(&[("HTTPS", "off"), ("REQUEST_SCHEME", "https")]).expect("facts");
        assert_eq!(off.scheme, Scheme::HTTP);
    }

    #[test]
    fn a_server_name_loses_its_port_and_its_brackets() {
        for (sent, name) in [
            ("ex.test", "ex.test"),
            ("[::1]:80", "::1"),
            ("::1", "::1"),
            ("127.0.0.1:80", "127.0.0.1"),
            ("_", "localhost"),
        ] {
            let facts = read(&[("SERVER_NAME", sent)]).expect(sent);
            assert_eq!(&*facts.server_name, name);
        }
    }

    #[test]
    fn what_is_malformed_is_refused_and_named() {
        for (name, value) in [
            ("SERVER_NAME", "a b"),
            ("SERVER_NAME", "u@ex.test"),
            ("SERVER_NAME", "ex.test/x"),
            ("SERVER_NAME", ":80"),
            ("SERVER_NAME", "[]"),
            ("SERVER_NAME", "[x]:80"),
            ("SERVER_PORT", "+80"),
            ("SERVER_PORT", "65536"),
            ("SERVER_PORT", "-1"),
            ("REMOTE_ADDR", "ex.test"),
            ("REQUEST_SCHEME", "ftp"),
        ] {
            let refused = read(&[(name, value)]).expect_err(value).to_string();
            assert!(refused.starts_with(name), "{refused}");
        }
    }
}
