//! The fields that belong to one hop and not to the message (RFC 9110, section 7.6.1).

use http::{HeaderMap, HeaderName, HeaderValue, header};

/// What one walk over the names of a message's fields tells. The names are few, so it is cheaper
/// than one look into their hash table.
#[derive(Clone, Copy, Default)]
pub(crate) struct Names {
    pub(crate) hop_by_hop: bool,
    pub(crate) accept: bool,
    pub(crate) content_length: bool,
}

impl Names {
    #[inline]
    pub(crate) fn of(headers: &HeaderMap) -> Names {
        let mut names = Names::default();
        for name in headers.keys() {
            // The length decides nearly always, before anything is compared.
            match name.as_str().len() {
                2 => names.hop_by_hop |= name == header::TE,
                6 => names.accept |= name == header::ACCEPT,
                7 => names.hop_by_hop |= name == header::UPGRADE,
                10 => {
                    names.hop_by_hop |= name == header::CONNECTION || name.as_str() == "keep-alive";
                }
                14 => names.content_length |= name == header::CONTENT_LENGTH,
                16 => names.hop_by_hop |= name.as_str() == "proxy-connection",
                17 => names.hop_by_hop |= name == header::TRANSFER_ENCODING,
                _ => {}
            }
        }
        names
    }
}

/// Removes what belongs to the connection: `Connection` and what it names, `Keep-Alive`,
/// `Proxy-Connection`, `TE`, `Transfer-Encoding`, `Upgrade`.
///
/// `Trailer` is not among them: it belongs to the message (section 6.6.2), and HTTP/1.1 hosts send
/// only those trailers that it names.
///
/// `Connection` cannot name `Host`, `Authorization`, `Forwarded`, `X-Forwarded-*` or `X-Real-IP`:
/// they are the message's, which a sender must not name there. Else a client could take away what a
/// proxy in front has put in, where the proxy passes `Connection` on (CVE-2022-31813,
/// CVE-2024-45410). What a proxy asserts in any other field it must protect by itself.
///
/// A gateway does it to requests and to responses; this is for whoever makes requests of something
/// else and has none yet.
pub fn strip_hop_by_hop(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> = headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .filter(|name| !is_of_the_message(name))
        .collect();
    for name in HOP_BY_HOP {
        headers.remove(name);
    }
    for name in &named {
        headers.remove(name);
    }
}

/// What those who route a request, or vouch for its sender, say of it.
fn is_of_the_message(name: &HeaderName) -> bool {
    let name = name.as_str();
    matches!(name, "host" | "authorization" | "forwarded" | "x-real-ip")
        || name.starts_with("x-forwarded-")
}

/// The same, but the protocol that `Upgrade` names stays, and `Connection` says so.
pub(crate) fn strip_all_but_an_upgrade(headers: &mut HeaderMap) {
    let protocol = headers.remove(header::UPGRADE);
    strip_hop_by_hop(headers);
    if let Some(protocol) = protocol {
        headers.insert(header::UPGRADE, protocol);
        headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
    }
}

pub(crate) const HOP_BY_HOP: [HeaderName; 6] = [
    header::CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    header::TE,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_cannot_take_away_what_a_proxy_says_of_it() {
        let said = [
            "host",
            "authorization",
            "forwarded",
            "x-forwarded-for",
            "x-forwarded-host",
            "x-forwarded-proto",
            "x-real-ip",
        ];
        let mut headers = HeaderMap::new();
        for name in said {
            headers.insert(name, HeaderValue::from_static("1"));
        }
        let all = said.join(", ").to_uppercase();
        headers.insert(header::CONNECTION, all.parse().expect("a value"));
        strip_hop_by_hop(&mut headers);
        let left: Vec<_> = headers.keys().map(HeaderName::as_str).collect();
        assert_eq!(left, said);
    }

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
        assert!(Names::of(&headers).hop_by_hop);
        strip_hop_by_hop(&mut headers);
        assert!(!Names::of(&headers).hop_by_hop);
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
