//! Typed parsers of header fields: bounded, linear, without allocation.

pub(crate) mod accept_encoding;
pub(crate) mod entity_tag;
mod list;

use http::{HeaderMap, HeaderName, HeaderValue, header};

/// Whether `Cache-Control` says `no-transform` (RFC 9111, section 5.2.2.6).
pub(crate) fn forbids_transform(headers: &HeaderMap) -> bool {
    members(headers, header::CACHE_CONTROL)
        .any(|member| member.eq_ignore_ascii_case(b"no-transform"))
}

/// Adds `name` to `Vary`, which becomes one line, unless it is there or `*` is (RFC 9110, section
/// 12.5.5).
pub(crate) fn add_to_vary(headers: &mut HeaderMap, name: &'static str) {
    let mut names: Vec<&[u8]> = members(headers, header::VARY).collect();
    let covers = |listed: &&[u8]| *listed == b"*" || listed.eq_ignore_ascii_case(name.as_bytes());
    if names.iter().any(covers) {
        return;
    }
    let value = if names.is_empty() {
        HeaderValue::from_static(name)
    } else {
        names.push(name.as_bytes());
        HeaderValue::from_bytes(&names.join(&b", "[..])).expect("parts of values are a value")
    };
    headers.insert(header::VARY, value);
}

/// The members of a list-valued field, over all of its lines.
fn members(headers: &HeaderMap, name: HeaderName) -> impl Iterator<Item = &[u8]> {
    headers
        .get_all(name)
        .into_iter()
        .flat_map(|line| list::members(line.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: HeaderName, lines: &[&'static str]) -> HeaderMap {
        lines
            .iter()
            .map(|line| (name.clone(), HeaderValue::from_static(line)))
            .collect()
    }

    #[test]
    fn vary_is_merged_and_never_repeats() {
        for (lines, expected) in [
            (&[][..], &["accept-encoding"][..]),
            (&[""], &["accept-encoding"]),
            (&["origin"], &["origin, accept-encoding"]),
            (
                &["Origin, Cookie", "accept"],
                &["Origin, Cookie, accept, accept-encoding"],
            ),
            (
                &["origin", "ACCEPT-Encoding"],
                &["origin", "ACCEPT-Encoding"],
            ),
            (&["*"], &["*"]),
            (&["origin, *"], &["origin, *"]),
            (
                &["x-accept-encoding"],
                &["x-accept-encoding, accept-encoding"],
            ),
        ] {
            let mut headers = headers(header::VARY, lines);
            add_to_vary(&mut headers, "accept-encoding");
            let vary: Vec<_> = headers.get_all(header::VARY).iter().collect();
            assert_eq!(vary, expected, "{lines:?}");
        }
    }

    #[test]
    fn no_transform_is_a_directive_and_not_a_part_of_one() {
        for (lines, forbidden) in [
            (&[][..], false),
            (&["no-transform"], true),
            (&["max-age=60, No-Transform"], true),
            (&["max-age=60", "no-transform"], true),
            (&["x-no-transform"], false),
            (&["private=\"a, no-transform, b\""], false),
        ] {
            let headers = headers(header::CACHE_CONTROL, lines);
            assert_eq!(forbids_transform(&headers), forbidden, "{lines:?}");
        }
    }
}
