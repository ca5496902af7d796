//! The `Authorization` field ([RFC 9110, section 11.4]).
//!
//! [RFC 9110, section 11.4]: https://www.rfc-editor.org/rfc/rfc9110#section-11.4

use enfilade_core::Request;
use http::{HeaderMap, header::AUTHORIZATION};

/// An `Authorization` field that no client would send, and why: answered with 400.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Malformed(pub(crate) &'static str);

/// The credentials that `headers` offer for `scheme`, of at most `limit` bytes: a `token68`, which
/// is the one form that the schemes here have.
///
/// Nothing where there are none, or those of another scheme.
pub(crate) fn credentials<'a>(
    headers: &'a HeaderMap,
    scheme: &str,
    limit: usize,
) -> Result<Option<&'a str>, Malformed> {
    let mut fields = headers.get_all(AUTHORIZATION).iter();
    let Some(field) = fields.next() else {
        return Ok(None);
    };
    // Whoever reads the other one downstream would see another user.
    if fields.next().is_some() {
        return Err(Malformed("there is more than one Authorization field"));
    }
    let (offered, rest) = field.as_bytes().split_at(scheme.len().min(field.len()));
    let credentials = match rest {
        _ if !offered.eq_ignore_ascii_case(scheme.as_bytes()) => return Ok(None),
        [] => return Err(Malformed("the Authorization field has no credentials")),
        [b' ', rest @ ..] => without_spaces(rest),
        _ => return Ok(None),
    };
    if credentials.len() > limit {
        return Err(Malformed("the credentials are too long"));
    }
    match str::from_utf8(credentials) {
        Ok(credentials) if is_token68(credentials) => Ok(Some(credentials)),
        _ => Err(Malformed("the credentials are malformed")),
    }
}

/// What comes behind the spaces in front.
fn without_spaces(bytes: &[u8]) -> &[u8] {
    let spaces = bytes.iter().take_while(|&&byte| byte == b' ').count();
    &bytes[spaces..]
}

/// Keeps the credentials, of which there is one field, out of whatever prints the fields of
/// `request`. They stay there for the app, which may have to pass them on.
pub(crate) fn hide_credentials(request: &mut Request) {
    if let Some(field) = request.headers_mut().get_mut(AUTHORIZATION) {
        field.set_sensitive(true);
    }
}

/// `1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"="`
pub(crate) fn is_token68(text: &str) -> bool {
    let bytes = text.as_bytes();
    let Some(last) = bytes.iter().rposition(|&byte| byte != b'=') else {
        return false;
    };
    // All of them in any case: three instructions a byte, where stopping early takes seven.
    bytes[..=last]
        .iter()
        .fold(true, |good, &byte| good & IN_TOKEN68[usize::from(byte)])
}

const IN_TOKEN68: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        let character = byte as u8;
        table[byte] = character.is_ascii_alphanumeric()
            || matches!(character, b'-' | b'.' | b'_' | b'~' | b'+' | b'/');
        byte += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn read(fields: &[&[u8]]) -> Result<Option<String>, Malformed> {
        let mut headers = HeaderMap::new();
        for field in fields {
            let value = HeaderValue::from_bytes(field).expect("a field value");
            headers.append(AUTHORIZATION, value);
        }
        credentials(&headers, "Bearer", 16).map(|found| found.map(str::to_owned))
    }

    #[test]
    fn malformed_fields_are_refused() {
        for fields in [
            &[&b"Bearer abc"[..], b"Bearer abc"][..],
            &[b"Basic abc", b"Bearer abc"],
            &[b"Bearer"],
            &[b"Bearer "],
            &[b"Bearer ="],
            &[b"Bearer a b"],
            &[b"Bearer abc "],
            &[b"Bearer a=b"],
            &[b"Bearer abc, Basic abc"],
            &[b"Bearer \tabc"],
            &[b"Bearer \"abc\""],
            &[b"Bearer abc\xc3\xa9"],
            &[b"Bearer 12345678901234567"],
        ] {
            let printed: Vec<_> = fields
                .iter()
                .map(|f| f.escape_ascii().to_string())
                .collect();
            assert!(read(fields).is_err(), "{printed:?}");
        }
    }

    #[test]
    fn another_scheme_offers_nothing() {
        for field in [
            &b"Basic abc"[..],
            b"Bearerabc",
            b"Bearer\tabc",
            b"",
            b"Bear abc",
        ] {
            assert_eq!(read(&[field]), Ok(None), "{}", field.escape_ascii());
        }
        assert_eq!(read(&[]), Ok(None));
    }

    #[test]
    fn the_scheme_is_read_in_any_case_and_behind_it_come_spaces() {
        for field in [
            "Bearer a-._~+/Z9==",
            "bEARER a-._~+/Z9==",
            "Bearer   a-._~+/Z9==",
        ] {
            assert_eq!(read(&[field.as_bytes()]), Ok(Some("a-._~+/Z9==".into())));
        }
    }

    #[test]
    fn hidden_credentials_do_not_show_where_fields_are_printed() {
        let mut request = Request::default();
        let value = HeaderValue::from_static("Basic c2VjcmV0");
        request.headers_mut().insert(AUTHORIZATION, value);
        assert!(format!("{:?}", request.headers()).contains("c2VjcmV0"));
        hide_credentials(&mut request);
        assert!(!format!("{:?}", request.headers()).contains("c2VjcmV0"));
    }
}
