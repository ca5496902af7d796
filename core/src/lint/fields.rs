//! The values of fields, as far as a lint reads them.

use http::{HeaderMap, HeaderName, HeaderValue, header};

/// A `Content-Length`: one field, digits alone (RFC 9110, section 8.6).
pub(super) enum Length {
    Absent,
    Malformed,
    Is(u64),
}

impl Length {
    pub(super) fn of(headers: &HeaderMap) -> Length {
        let mut values = headers.get_all(header::CONTENT_LENGTH).iter();
        match (values.next(), values.next()) {
            (None, _) => Length::Absent,
            (Some(value), None) => number(value).map_or(Length::Malformed, Length::Is),
            _ => Length::Malformed,
        }
    }

    pub(super) const fn known(&self) -> Option<u64> {
        match self {
            Length::Is(length) => Some(*length),
            _ => None,
        }
    }
}

/// `parse` alone would take `+5`.
fn number(value: &HeaderValue) -> Option<u64> {
    let digits = value.to_str().ok()?;
    digits
        .bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| digits.parse().ok())?
}

/// The members of a list, such as `Upgrade`, `Connection` and `Trailer` are.
pub(super) fn members<'a>(
    headers: &'a HeaderMap,
    name: &HeaderName,
) -> impl Iterator<Item = &'a str> + use<'a> {
    headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .filter(|member| !member.is_empty())
}

/// RFC 9110, section 8.8.3.
pub(super) fn is_entity_tag(value: &HeaderValue) -> bool {
    let opaque = value.as_bytes();
    let opaque = opaque.strip_prefix(b"W/").unwrap_or(opaque);
    let inner = opaque
        .strip_prefix(b"\"")
        .and_then(|rest| rest.strip_suffix(b"\""));
    inner.is_some_and(|inner| {
        inner
            .iter()
            .all(|byte| *byte > b' ' && !matches!(byte, b'"' | 0x7f))
    })
}

/// A path, or a URL with a scheme.
pub(super) fn is_location(value: &HeaderValue) -> bool {
    let Ok(value) = value.to_str() else {
        return false;
    };
    let scheme = value.split_once(':').map(|(scheme, _)| scheme);
    let has_scheme = scheme.is_some_and(|scheme| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
    });
    value.starts_with('/') || has_scheme
}

/// Whether a `Set-Cookie` looks like two that were joined by a comma. There are commas in the dates
/// of `Expires`, but no name and `=` behind them.
pub(super) fn is_merged_cookie(value: &HeaderValue) -> bool {
    let bytes = value.as_bytes();
    let text = String::from_utf8_lossy(bytes);
    text.split(", ").skip(1).any(|piece| {
        let name = piece.split_once('=').map_or("", |(name, _)| name);
        !name.is_empty() && !name.contains([' ', ';', '"', ':'])
    })
}

/// Whether all protocols of one `Upgrade` are among those of another: lists, whose names have no
/// case (RFC 9110, section 7.8).
pub(super) fn offers(offered: &HeaderValue, switched: &HeaderValue) -> bool {
    let list = |value: &HeaderValue| {
        let text = String::from_utf8_lossy(value.as_bytes()).to_ascii_lowercase();
        text.split(',')
            .map(|name| name.trim().to_owned())
            .collect::<Vec<_>>()
    };
    let offered = list(offered);
    list(switched).iter().all(|name| offered.contains(name))
}

/// A host without a port: a name or an address.
pub(super) fn is_server_name(name: &str) -> bool {
    let is_name = |name: &str| {
        !name.is_empty()
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-._~%".contains(&byte))
    };
    let bare = name
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    is_name(name) || bare.unwrap_or(name).parse::<std::net::Ipv6Addr>().is_ok()
}

/// What describes the exact bytes of a body, and leaves when they change.
pub(super) const OF_THE_BYTES: [HeaderName; 4] = [
    HeaderName::from_static("content-digest"),
    HeaderName::from_static("repr-digest"),
    HeaderName::from_static("digest"),
    HeaderName::from_static("content-md5"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_switched_to_was_offered_in_any_case_and_beside_others() {
        for (offered, switched, is_one) in [
            ("websocket", "websocket", true),
            ("WebSocket", "websocket", true),
            ("foo/1, websocket", "websocket", true),
            ("websocket", "h2c", false),
            ("websocket", "websocket, h2c", false),
        ] {
            assert_eq!(
                offers(&value(offered), &value(switched)),
                is_one,
                "{offered}"
            );
        }
    }

    fn value(text: &'static str) -> HeaderValue {
        HeaderValue::from_static(text)
    }

    #[test]
    fn a_length_is_one_field_of_digits() {
        for (values, length) in [
            (&["5"][..], Some(5)),
            (&["0"], Some(0)),
            (&[], None),
            (&["+5"], None),
            (&["-1"], None),
            (&["5 5"], None),
            (&["5, 5"], None),
            (&["5", "5"], None),
            (&[""], None),
            (&["99999999999999999999"], None),
        ] {
            let mut headers = HeaderMap::new();
            for length in values {
                headers.append(header::CONTENT_LENGTH, value(length));
            }
            assert_eq!(Length::of(&headers).known(), length, "{values:?}");
        }
    }

    #[test]
    fn tags_locations_cookies_and_names_are_told_from_what_only_looks_like_them() {
        for (text, is_one) in [
            ("\"a\"", true),
            ("W/\"\"", true),
            ("w/\"a\"", false),
            ("a", false),
        ] {
            assert_eq!(is_entity_tag(&value(text)), is_one, "{text}");
        }
        for (text, is_one) in [
            ("/a", true),
            ("https://a", true),
            ("a", false),
            ("../a:b", false),
        ] {
            assert_eq!(is_location(&value(text)), is_one, "{text}");
        }
        for (text, is_one) in [
            ("a=1, b=2", true),
            ("a=1; Expires=Wed, 21 Oct 2015 07:28:00 GMT, b=2", true),
            ("a=1; Expires=Wed, 21 Oct 2015 07:28:00 GMT; Path=/", false),
            ("a=1,2", false),
        ] {
            assert_eq!(is_merged_cookie(&value(text)), is_one, "{text}");
        }
        for (name, is_one) in [
            ("localhost", true),
            ("::1", true),
            ("[::1]", true),
            ("example.org:80", false),
            ("", false),
            ("a/b", false),
        ] {
            assert_eq!(is_server_name(name), is_one, "{name}");
        }
    }
}
