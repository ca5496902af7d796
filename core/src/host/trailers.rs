//! The fields that come too late behind a body.

use http::HeaderMap;

use super::strip_hop_by_hop;

/// Fields that frame or route a message, say who sends it, or how to read its body. They come too
/// late in trailers (RFC 9110, section 6.5.1), and whoever merged them into the head would read
/// another message. In order.
pub const BARRED_FROM_TRAILERS: &[&str] = &[
    "authorization",
    "cache-control",
    "connection",
    "content-encoding",
    "content-length",
    "content-range",
    "content-type",
    "cookie",
    "expect",
    "forwarded",
    "host",
    "keep-alive",
    "location",
    "max-forwards",
    "origin",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "range",
    "set-cookie",
    "status",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "www-authenticate",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
];

/// Whether a field of this name, in small letters, comes too late in trailers.
///
/// ```
/// use enfilade_core::host::is_barred_from_trailers;
///
/// assert!(is_barred_from_trailers("content-length"));
/// assert!(!is_barred_from_trailers("grpc-status"));
/// ```
#[must_use]
pub fn is_barred_from_trailers(name: &str) -> bool {
    BARRED_FROM_TRAILERS.binary_search(&name).is_ok()
}

/// Removes what trailers may not say: what belongs to the connection, and what comes too late. For
/// hosts, whose apps may give any.
pub fn strip_trailers(trailers: &mut HeaderMap) {
    strip_hop_by_hop(trailers);
    for name in BARRED_FROM_TRAILERS {
        trailers.remove(*name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_trailer_frames_a_message() {
        for name in ["content-length", "www-authenticate", "authorization", "te"] {
            assert!(is_barred_from_trailers(name), "{name}");
        }
        assert!(BARRED_FROM_TRAILERS.is_sorted());
        assert!(!is_barred_from_trailers("grpc-status"));
    }

    #[test]
    fn trailers_lose_what_comes_too_late_and_nothing_else() {
        let mut trailers = HeaderMap::new();
        for name in [
            "content-length",
            "set-cookie",
            "connection",
            "x-hop",
            "x-sum",
        ] {
            trailers.insert(name, http::HeaderValue::from_static("x-hop"));
        }
        strip_trailers(&mut trailers);
        assert_eq!(trailers.keys().collect::<Vec<_>>(), ["x-sum"]);
    }
}
