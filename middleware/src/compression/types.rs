//! Which media types are worth compressing: [`Types`].

use http::HeaderValue;

/// Types beside `text/*`, `*+json` and `*+xml` that are not compressed by themselves.
const COMPRESSIBLE: &[&str] = &[
    "application/ecmascript",
    "application/graphql",
    "application/javascript",
    "application/json",
    "application/json-seq",
    "application/jsonl",
    "application/ndjson",
    "application/rtf",
    "application/sql",
    "application/toml",
    "application/vnd.ms-fontobject",
    "application/wasm",
    "application/x-font-ttf",
    "application/x-javascript",
    "application/x-ndjson",
    "application/x-sh",
    "application/x-yaml",
    "application/xml",
    "application/yaml",
    "font/collection",
    "font/otf",
    "font/sfnt",
    "font/ttf",
    "image/bmp",
    "image/vnd.microsoft.icon",
    "image/x-icon",
];

/// The media types whose bodies are compressed: those above, and those that a user adds, without
/// those that a user takes away.
#[derive(Debug, Clone, Default)]
pub(super) struct Types {
    added: Vec<String>,
    removed: Vec<String>,
}

impl Types {
    pub(super) fn add(&mut self, pattern: &str) {
        self.added.push(checked(pattern));
    }

    pub(super) fn remove(&mut self, pattern: &str) {
        self.removed.push(checked(pattern));
    }

    pub(super) fn includes(&self, content_type: &HeaderValue) -> bool {
        let value = content_type.as_bytes();
        let end = value
            .iter()
            .position(|byte| *byte == b';')
            .unwrap_or(value.len());
        let essence = value[..end].trim_ascii();
        let any = |patterns: &[String]| patterns.iter().any(|pattern| matches(pattern, essence));
        (is_compressible(essence) || any(&self.added)) && !any(&self.removed)
    }
}

fn is_compressible(essence: &[u8]) -> bool {
    starts_with(essence, b"text/")
        || ends_with(essence, b"+json")
        || ends_with(essence, b"+xml")
        || COMPRESSIBLE
            .iter()
            .any(|known| known.as_bytes().eq_ignore_ascii_case(essence))
}

fn matches(pattern: &str, essence: &[u8]) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => starts_with(essence, start.as_bytes()),
        None => essence.eq_ignore_ascii_case(pattern.as_bytes()),
    }
}

fn starts_with(essence: &[u8], start: &[u8]) -> bool {
    essence
        .get(..start.len())
        .is_some_and(|head| head.eq_ignore_ascii_case(start))
}

fn ends_with(essence: &[u8], end: &[u8]) -> bool {
    let start = essence.len().checked_sub(end.len());
    start.is_some_and(|start| essence[start..].eq_ignore_ascii_case(end))
}

#[track_caller]
fn checked(pattern: &str) -> String {
    let is_name = |name: &str| !name.is_empty() && !name.contains(['*', '/', ';', ' ']);
    let valid = pattern
        .split_once('/')
        .is_some_and(|(kind, name)| is_name(kind) && (name == "*" || is_name(name)));
    assert!(valid, "{pattern:?} is neither `type/name` nor `type/*`");
    pattern.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn includes(types: &Types, content_type: &'static str) -> bool {
        types.includes(&HeaderValue::from_static(content_type))
    }

    #[test]
    fn text_is_compressed_and_what_is_compressed_already_is_not() {
        for (content_type, compressible) in [
            ("text/html; charset=utf-8", true),
            ("Text/HTML", true),
            ("text/event-stream", true),
            ("text/css ;charset=x", true),
            ("application/json", true),
            ("application/problem+json", true),
            ("image/svg+xml", true),
            ("application/wasm", true),
            ("font/ttf", true),
            ("font/woff2", false),
            ("image/png", false),
            ("video/mp4", false),
            ("application/zip", false),
            ("application/grpc", false),
            ("application/octet-stream", false),
            ("multipart/byteranges; boundary=x", false),
            ("application/jsonp-not", false),
            ("image/png; x=text/html", false),
            ("text", false),
            ("+json", true),
            ("", false),
        ] {
            assert_eq!(
                includes(&Types::default(), content_type),
                compressible,
                "{content_type}"
            );
        }
    }

    #[test]
    fn types_are_added_and_taken_away() {
        let mut types = Types::default();
        types.add("application/vnd.acme");
        types.add("model/*");
        types.remove("text/event-stream");
        for (content_type, included) in [
            ("application/vnd.acme", true),
            ("application/vnd.acme.more", false),
            ("Model/obj", true),
            ("text/event-stream;charset=utf-8", false),
            ("text/plain", true),
        ] {
            assert_eq!(includes(&types, content_type), included, "{content_type}");
        }
    }

    #[test]
    fn a_pattern_that_is_no_media_type_is_refused() {
        for pattern in [
            "",
            "text",
            "text/",
            "/plain",
            "*/*",
            "text/p*",
            "a/b/c",
            "text/plain;x",
        ] {
            assert!(
                std::panic::catch_unwind(|| checked(pattern)).is_err(),
                "{pattern:?}"
            );
        }
    }
}
