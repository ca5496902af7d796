//! What a body is: `Content-Type` (RFC 9110, section 8.3).

use http::{HeaderMap, header};

use super::quoted;

/// `application/json; charset=utf-8`
#[derive(Clone, Copy, Debug)]
pub(crate) struct MediaType<'a> {
    /// `application/json`
    essence: &'a str,
    parameters: &'a str,
}

impl<'a> MediaType<'a> {
    /// That of a message; `None` where there is none, more than one, or no text.
    pub(crate) fn of(headers: &'a HeaderMap) -> Option<MediaType<'a>> {
        let mut fields = headers.get_all(header::CONTENT_TYPE).iter();
        let text = fields.next()?.to_str().ok()?;
        if fields.next().is_some() {
            return None;
        }
        let (essence, parameters) = text.split_once(';').unwrap_or((text, ""));
        Some(MediaType {
            essence: essence.trim_matches([' ', '\t']),
            parameters,
        })
    }

    pub(crate) const fn essence(&self) -> &'a str {
        self.essence
    }

    #[cfg(any(test, feature = "form", feature = "json", feature = "multipart"))]
    pub(crate) const fn is(&self, essence: &str) -> bool {
        self.essence.eq_ignore_ascii_case(essence)
    }

    /// `application/json`, or a type with the suffix of RFC 6839, such as
    /// `application/problem+json`.
    #[cfg(feature = "json")]
    pub(crate) fn is_json(&self) -> bool {
        let suffix = self
            .essence
            .rsplit_once('+')
            .map_or("", |(_, suffix)| suffix);
        self.is("application/json") || suffix.eq_ignore_ascii_case("json")
    }

    /// Whether its text is UTF-8 as far as it says: ASCII is, and so is what says nothing.
    pub(crate) fn is_utf8(&self) -> bool {
        quoted::split(self.parameters, b';')
            .filter_map(|parameter| parameter.split_once('='))
            .filter(|(name, _)| name.trim().eq_ignore_ascii_case("charset"))
            .map(|(_, value)| value.trim().trim_matches('"'))
            .all(|charset| {
                ["utf-8", "utf8", "us-ascii"]
                    .iter()
                    .any(|utf8| charset.eq_ignore_ascii_case(utf8))
            })
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn headers(values: &[&'static str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(header::CONTENT_TYPE, HeaderValue::from_static(value));
        }
        headers
    }

    #[test]
    fn one_field_says_it_and_two_say_nothing() {
        assert!(MediaType::of(&headers(&[])).is_none());
        assert!(MediaType::of(&headers(&["text/plain", "application/json"])).is_none());
        for text in [
            "Text/Plain",
            "text/plain ;charset=x",
            "text/plain;a=\"b;c\"",
        ] {
            let headers = headers(&[text]);
            assert!(
                MediaType::of(&headers).is_some_and(|m| m.is("text/plain")),
                "{text}"
            );
        }
    }

    #[cfg(feature = "json")]
    #[test]
    fn json_is_known_by_its_name_or_its_suffix_and_not_by_a_part_of_them() {
        for (text, json) in [
            ("application/json", true),
            ("Application/JSON; charset=utf-8", true),
            ("application/problem+json", true),
            ("application/jsonp", false),
            ("application/json+xml", false),
            ("text/plain; a=application/json", false),
            ("text/plain; a=\"+json", false),
            ("text/json", false),
        ] {
            let headers = headers(&[text]);
            let media_type = MediaType::of(&headers).expect("one field");
            assert_eq!(media_type.is_json(), json, "{text}");
        }
    }

    #[test]
    fn another_charset_is_not_taken_for_utf_8() {
        for (text, utf8) in [
            ("text/plain", true),
            ("text/plain; charset=UTF-8", true),
            ("text/plain; Charset=\"utf-8\"; x=y", true),
            ("text/plain; charset=iso-8859-1", false),
            ("text/plain; x=\";charset=utf-16\"", true),
            ("text/plain; charset=utf-8; charset=utf-16", false),
        ] {
            let headers = headers(&[text]);
            let media_type = MediaType::of(&headers).expect("one field");
            assert_eq!(media_type.is_utf8(), utf8, "{text}");
        }
    }
}
