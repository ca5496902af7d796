//! Tags, ranges, HEAD and conditions beside every coding.

use enfilade_core::{Body, Response, lint::Lint, testing};
use enfilade_middleware::{Coding, Compression};
use http::StatusCode;

use crate::{CODINGS, answer, blocks, bytes, decode, field, request, response, text};

const FIELDS: &[(&str, &str)] = &[
    ("accept-ranges", "bytes"),
    ("content-digest", "sha-256=:AA==:"),
    ("vary", "origin"),
];

/// A resource of `size` bytes with a tag, as a stream or in memory.
fn resource(size: usize, streamed: bool, tag: Option<&'static str>) -> Response {
    let body = if streamed {
        blocks([text(size)])
    } else {
        Body::from(text(size))
    };
    let mut response = response(body, FIELDS);
    response.headers_mut().insert("content-length", size.into());
    if let Some(tag) = tag {
        response
            .headers_mut()
            .insert("etag", tag.parse().expect("a tag"));
    }
    response
}

#[tokio::test]
async fn every_coding_mends_every_head() {
    let mut combinations = 0;
    for coding in CODINGS.map(Some).into_iter().chain([None]) {
        for (tag, weak) in [
            (None, None),
            (Some("\"a\""), Some("W/\"a\"")),
            (Some("W/\"a\""), Some("W/\"a\"")),
        ] {
            for method in ["GET", "HEAD"] {
                // Whole, streamed, and in memory but too large to be compressed before it goes out.
                for (size, streamed) in [(20_000, false), (20_000, true), (300_000, false)] {
                    combinations += 1;
                    let case = format!("{coding:?} {tag:?} {method} {size} {streamed}");
                    let accepted = coding.map_or("identity", Coding::as_str);
                    let asked = request(
                        method,
                        &[("accept-encoding", accepted), ("range", "bytes=0-9")],
                    );
                    let answered =
                        answer(Compression::new(), asked, || resource(size, streamed, tag)).await;

                    let encoded = coding.is_some();
                    let whole = encoded && size < 100_000 && !streamed;
                    assert_eq!(
                        field(&answered, "content-encoding"),
                        coding.map(Coding::as_str),
                        "{case}"
                    );
                    assert_eq!(
                        field(&answered, "vary"),
                        Some("origin, accept-encoding"),
                        "{case}"
                    );
                    assert_eq!(
                        field(&answered, "etag"),
                        if encoded { weak } else { tag },
                        "{case}"
                    );
                    assert_eq!(
                        field(&answered, "accept-ranges").is_some(),
                        !encoded,
                        "{case}"
                    );
                    assert_eq!(
                        field(&answered, "content-digest").is_some(),
                        !encoded,
                        "{case}"
                    );
                    assert_eq!(
                        field(&answered, "content-length").is_some(),
                        !encoded || whole,
                        "{case}"
                    );

                    let length = field(&answered, "content-length").map(str::to_owned);
                    let body = bytes(answered).await;
                    if let Some(length) = length {
                        assert_eq!(length, body.len().to_string(), "{case}");
                    }
                    let decoded = match coding {
                        Some(coding) => decode(coding, &body).expect("a whole encoding"),
                        None => body.to_vec(),
                    };
                    assert_eq!(decoded, text(size).into_bytes(), "{case}");
                }
            }
        }
    }
    assert_eq!(combinations, 90);
}

#[tokio::test]
async fn a_range_is_sent_as_it_is_and_varies_as_the_whole() {
    for coding in CODINGS {
        let asked = request(
            "GET",
            &[
                ("accept-encoding", coding.as_str()),
                ("range", "bytes=0-1999"),
            ],
        );
        let answered = answer(Compression::new(), asked, || {
            let mut response = resource(2000, false, Some("\"a\""));
            *response.status_mut() = StatusCode::PARTIAL_CONTENT;
            response.headers_mut().insert(
                "content-range",
                "bytes 0-1999/9000".parse().expect("a range"),
            );
            response
        })
        .await;
        assert_eq!(field(&answered, "content-encoding"), None);
        assert_eq!(field(&answered, "etag"), Some("\"a\""));
        assert_eq!(field(&answered, "accept-ranges"), Some("bytes"));
        assert_eq!(field(&answered, "content-length"), Some("2000"));
        assert_eq!(field(&answered, "vary"), Some("origin, accept-encoding"));
        assert_eq!(bytes(answered).await, text(2000));
    }
}

#[tokio::test]
async fn a_304_has_the_tag_of_the_200_that_the_client_holds() {
    for (held, tag, vary) in [("W/\"a\"", "W/\"a\"", true), ("\"a\"", "\"a\"", false)] {
        let asked = request(
            "GET",
            &[("accept-encoding", "gzip"), ("if-none-match", held)],
        );
        let answered = answer(Compression::new(), asked, || {
            let mut response = Response::new(Body::empty());
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            response
                .headers_mut()
                .insert("etag", "\"a\"".parse().expect("a tag"));
            response
        })
        .await;
        assert_eq!(field(&answered, "etag"), Some(tag));
        assert_eq!(field(&answered, "vary").is_some(), vary);
        assert_eq!(field(&answered, "content-encoding"), None);
    }
}

#[tokio::test]
async fn a_head_without_body_has_the_fields_of_its_get_through_a_host() {
    // What an app gives to HEAD: the length alone, nothing at all, or a small length.
    for (declared, encoded) in [(Some("20000"), true), (None, true), (Some("20"), false)] {
        let app = async |_| {
            let mut response = response(
                Body::empty(),
                &[("etag", "\"a\""), ("accept-ranges", "bytes")],
            );
            if let Some(declared) = declared {
                response
                    .headers_mut()
                    .insert("content-length", declared.parse().expect("a number"));
            }
            response
        };
        let app = enfilade_core::Pipeline::new()
            .with(Lint::panicking().around(Compression::new()))
            .app(app);
        let answered = testing::head("/")
            .header("accept-encoding", "br")
            .on(&app)
            .await;
        let headers = answered.headers();
        let coding = headers
            .get("content-encoding")
            .map(http::HeaderValue::as_bytes);
        assert_eq!(coding, encoded.then_some(&b"br"[..]), "{declared:?}");
        assert_eq!(
            headers["etag"],
            if encoded { "W/\"a\"" } else { "\"a\"" },
            "{declared:?}"
        );
        assert_eq!(
            headers.contains_key("accept-ranges"),
            !encoded,
            "{declared:?}"
        );
        // Of the encoded form it is not known.
        let length = headers
            .get("content-length")
            .map(http::HeaderValue::as_bytes);
        assert_eq!(
            length,
            declared.filter(|_| !encoded).map(str::as_bytes),
            "{declared:?}"
        );
    }
}

#[tokio::test]
async fn a_head_with_a_body_has_the_length_of_its_get_through_a_host() {
    let app = enfilade_core::Pipeline::new()
        .with(Lint::panicking().around(Compression::new()))
        .app(async |_| response(text(20_000), &[]));
    let get = testing::get("/")
        .header("accept-encoding", "gzip")
        .on(&app)
        .await;
    let head = testing::head("/")
        .header("accept-encoding", "gzip")
        .on(&app)
        .await;
    assert_eq!(get.headers(), head.headers());
    assert!(head.headers().contains_key("content-length"));
    assert_eq!(head.headers()["content-encoding"], "gzip");
}
