//! The forms of an error: problem+json (RFC 9457), HTML, plain text.

use http::{HeaderValue, StatusCode};

/// Media type and text of an error, in the form that `accept` prefers.
pub(super) fn render(
    _accept: Option<&HeaderValue>,
    status: StatusCode,
    detail: &str,
) -> (&'static str, String) {
    let title = status.canonical_reason().unwrap_or("Error");
    let text = if detail.is_empty() {
        format!("{title}\n")
    } else {
        format!("{title}: {detail}\n")
    };
    ("text/plain; charset=utf-8", text)
}
