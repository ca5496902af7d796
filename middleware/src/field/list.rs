//! Comma-separated lists (RFC 9110, section 5.6.1).

/// The members of one line, without the white space around them and without the empty ones.
///
/// A comma inside a quoted string does not separate.
pub(super) fn members(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    let (mut quoted, mut escaped) = (false, false);
    line.split(move |byte| {
        if std::mem::take(&mut escaped) {
            return false;
        }
        match byte {
            b'\\' => escaped = quoted,
            b'"' => quoted = !quoted,
            b',' => return !quoted,
            _ => {}
        }
        false
    })
    .map(<[u8]>::trim_ascii)
    .filter(|member| !member.is_empty())
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_list_is_split_at_commas_that_are_not_quoted() {
        for (line, expected) in [
            ("", &[][..]),
            (" , ,,\t", &[]),
            ("a", &["a"]),
            (" a ,b,, c\t", &["a", "b", "c"]),
            (r#"a="x, y", b"#, &[r#"a="x, y""#, "b"]),
            (r#"a="x\", y", b"#, &[r#"a="x\", y""#, "b"]),
            (r"a\,b", &[r"a\", "b"]),
            (r#"a="never closed, b"#, &[r#"a="never closed, b"#]),
        ] {
            let members: Vec<_> = super::members(line.as_bytes()).collect();
            let expected: Vec<_> = expected.iter().map(|member| member.as_bytes()).collect();
            assert_eq!(members, expected, "{line:?}");
        }
    }
}
