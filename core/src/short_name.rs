//! A type's name without the paths, for `Debug`.

/// `a::b::Gzip<c::D>` becomes `Gzip<D>`; a closure keeps the function that it stands in.
pub(crate) fn short_name(full: &'static str) -> String {
    let full = full.replace("::{{closure}}", "{closure}");
    let mut out = String::with_capacity(full.len());
    let mut word = String::new();
    for c in full.chars() {
        if c.is_alphanumeric() || matches!(c, '_' | '{' | '}') {
            word.push(c);
        } else if c == ':' {
            word.clear();
        } else {
            out.push_str(&word);
            word.clear();
            out.push(c);
        }
    }
    out + &word
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_go_and_parameters_stay() {
        for (full, short) in [
            (
                "alloc::vec::Vec<core::option::Option<u8>>",
                "Vec<Option<u8>>",
            ),
            ("site::main::{{closure}}", "main{closure}"),
            ("()", "()"),
            ("Plain", "Plain"),
        ] {
            assert_eq!(short_name(full), short);
        }
    }
}
