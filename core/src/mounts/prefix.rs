//! Whether a prefix could ever match a canonical path.

use std::borrow::Cow;

use crate::PathPolicy;

/// The prefix that is meant, empty for `/`, or what is wrong with it.
pub(crate) fn checked_prefix(prefix: &str) -> Result<&str, String> {
    if prefix == "/" {
        return Ok("");
    }
    if !prefix.starts_with('/') {
        return Err(format!("a prefix begins with `/`: write `/{prefix}`"));
    }
    if prefix.contains(['{', '}']) {
        return Err("a mount has no parameters, only routes have".into());
    }
    if prefix.contains(['?', '#']) {
        return Err("a prefix is a path, without query and fragment".into());
    }
    if prefix.contains("//") {
        return Err("an empty segment is never part of a mount: write one `/`".into());
    }
    if let Some(without) = prefix.strip_suffix('/') {
        return Err(format!("a prefix does not end in `/`: write `{without}`"));
    }
    match PathPolicy::Canonical.apply(prefix) {
        Ok(Cow::Borrowed(_)) => Ok(prefix),
        Ok(Cow::Owned(canonical)) => Err(format!("no path is spelled so: write `{canonical}`")),
        Err(reason) => Err(reason.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_never_match_is_refused_and_the_message_says_what_to_write() {
        for (prefix, says) in [
            ("", "`/`"),
            ("api", "write `/api`"),
            ("/api/", "write `/api`"),
            ("//", "one `/`"),
            ("/a//b", "one `/`"),
            ("/a/../b", "write `/b`"),
            ("/..", "too high"),
            ("/%7euser", "write `/~user`"),
            ("/caf%c3%a9", "write `/caf%C3%A9`"),
            ("/café", "write `/caf%C3%A9`"),
            ("/a\\b", "backslash"),
            ("/a%zz", "hexadecimal"),
            ("/users/{id}", "parameters"),
            ("/a?b", "query"),
        ] {
            let message = checked_prefix(prefix).expect_err(prefix);
            assert!(message.contains(says), "{prefix}: {message}");
        }
    }

    #[test]
    fn what_can_match_passes_and_the_root_is_empty() {
        for prefix in ["/api", "/a/b.c", "/caf%C3%A9", "/a%2Fb", "/.well-known"] {
            assert_eq!(checked_prefix(prefix), Ok(prefix));
        }
        assert_eq!(checked_prefix("/"), Ok(""));
    }
}
