//! Adding to `Vary` (RFC 9110, section 12.5.5).

use http::{HeaderMap, HeaderName, HeaderValue, header};

/// Says that the response depends on the request's field `name`, if that is not said already.
pub(crate) fn add(headers: &mut HeaderMap, name: &'static HeaderName) {
    let said = headers
        .get_all(header::VARY)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .any(|said| said == "*" || said.eq_ignore_ascii_case(name.as_str()));
    if !said {
        headers.append(header::VARY, HeaderValue::from_static(name.as_str()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_named_once() {
        for (before, after) in [
            (vec![], vec!["accept"]),
            (vec!["origin"], vec!["origin", "accept"]),
            (vec!["origin, Accept"], vec!["origin, Accept"]),
            (vec!["accept-encoding"], vec!["accept-encoding", "accept"]),
            (vec!["x", "*"], vec!["x", "*"]),
        ] {
            let mut headers = HeaderMap::new();
            for value in before {
                headers.append(header::VARY, HeaderValue::from_static(value));
            }
            add(&mut headers, &header::ACCEPT);
            let values: Vec<_> = headers.get_all(header::VARY).iter().collect();
            assert_eq!(values, after);
        }
    }
}
