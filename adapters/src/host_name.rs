//! The host in what may have a port behind it: [`host_name`].

use std::{
    net::{IpAddr, Ipv6Addr},
    sync::Arc,
};

use http::uri::Authority;

/// The name of a host, or its address without brackets, in a `Host` field or what is like one; none
/// where there is no such name.
pub(crate) fn host_name(text: &str) -> Option<Arc<str>> {
    // An IPv6 address without brackets is no authority, and has no port.
    if let Ok(ip) = text.parse::<IpAddr>() {
        return Some(Arc::from(ip.to_string()));
    }
    let authority = text.parse::<Authority>().ok()?;
    let host = authority.host();
    if host.is_empty() || text.contains('@') {
        return None;
    }
    // In brackets there is an IPv6 address, and nothing else.
    let bracketed = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'));
    match bracketed {
        None => Some(Arc::from(host)),
        Some(address) => {
            let ip: Ipv6Addr = address.parse().ok()?;
            Some(Arc::from(ip.to_string()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_no_port_and_an_address_no_brackets() {
        for (text, name) in [
            ("a.example", Some("a.example")),
            ("a.example:8080", Some("a.example")),
            ("a.example:", Some("a.example")),
            ("192.0.2.1:80", Some("192.0.2.1")),
            ("::1", Some("::1")),
            ("[::1]", Some("::1")),
            ("[2001:DB8::0:1]:80", Some("2001:db8::1")),
            ("", None),
            (":80", None),
            ("[]", None),
            ("[x]", None),
            ("user@a.example", None),
            ("a b", None),
        ] {
            assert_eq!(host_name(text).as_deref(), name, "{text:?}");
        }
    }
}
