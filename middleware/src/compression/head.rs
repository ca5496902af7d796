//! What becomes of a head when its body is encoded.

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};

use super::Coding;
use crate::field::{self, entity_tag};

const CONTENT_DIGEST: HeaderName = HeaderName::from_static("content-digest");
const CONTENT_MD5: HeaderName = HeaderName::from_static("content-md5");
const DIGEST: HeaderName = HeaderName::from_static("digest");
const REPR_DIGEST: HeaderName = HeaderName::from_static("repr-digest");

/// Says that the body is encoded, and no more what was true of the bytes before.
pub(super) fn set_encoded(headers: &mut HeaderMap, coding: Coding) {
    forget_bytes(headers);
    headers.insert(
        header::CONTENT_ENCODING,
        HeaderValue::from_static(coding.as_str()),
    );
}

/// Takes away what is only true of the bytes as they were: length, ranges and digests (RFC 9530
/// and what came before it, all of which speak of the encoded bytes). A strong `ETag` becomes
/// weak. Serves trailers, too.
pub(super) fn forget_bytes(headers: &mut HeaderMap) {
    for name in [
        header::ACCEPT_RANGES,
        header::CONTENT_LENGTH,
        CONTENT_DIGEST,
        CONTENT_MD5,
        DIGEST,
        REPR_DIGEST,
    ] {
        headers.remove(name);
    }
    entity_tag::weaken(headers);
}

/// The response depends on what the client accepts, also where it is not encoded.
pub(super) fn vary(headers: &mut HeaderMap) {
    field::add_to_vary(headers, "accept-encoding");
}

/// Gives a 304 the tag that the client holds.
///
/// It asked with the weak tag, so it holds an encoded response. A cache updates that one only if
/// the tags are the same (RFC 9111, section 4.3.4).
pub(super) fn match_not_modified(
    status: StatusCode,
    headers: &mut HeaderMap,
    held: &[HeaderValue],
) {
    let Some(tag) = headers.get(header::ETAG) else {
        return;
    };
    let lists = |tag| held.iter().any(|line| entity_tag::lists(line, tag));
    if status == StatusCode::NOT_MODIFIED
        && let Some(weak) = entity_tag::weakened(tag)
        && lists(&weak)
        && !lists(tag)
    {
        headers.insert(header::ETAG, weak);
        vary(headers);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_true_of_the_bytes_leaves_with_them() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("accept-ranges", "bytes"),
            ("content-length", "3"),
            ("content-digest", "sha-256=:AA==:"),
            ("content-md5", "AA=="),
            ("digest", "sha-256=AA=="),
            ("repr-digest", "sha-256=:AA==:"),
            ("etag", "\"abc\""),
            ("last-modified", "Sat, 01 Jan 2000 00:00:00 GMT"),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
        set_encoded(&mut headers, Coding::Gzip);
        let mut left: Vec<_> = headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_bytes()))
            .collect();
        left.sort_unstable();
        assert_eq!(
            left,
            [
                ("content-encoding", &b"gzip"[..]),
                ("etag", b"W/\"abc\""),
                ("last-modified", b"Sat, 01 Jan 2000 00:00:00 GMT"),
            ]
        );
    }

    #[test]
    fn a_304_has_the_tag_that_the_client_holds() {
        for (held, tag, expected) in [
            (&["W/\"a\""][..], "\"a\"", "W/\"a\""),
            (&["\"x\"", "W/\"a\""], "\"a\"", "W/\"a\""),
            (&["\"a\""], "\"a\"", "\"a\""),
            (&["W/\"a\", \"a\""], "\"a\"", "\"a\""),
            (&["W/\"b\""], "\"a\"", "\"a\""),
            (&["*"], "\"a\"", "\"a\""),
            (&[], "\"a\"", "\"a\""),
            (&["W/\"a\""], "broken", "broken"),
        ] {
            let held: Vec<_> = held
                .iter()
                .map(|line| HeaderValue::from_static(line))
                .collect();
            let mut headers = HeaderMap::from_iter([(header::ETAG, HeaderValue::from_static(tag))]);
            match_not_modified(StatusCode::NOT_MODIFIED, &mut headers, &held);
            assert_eq!(headers[header::ETAG], expected, "{held:?} {tag}");
            assert_eq!(
                headers.contains_key(header::VARY),
                tag != expected,
                "{held:?} {tag}"
            );
        }
    }
}
