//! The forms of an error: problem+json (RFC 9457), HTML, plain text.

use std::fmt::Write;

use http::{HeaderValue, StatusCode};

use crate::field::accept;

/// A form in which an error can be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Plain,
    Json,
    Html,
}

impl Form {
    /// What `accept` prefers.
    ///
    /// Plain text, where nothing is said or all is the same (`*/*`): who sends that is mostly a
    /// person with a terminal or a program that reads the status alone, and a client that wants
    /// JSON or HTML says so. Plain text as well where none of the forms is acceptable: an error in
    /// the wrong form is better than none (RFC 9110, section 12.4.1).
    pub(crate) fn preferred(accept: Option<&HeaderValue>) -> Form {
        let accept = accept.and_then(|value| value.to_str().ok()).unwrap_or("");
        let offers = [
            "text/plain",
            "application/problem+json",
            "application/json",
            "text/html",
        ];
        match accept::prefer(accept, &offers) {
            Some(1 | 2) => Form::Json,
            Some(3) => Form::Html,
            _ => Form::Plain,
        }
    }

    pub(crate) const fn media_type(self) -> &'static str {
        match self {
            Form::Plain => "text/plain; charset=utf-8",
            Form::Json => "application/problem+json",
            Form::Html => "text/html; charset=utf-8",
        }
    }

    /// Writes an error in this form.
    pub(super) fn write(self, status: StatusCode, detail: &str) -> String {
        let title = status.canonical_reason().unwrap_or("Error");
        match self {
            Form::Plain if detail.is_empty() => format!("{title}\n"),
            Form::Plain => format!("{title}: {detail}\n"),
            Form::Json => json(status, title, detail),
            Form::Html => html(status, title, detail),
        }
    }
}

/// Without a `type`, which then is `about:blank`: the title is that of the status.
fn json(status: StatusCode, title: &str, detail: &str) -> String {
    let mut text = format!(r#"{{"title":"{title}","status":{}"#, status.as_u16());
    if !detail.is_empty() {
        text.push_str(r#","detail":""#);
        for c in detail.chars() {
            match c {
                '"' | '\\' => text.extend(['\\', c]),
                // A string takes what is written to it.
                c if c.is_control() => _ = write!(text, "\\u{:04x}", u32::from(c)),
                c => text.push(c),
            }
        }
        text.push('"');
    }
    text.push_str("}\n");
    text
}

fn html(status: StatusCode, title: &str, detail: &str) -> String {
    let heading = format!("{} {title}", status.as_u16());
    let mut text = format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <title>{heading}</title>\n<h1>{heading}</h1>\n"
    );
    if !detail.is_empty() {
        text.push_str("<p>");
        for c in detail.chars() {
            match c {
                '&' => text.push_str("&amp;"),
                '<' => text.push_str("&lt;"),
                '>' => text.push_str("&gt;"),
                '"' => text.push_str("&quot;"),
                '\'' => text.push_str("&#39;"),
                c => text.push(c),
            }
        }
        text.push_str("</p>\n");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOSTILE: &str = "</p><script>\"x\" & 'y'\u{0}\n\\";

    #[test]
    fn a_detail_cannot_leave_its_place() {
        let html = Form::Html.write(StatusCode::BAD_REQUEST, HOSTILE);
        assert!(
            html.contains("<p>&lt;/p&gt;&lt;script&gt;&quot;x&quot; &amp; &#39;y&#39;\0\n\\</p>"),
            "{html}"
        );
        assert_eq!(
            Form::Json.write(StatusCode::BAD_REQUEST, HOSTILE),
            concat!(
                r#"{"title":"Bad Request","status":400,"#,
                r#""detail":"</p><script>\"x\" & 'y'\u0000\u000a\\"}"#,
                "\n"
            )
        );
    }

    #[cfg(feature = "json")]
    #[test]
    fn the_json_form_is_json() {
        let text = Form::Json.write(StatusCode::BAD_REQUEST, HOSTILE);
        let value: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(value["detail"], HOSTILE);
        assert_eq!(value["status"], 400);
        assert!(value.get("type").is_none());
    }

    #[test]
    fn each_client_gets_the_form_that_it_reads() {
        for (accept, form) in [
            (None, Form::Plain),
            (Some("*/*"), Form::Plain),
            (Some("image/png"), Form::Plain),
            (Some("\u{ff}"), Form::Plain),
            (Some("application/json"), Form::Json),
            (Some("application/problem+json"), Form::Json),
            (Some("application/json, text/plain, */*"), Form::Json),
            (
                Some("text/html,application/xml;q=0.9,*/*;q=0.8"),
                Form::Html,
            ),
            (Some("text/html;q=0.1, application/json;q=0.2"), Form::Json),
        ] {
            let value = accept.map(|text| HeaderValue::from_bytes(text.as_bytes()).expect("one"));
            assert_eq!(Form::preferred(value.as_ref()), form, "{accept:?}");
        }
    }

    #[test]
    fn an_error_without_a_message_says_its_status() {
        let status = StatusCode::NOT_FOUND;
        assert_eq!(Form::Plain.write(status, ""), "Not Found\n");
        assert_eq!(
            Form::Json.write(status, ""),
            "{\"title\":\"Not Found\",\"status\":404}\n"
        );
        assert!(
            Form::Html
                .write(status, "")
                .contains("<h1>404 Not Found</h1>")
        );
    }
}
