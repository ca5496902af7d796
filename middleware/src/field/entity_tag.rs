//! Entity tags (RFC 9110, section 8.8.3).

use http::{HeaderMap, HeaderValue, header};

/// Makes a strong `ETag` weak: what it names is no longer the same byte for byte. Takes a
/// malformed one away, since nobody can say what it names.
pub(crate) fn weaken(headers: &mut HeaderMap) {
    let Some(tag) = headers.get(header::ETAG) else {
        return;
    };
    match weakened(tag) {
        Some(weak) => headers.insert(header::ETAG, weak),
        None => headers.remove(header::ETAG),
    };
}

/// The weak form of a tag, where it is one.
pub(crate) fn weakened(tag: &HeaderValue) -> Option<HeaderValue> {
    let (first, rest) = read(tag.as_bytes())?;
    match (first.weak, rest) {
        (_, [_, ..]) => None,
        (true, []) => Some(tag.clone()),
        (false, []) => HeaderValue::from_bytes(&[b"W/", tag.as_bytes()].concat()).ok(),
    }
}

/// Whether a line of `If-None-Match` lists `tag` in exactly this form, weak or strong.
pub(crate) fn lists(line: &HeaderValue, tag: &HeaderValue) -> bool {
    let Some((wanted, [])) = read(tag.as_bytes()) else {
        return false;
    };
    let mut rest = line.as_bytes();
    loop {
        while let [b' ' | b'\t' | b',', tail @ ..] = rest {
            rest = tail;
        }
        match read(rest) {
            Some((found, _)) if found == wanted => return true,
            Some((_, tail)) => rest = tail,
            None => return false,
        }
    }
}

#[derive(PartialEq, Eq)]
struct Tag<'a> {
    weak: bool,
    opaque: &'a [u8],
}

/// Reads the tag that `bytes` begin with. A backslash in it means itself.
fn read(bytes: &[u8]) -> Option<(Tag<'_>, &[u8])> {
    let (weak, quoted) = match bytes.strip_prefix(b"W/") {
        Some(quoted) => (true, quoted),
        None => (false, bytes),
    };
    let text = quoted.strip_prefix(b"\"")?;
    let end = text.iter().position(|byte| *byte == b'"')?;
    let opaque = &text[..end];
    Some((Tag { weak, opaque }, &text[end + 1..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn value(text: &'static str) -> HeaderValue {
        HeaderValue::from_static(text)
    }

    #[test]
    fn a_strong_tag_becomes_weak_and_a_malformed_one_none() {
        for (tag, weak) in [
            (r#""a,b""#, Some(r#"W/"a,b""#)),
            (r#""""#, Some(r#"W/"""#)),
            (r#"W/"a""#, Some(r#"W/"a""#)),
            (r#""a\""#, Some(r#"W/"a\""#)),
            ("abc", None),
            (r#"w/"a""#, None),
            (r#""a" "#, None),
            (r#""a"#, None),
            ("W/", None),
        ] {
            assert_eq!(weakened(&value(tag)), weak.map(value), "{tag}");
        }
    }

    #[test]
    fn a_tag_is_found_in_a_list_in_its_own_form_only() {
        let weak = value(r#"W/"a""#);
        for (line, found) in [
            (r#"W/"a""#, true),
            (r#""x,y", W/"b" ,,W/"a""#, true),
            (r#""a""#, false),
            (r#""xW/"a"#, false),
            ("*", false),
            ("", false),
            (r#"nonsense, W/"a""#, false),
        ] {
            assert_eq!(lists(&value(line), &weak), found, "{line}");
        }
        assert!(!lists(&value("a"), &value("a")));
    }
}
