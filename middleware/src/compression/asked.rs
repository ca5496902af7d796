//! The request's half: which coding to answer with, before anything is known of the answer.

use enfilade_core::Request;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};

use super::Coding;
use crate::field::accept_encoding::AcceptEncoding;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// What the client asked for.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Asked {
    /// The coding to use, where one is better than none.
    pub(super) coding: Option<Coding>,
    /// Whether a response without coding is refused.
    pub(super) only_encoded: bool,
    pub(super) head: bool,
    /// The tags of what the client holds.
    pub(super) held: Vec<HeaderValue>,
}

impl Asked {
    pub(super) fn of(request: &Request, offered: &[Coding]) -> Asked {
        let headers = request.headers();
        let (coding, only_encoded) = choose(headers, offered);
        Asked {
            coding,
            only_encoded,
            head: *request.method() == Method::HEAD,
            held: headers
                .get_all(header::IF_NONE_MATCH)
                .iter()
                .cloned()
                .collect(),
        }
    }
}

/// The acceptable coding of the largest weight, the first offered among equals; none where the
/// client likes none better (RFC 9110, section 12.5.3).
fn choose(headers: &HeaderMap, offered: &[Coding]) -> (Option<Coding>, bool) {
    // Without the field any coding would be allowed, but whoever does not send it decodes nothing.
    let Some(accepted) = AcceptEncoding::of(headers) else {
        return (None, false);
    };
    let identity = accepted.weight("identity");
    let mut best = (None, identity.unwrap_or(0).saturating_sub(1));
    for coding in offered {
        let weight = accepted.weight(coding.as_str()).unwrap_or(0);
        if weight > best.1 {
            best = (Some(*coding), weight);
        }
    }
    (best.0, identity == Some(0))
}

/// Whether another site may have made a browser send this request with the user's credentials.
pub(super) fn is_lured(headers: &HeaderMap) -> bool {
    let site = headers.get(SEC_FETCH_SITE).map(HeaderValue::as_bytes);
    let foreign = matches!(site, Some(b"cross-site" | b"same-site"));
    foreign && (headers.contains_key(header::COOKIE) || headers.contains_key(header::AUTHORIZATION))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gzip first, and no zstd, so that the table is the same without that feature.
    const OFFERED: &[Coding] = &[Coding::Gzip, Coding::Brotli, Coding::Deflate];

    fn chosen(lines: &[&str]) -> (&'static str, bool) {
        let value = |line: &&str| HeaderValue::from_bytes(line.as_bytes()).expect("a field value");
        let headers = lines
            .iter()
            .map(|line| (header::ACCEPT_ENCODING, value(line)))
            .collect();
        let (coding, only_encoded) = choose(&headers, OFFERED);
        (coding.map_or("identity", Coding::as_str), only_encoded)
    }

    #[test]
    fn the_coding_is_negotiated() {
        for (lines, expected) in [
            // Absent, empty, unknown.
            (&[][..], "identity"),
            (&[""], "identity"),
            (&[","], "identity"),
            (&["compress"], "identity"),
            (&["snappy, lzma;q=1"], "identity"),
            (&["identity"], "identity"),
            // One, by name, in any case.
            (&["gzip"], "gzip"),
            (&["GZIP"], "gzip"),
            (&["x-gzip"], "gzip"),
            (&["br"], "br"),
            (&["deflate"], "deflate"),
            (&["compress, gzip"], "gzip"),
            // What clients send.
            (&["gzip, deflate"], "gzip"),
            (&["gzip, deflate, br"], "gzip"),
            (&["gzip, deflate, br, zstd"], "gzip"),
            (&["gzip;q=1.0,deflate;q=0.6,identity;q=0.3"], "gzip"),
            (&["gzip;q=1.0, *;q=0.5"], "gzip"),
            (&["compress;q=0.5, gzip;q=1.0"], "gzip"),
            (&["deflate, br"], "br"),
            // Weights.
            (&["gzip;q=0.8, br"], "br"),
            (&["gzip;q=0.999, br;q=1"], "br"),
            (&["gzip;q=0.001"], "gzip"),
            (&["br;q=0.5, gzip;q=0.5"], "gzip"),
            (&["deflate;q=0.9, br;q=0.5, gzip;q=0.3"], "deflate"),
            (&["gzip;q=0"], "identity"),
            (&["gzip;q=0, br"], "br"),
            (&["gzip;q=0, br;q=0, deflate;q=0"], "identity"),
            (&["gzip;q=0.0, deflate;q=0.1"], "deflate"),
            // Several lines are one list.
            (&["gzip;q=0.5", "br"], "br"),
            (&["br", "gzip;q=0.5"], "br"),
            // Identity has a weight, too.
            (&["identity, gzip;q=0.5"], "identity"),
            (&["identity;q=0.5, gzip;q=0.5"], "gzip"),
            (&["identity;q=0.5, gzip;q=0.4"], "identity"),
            (&["identity;q=0.5, gzip;q=0.6"], "gzip"),
            (&["identity;q=0.001, gzip;q=0.001"], "gzip"),
            (&["identity;q=1, *;q=0"], "identity"),
            // The star is whatever is not listed.
            (&["*"], "gzip"),
            (&["*;q=0.1"], "gzip"),
            (&["gzip;q=0, *"], "br"),
            (&["gzip;q=0.5, *;q=0.6"], "br"),
            (&["gzip;q=0.5, *;q=0.4"], "gzip"),
            (&["identity;q=0.5, *;q=0.4"], "identity"),
            (&["compress, *"], "gzip"),
            // Malformed members are not there; the rest is.
            (&["gzip;q=x, br"], "br"),
            (&["gzip;q=1.1, br;q=0.1"], "br"),
            (&["gzip;;q=1, deflate"], "deflate"),
            (&["gzip br"], "identity"),
            (&["gzip;q=0, gzip"], "identity"),
            (&["gzip\u{e9}, br"], "br"),
        ] {
            assert_eq!(chosen(lines), (expected, false), "{lines:?}");
        }
    }

    #[test]
    fn a_refusal_of_identity_is_told_apart_from_silence() {
        for (line, expected) in [
            ("identity;q=0", "identity"),
            ("*;q=0", "identity"),
            ("gzip, *;q=0", "gzip"),
            ("gzip, identity;q=0", "gzip"),
            ("gzip;q=0.001, *;q=0", "gzip"),
            ("identity;q=0, *", "gzip"),
            ("identity;q=0.000, br;q=0.2", "br"),
            ("gzip;q=0, identity;q=0", "identity"),
        ] {
            assert_eq!(chosen(&[line]), (expected, true), "{line:?}");
        }
        assert_eq!(chosen(&["gzip, identity;q=0.001, *;q=0"]), ("gzip", false));
    }

    #[test]
    fn the_order_of_the_offer_decides_among_equals() {
        let headers = HeaderMap::from_iter([(
            header::ACCEPT_ENCODING,
            HeaderValue::from_static("gzip, deflate, br"),
        )]);
        for first in OFFERED {
            let offered = [&[*first][..], OFFERED].concat();
            assert_eq!(choose(&headers, &offered), (Some(*first), false));
        }
        assert_eq!(choose(&headers, &[]), (None, false));
    }

    #[test]
    fn a_lured_request_comes_from_another_site_and_has_credentials() {
        for (site, credentials, lured) in [
            ("cross-site", "cookie", true),
            ("same-site", "authorization", true),
            ("cross-site", "accept", false),
            ("same-origin", "cookie", false),
            ("none", "cookie", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(SEC_FETCH_SITE, HeaderValue::from_static(site));
            headers.insert(credentials, HeaderValue::from_static("x"));
            assert_eq!(is_lured(&headers), lured, "{site} {credentials}");
        }
    }
}
