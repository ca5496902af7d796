//! Splitting what may hold quoted strings (RFC 9110, section 5.6.4).

/// The pieces of `text` between `separator`s, of which those in a quoted string do not count,
/// without the blanks around them. A quotation without an end lasts to the end.
pub(super) fn split(text: &str, separator: u8) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let (piece, left) = match end_of_piece(text, separator) {
            Some(end) => (&text[..end], Some(&text[end + 1..])),
            None => (text, None),
        };
        rest = left;
        Some(piece.trim_matches([' ', '\t']))
    })
}

fn end_of_piece(text: &str, separator: u8) -> Option<usize> {
    let (mut quoted, mut escaped) = (false, false);
    // Separators are ASCII, so they stand between characters.
    text.bytes().position(|byte| {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            _ if byte == separator && !quoted => return true,
            _ => {}
        }
        false
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_separator_in_quotes_does_not_separate() {
        for (text, pieces) in [
            ("", vec![""]),
            (",", vec!["", ""]),
            (" a ,\tb", vec!["a", "b"]),
            (r#"a;b=",",c"#, vec![r#"a;b=",""#, "c"]),
            (r#""\",",c"#, vec![r#""\",""#, "c"]),
            (r#"a,"b,c"#, vec!["a", r#""b,c"#]),
            (r#"a,"b\"#, vec!["a", r#""b\"#]),
            (r"a\,b", vec![r"a\", "b"]),
            ("ü,ö", vec!["ü", "ö"]),
        ] {
            assert_eq!(split(text, b',').collect::<Vec<_>>(), pieces, "{text:?}");
        }
    }
}
