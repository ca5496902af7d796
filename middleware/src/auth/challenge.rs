//! The challenge of a refusal: the value of `WWW-Authenticate`.

use http::HeaderValue;

/// `scheme realm="..", parameters`, see [RFC 9110, section 11.6.1].
///
/// # Panics
///
/// If the realm is not printable ASCII, so that constructors that take a realm panic, not requests.
///
/// [RFC 9110, section 11.6.1]: https://www.rfc-editor.org/rfc/rfc9110#section-11.6.1
#[track_caller]
pub(crate) fn challenge(scheme: &str, realm: &str, parameters: &str) -> HeaderValue {
    assert!(
        realm.bytes().all(|byte| matches!(byte, b' '..=b'~')),
        "a realm is printable ASCII"
    );
    let realm = realm.replace('\\', r"\\").replace('"', "\\\"");
    HeaderValue::try_from(format!("{scheme} realm=\"{realm}\"{parameters}"))
        .expect("printable ASCII is a field value")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_in_a_realm_cannot_end_it() {
        assert_eq!(
            challenge("Basic", r#"a", error="\"#, ""),
            r#"Basic realm="a\", error=\"\\""#
        );
    }

    #[test]
    #[should_panic(expected = "a realm is printable ASCII")]
    fn a_realm_with_a_line_break_is_refused_when_it_is_set() {
        let _ = challenge("Basic", "a\r\nset-cookie: b", "");
    }
}
