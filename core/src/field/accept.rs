//! Which of several media types a client prefers: `Accept` (RFC 9110, section 12.5.1).

use std::cmp::Reverse;

use http::{HeaderMap, HeaderValue, header};

use super::quoted;

/// More members than this are not looked at; a browser sends about eight.
const MOST_MEMBERS: usize = 64;

/// All `Accept` fields as one value; no copy where there is one. `None` where the client takes
/// anything, and says so or says nothing.
pub(crate) fn of(headers: &HeaderMap) -> Option<HeaderValue> {
    let mut fields = headers.get_all(header::ACCEPT).iter();
    let first = fields.next()?;
    let Some(second) = fields.next() else {
        return (first != "*/*").then(|| first.clone());
    };
    let mut all = first.as_bytes().to_vec();
    for field in std::iter::once(second).chain(fields) {
        all.extend_from_slice(b", ");
        all.extend_from_slice(field.as_bytes());
    }
    HeaderValue::from_bytes(&all).ok()
}

/// The position of the offer that `accept` prefers; `None` where it takes none of them.
///
/// The highest weight wins; then the offer that was named more precisely; then the one that the
/// client named first; then the first offer. Parameters other than the weight are not looked at,
/// and a member that is malformed is as good as absent.
pub(crate) fn prefer(accept: &str, offers: &[&str]) -> Option<usize> {
    let ranges: Vec<MediaRange<'_>> = quoted::split(accept, b',')
        .take(MOST_MEMBERS)
        .filter_map(MediaRange::parse)
        .collect();
    let rank = |offer: &str| {
        let matching = ranges.iter().enumerate().filter_map(|(position, range)| {
            let precision = range.precision(offer)?;
            Some((precision, range.weight, Reverse(position)))
        });
        // What is said most precisely of an offer holds: `text/*;q=0` does not, beside `text/html`.
        matching.max().filter(|(_, weight, _)| *weight > 0)
    };
    let ranked = offers.iter().enumerate().filter_map(|(index, offer)| {
        let (precision, weight, position) = rank(offer)?;
        Some((weight, precision, position, Reverse(index)))
    });
    ranked.max().map(|(.., Reverse(index))| index)
}

/// `text/html;q=0.8`
struct MediaRange<'a> {
    kind: &'a str,
    subtype: &'a str,
    /// In thousandths.
    weight: u16,
}

impl<'a> MediaRange<'a> {
    fn parse(member: &'a str) -> Option<MediaRange<'a>> {
        let mut pieces = quoted::split(member, b';');
        let (kind, subtype) = pieces.next()?.split_once('/')?;
        if !is_token(kind) || !is_token(subtype) || (kind == "*" && subtype != "*") {
            return None;
        }
        let mut weight = 1000;
        for parameter in pieces {
            if let Some((name, value)) = parameter.split_once('=')
                && name.eq_ignore_ascii_case("q")
            {
                weight = parse_weight(value)?;
            }
        }
        Some(MediaRange {
            kind,
            subtype,
            weight,
        })
    }

    /// How precisely `offer` is named: not at all, by `*/*` (0), by `text/*` (1), wholly (2).
    fn precision(&self, offer: &str) -> Option<u8> {
        let (kind, subtype) = offer.split_once('/')?;
        if self.kind == "*" {
            return Some(0);
        }
        if !self.kind.eq_ignore_ascii_case(kind) {
            return None;
        }
        match self.subtype {
            "*" => Some(1),
            named => named.eq_ignore_ascii_case(subtype).then_some(2),
        }
    }
}

/// RFC 9110, section 12.4.2: `0`, `0.5`, `1.000`; at most three digits behind the point.
fn parse_weight(text: &str) -> Option<u16> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if fraction.len() > 3 || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let thousandths = format!("{fraction:0<3}").parse().ok()?;
    match (whole, thousandths) {
        ("0", thousandths) => Some(thousandths),
        ("1", 0) => Some(1000),
        _ => None,
    }
}

fn is_token(text: &str) -> bool {
    let is_tchar = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(is_tchar)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OFFERS: [&str; 3] = ["text/plain", "application/json", "text/html"];

    fn preferred(accept: &str) -> Option<&'static str> {
        prefer(accept, &OFFERS).map(|index| OFFERS[index])
    }

    #[test]
    fn what_is_malformed_is_as_good_as_absent() {
        for accept in [
            "",
            ",,,",
            ";q=1",
            "text",
            "/",
            "text/",
            "*/html",
            "text/html;q=2",
            "text/html;q=0.1234",
            "text/html;q=-1",
            "text/html;q=",
            "text/html;q=1.5",
            "text/html;q=+0.5",
            "te xt/html",
            "text/html/x",
        ] {
            assert_eq!(preferred(accept), None, "{accept:?}");
        }
        assert_eq!(
            preferred("text/html;q=x, text/plain;q=0.1"),
            Some("text/plain")
        );
    }

    #[test]
    fn the_highest_weight_wins_then_precision_then_what_the_client_named_first() {
        for (accept, expected) in [
            ("*/*", Some("text/plain")),
            ("text/*", Some("text/plain")),
            ("application/*", Some("application/json")),
            ("TEXT/HTML", Some("text/html")),
            (
                "text/html;q=0.9, application/json;q=0.901",
                Some("application/json"),
            ),
            (
                "application/json, text/plain, */*",
                Some("application/json"),
            ),
            (
                "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
                Some("text/html"),
            ),
            ("*/*, text/html", Some("text/html")),
            ("text/html;q=0, text/*", Some("text/plain")),
            ("text/*;q=0, text/html", Some("text/html")),
            ("*/*;q=0", None),
            ("text/plain;q=0, */*", Some("application/json")),
            ("image/png", None),
            (
                "text/html;level=\"1,2;q=0\";Q=0.5 , text/plain ; q=0.4",
                Some("text/html"),
            ),
            ("text/html;q=0., text/plain;q=0.001", Some("text/plain")),
        ] {
            assert_eq!(preferred(accept), expected, "{accept:?}");
        }
    }

    #[test]
    fn several_fields_are_one_and_a_long_one_is_cut() {
        let mut headers = HeaderMap::new();
        assert_eq!(of(&headers), None);
        headers.append("accept", HeaderValue::from_static("text/html;q=0.5"));
        headers.append("accept", HeaderValue::from_static("text/plain;q=0.6"));
        assert_eq!(
            of(&headers).expect("two fields"),
            "text/html;q=0.5, text/plain;q=0.6"
        );

        let long = format!("{}text/html", "image/png,".repeat(MOST_MEMBERS));
        assert_eq!(preferred(&long), None);
    }

    proptest::proptest! {
        #[test]
        fn whatever_is_sent_an_offer_that_is_refused_is_not_preferred(
            members in proptest::collection::vec("[a-z*/;=q0-9. \",\\\\]{0,20}", 0..8),
        ) {
            let accept = members.join(",") + ",text/html;q=0,text/plain;q=0.001";
            let preferred = preferred(&accept);
            // A quotation that has no end swallows what stands behind it.
            if !accept.contains('"') {
                proptest::prop_assert_ne!(preferred, None);
                if !members.iter().any(|member| member.contains("text/html")) {
                    proptest::prop_assert_ne!(preferred, Some("text/html"));
                }
            }
        }
    }
}
