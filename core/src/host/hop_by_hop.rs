//! The fields that belong to one hop and not to the message (RFC 9110, section 7.6.1).

use http::{HeaderMap, HeaderName, header};

/// Removes what belongs to the connection: `Connection` and what it names, `Keep-Alive`,
/// `Proxy-Connection`, `TE`, `Transfer-Encoding`, `Upgrade`.
///
/// `Trailer` is not among them: it belongs to the message (section 6.6.2), and HTTP/1.1 hosts send
/// only those trailers that it names.
///
/// `Connection` cannot name `Host`: which site is asked for is the message's.
///
/// Most messages have none, and then this is one look at each name.
pub fn strip_hop_by_hop(headers: &mut HeaderMap) {
    if !headers.keys().any(is_hop_by_hop) {
        return;
    }
    let named: Vec<HeaderName> = headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .filter(|name| name != header::HOST)
        .collect();
    let own: Vec<HeaderName> = headers
        .keys()
        .filter(|name| is_hop_by_hop(name))
        .cloned()
        .collect();
    for name in own.iter().chain(&named) {
        headers.remove(name);
    }
}

pub(crate) fn is_hop_by_hop(name: &HeaderName) -> bool {
    // The length decides nearly always, before anything is compared.
    match name.as_str().len() {
        2 => name == header::TE,
        7 => name == header::UPGRADE,
        10 => name == header::CONNECTION || name.as_str() == "keep-alive",
        16 => name.as_str() == "proxy-connection",
        17 => name == header::TRANSFER_ENCODING,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_belongs_to_the_connection_goes_and_the_rest_stays_in_order() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("connection", "keep-alive, X-Hop"),
            ("connection", "close, host"),
            ("host", "example.org"),
            ("keep-alive", "timeout=5"),
            ("proxy-connection", "keep-alive"),
            ("te", "trailers"),
            ("transfer-encoding", "chunked"),
            ("upgrade", "h2c"),
            ("x-hop", "1"),
            ("set-cookie", "a=1"),
            ("set-cookie", "b=2"),
        ] {
            headers.append(name, value.parse().expect("a value"));
        }
        strip_hop_by_hop(&mut headers);
        let mut left: Vec<_> = headers.iter().map(|(n, v)| format!("{n}: {v:?}")).collect();
        left.sort_by_key(|line| line.starts_with("host"));
        assert_eq!(
            left,
            [
                "set-cookie: \"a=1\"",
                "set-cookie: \"b=2\"",
                "host: \"example.org\""
            ]
        );
    }
}
