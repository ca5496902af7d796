//! What a URL cannot hold as it is, escaped: [`path`] and [`query`].

use std::borrow::Cow;

use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, utf8_percent_encode};

/// What cannot stand in a path, whoever has written it. What could is left to the gateway.
const NOT_IN_PATH: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'<')
    .add(b'>')
    .add(b'?');

/// A `%` of a path that was decoded stands for itself.
const DECODED: &AsciiSet = &NOT_IN_PATH.add(b'%');

/// What cannot stand in a query. A `'` could, and a `?`.
const NOT_IN_QUERY: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'#').add(b'<').add(b'>');

const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// A path, with its escapes, or decoded.
pub(super) fn path(path: &str, is_decoded: bool) -> Cow<'_, str> {
    let set = if is_decoded { DECODED } else { NOT_IN_PATH };
    utf8_percent_encode(path, set).into()
}

/// A query, with its escapes.
pub(super) fn query(query: &str) -> String {
    let mut escaped = String::with_capacity(query.len());
    push_sent(&mut escaped, query);
    escaped
}

/// A query, made of parameters with their escapes, or decoded.
pub(super) fn parameters(pairs: &[(String, String)], is_decoded: bool) -> String {
    let push = if is_decoded { push_decoded } else { push_sent };
    let mut query = String::new();
    for (name, value) in pairs {
        if !query.is_empty() {
            query.push('&');
        }
        push(&mut query, name);
        query.push('=');
        push(&mut query, value);
    }
    query
}

/// What is not ASCII can stand in a query, and some clients send it.
fn push_sent(query: &mut String, text: &str) {
    for c in text.chars() {
        match c.is_ascii() {
            true => query.extend(utf8_percent_encode(
                c.encode_utf8(&mut [0; 4]),
                NOT_IN_QUERY,
            )),
            false => query.push(c),
        }
    }
}

fn push_decoded(query: &mut String, text: &str) {
    query.extend(utf8_percent_encode(text, RESERVED));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_with_its_escapes_stays_as_it_is() {
        for sent in [
            "/a%20b%2Fc//d/../e;p=1/%C3%A9",
            "/%",
            "/a|b^c",
            "//x",
            "/\\",
        ] {
            assert_eq!(path(sent, false), sent);
        }
        assert_eq!(path("/a b?c#d\u{e9}\n", false), "/a%20b%3Fc%23d%C3%A9%0A");
    }

    #[test]
    fn a_decoded_path_is_not_decoded_again() {
        assert_eq!(path("/100%/%41", true), "/100%25/%2541");
    }

    #[test]
    fn parameters_keep_their_order_and_their_bytes() {
        let pairs = [("b", "1 &=+%"), ("a", "\u{e9}"), ("b", "")];
        let pairs = pairs.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(parameters(&pairs, true), "b=1%20%26%3D%2B%25&a=%C3%A9&b=");
        let sent = [("b%5B".to_owned(), "1+2%20 ".to_owned())];
        assert_eq!(parameters(&sent, false), "b%5B=1+2%20%20");
        assert_eq!(query("a=b c&d='?\u{e9}"), "a=b%20c&d='?\u{e9}");
    }
}
