//! Heads that are none, and those that could be read in two ways.

use crate::{Case, Feature, Framing, failure::that};

pub(super) fn cases() -> Vec<Case> {
    let mut cases = refused();
    cases.push(
        Case::new("a-malformed-chunk-is-no-end", &["H22"])
            .needs(&[Feature::RawHead])
            .check(async |trial| {
                let mut ask = trial.post("/").framing(Framing::Raw);
                ask.raw_head = Some(head(&ask, "POST", "transfer-encoding: chunked\r\n"));
                let answer = trial.send(ask.send("5\r\nhello\r\nzz\r\n\r\n")).await;
                let text = answer.text();
                that(
                    answer.status != 200 || text.contains("\"broken\":\""),
                    "an error, for the client or for the app",
                    answer.to_string(),
                )
            }),
    );
    cases
}

/// Each with a method, and lines in place of those of the framing.
fn refused() -> Vec<Case> {
    [
        ("a-method-that-is-none-is-refused", "GE(T", ""),
        ("a-name-with-a-space-is-refused", "GET", "x-a : 1\r\n"),
        ("a-name-that-is-none-is-refused", "GET", "x(a: 1\r\n"),
        (
            "a-control-character-in-a-value-is-refused",
            "GET",
            "x-a: 1\x002\r\n",
        ),
        ("a-line-that-is-no-field-is-refused", "GET", "no field\r\n"),
        (
            "a-negative-length-is-refused",
            "POST",
            "content-length: -1\r\n",
        ),
        (
            "a-length-with-a-sign-is-refused",
            "POST",
            "content-length: +5\r\n",
        ),
        (
            "two-lengths-are-refused",
            "POST",
            "content-length: 5\r\ncontent-length: 6\r\n",
        ),
        (
            "a-length-of-two-numbers-is-refused",
            "POST",
            "content-length: 5 5\r\n",
        ),
        (
            "a-length-beyond-all-is-refused",
            "POST",
            "content-length: 99999999999999999999\r\n",
        ),
        (
            "a-coding-that-does-not-end-is-refused",
            "POST",
            "transfer-encoding: gzip\r\n",
        ),
    ]
    .into_iter()
    .map(|(name, method, lines)| {
        Case::new(name, &["H2", "H15", "H37"])
            .needs(&[Feature::RawHead])
            .check(async move |trial| {
                let mut ask = trial.ask(method, "/").framing(Framing::Raw);
                ask.raw_head = Some(head(&ask, method, lines));
                let answer = trial.send(ask.send("hello")).await;
                // 501 is for a coding that is not known (RFC 9112, section 6.1).
                that(
                    matches!(answer.status, 400 | 501),
                    "status 400",
                    answer.to_string(),
                )
            })
    })
    .collect()
}

fn head(ask: &crate::Ask, method: &str, lines: &str) -> Vec<u8> {
    let target = &ask.target;
    let id = &ask.id;
    format!("{method} {target} HTTP/1.1\r\nhost: localhost\r\nx-exchange: {id}\r\n{lines}\r\n")
        .into_bytes()
}
