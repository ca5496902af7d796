//! What trailers may say: [`are_trailers`].

use http::{HeaderMap, HeaderName};

/// Whether `fields`, which came behind a body, may have come there.
pub(crate) fn are_trailers(fields: &HeaderMap) -> bool {
    let mut names = fields.keys().map(HeaderName::as_str);
    names.all(|name| !is_forbidden(name.as_bytes()) && !name.contains('_'))
}

/// Whether a name in small letters is none of a trailer.
pub(super) fn is_forbidden(name: &[u8]) -> bool {
    FORBIDDEN.iter().any(|other| other.as_bytes() == name)
}

/// Fields that say how a message is read, where it goes or who sends it come too late in trailers
/// (RFC 9110, section 6.5.1), and whoever merged them would read another request.
const FORBIDDEN: [&str; 24] = [
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
    "max-forwards",
    "origin",
    "proxy-authorization",
    "proxy-connection",
    "range",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
];

/// The bytes of the longest of them.
pub(super) const LONGEST: usize = 19;

const _: () = {
    let mut n = 0;
    while n < FORBIDDEN.len() {
        assert!(FORBIDDEN[n].len() <= LONGEST);
        n += 1;
    }
};
