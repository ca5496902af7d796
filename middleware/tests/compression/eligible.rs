//! What is compressed, and what is left alone.

use enfilade_middleware::{Coding, Compression};
use http::StatusCode;

use crate::{answer, answer_without_lint, blocks, bytes, decode, field, request, response, text};

type Fields = &'static [(&'static str, &'static str)];

const GZIP: Fields = &[("accept-encoding", "gzip")];

#[tokio::test]
async fn what_forbids_a_coding_is_obeyed_and_nothing_else_is_touched() {
    for (status, fields) in [
        (200, &[("content-encoding", "br")][..]),
        (200, &[("content-encoding", "identity")]),
        (200, &[("cache-control", "no-transform")]),
        (200, &[("cache-control", "max-age=1, No-Transform")]),
        (200, &[("content-type", "image/png")]),
        (200, &[("content-type", "application/octet-stream")]),
        (206, &[("content-type", "multipart/byteranges; boundary=x")]),
        (101, &[]),
        (103, &[]),
        (204, &[]),
        (205, &[]),
        (304, &[]),
    ] {
        let fields = [&[("etag", "\"a\""), ("accept-ranges", "bytes")], fields].concat();
        let plain = || {
            let mut response = response(text(4000), &fields);
            *response.status_mut() = StatusCode::from_u16(status).expect("a status");
            response
        };
        let get = request("GET", GZIP);
        let answered = answer_without_lint(Compression::new(), get, plain).await;
        assert_eq!(answered.headers(), plain().headers(), "{status} {fields:?}");
        assert_eq!(bytes(answered).await, text(4000), "{status} {fields:?}");
    }
}

#[tokio::test]
async fn a_body_without_a_media_type_is_left_alone() {
    let plain = || {
        let mut response = response(text(4000), &[]);
        response.headers_mut().remove("content-type");
        response
    };
    let answered = answer(Compression::new(), request("GET", GZIP), plain).await;
    assert!(answered.headers().is_empty());
}

#[tokio::test]
async fn a_tunnel_is_left_alone() {
    let plain = || response(blocks([text(4000)]), &[]);
    let answered = answer(Compression::new(), request("CONNECT", GZIP), plain).await;
    assert_eq!(answered.headers(), plain().headers());
}

#[tokio::test]
async fn small_bodies_are_left_alone_and_do_not_vary() {
    for (length, compressed) in [(0, false), (1023, false), (1024, true)] {
        for plain in
            [|| text(1024).into(), || blocks([text(1024)])] as [fn() -> enfilade_core::Body; 2]
        {
            let declared = length.to_string();
            let plain = || {
                let in_memory = plain().in_memory_len().is_some();
                let mut response = response(
                    if in_memory {
                        text(length).into()
                    } else {
                        plain()
                    },
                    &[],
                );
                response
                    .headers_mut()
                    .insert("content-length", declared.parse().expect("a number"));
                response
            };
            let answered = answer(Compression::new(), request("GET", GZIP), plain).await;
            assert_eq!(
                field(&answered, "content-encoding").is_some(),
                compressed,
                "{length}"
            );
            assert_eq!(field(&answered, "vary").is_some(), compressed, "{length}");
            assert_eq!(
                field(&answered, "content-length") == Some(&declared),
                !compressed,
                "{length}"
            );
        }
    }
}

#[tokio::test]
async fn the_smallest_size_is_a_setting() {
    let compression = Compression::new().with_min_size(10);
    let answered = answer(compression, request("GET", GZIP), || {
        response("a".repeat(100), &[])
    })
    .await;
    assert_eq!(field(&answered, "content-encoding"), Some("gzip"));
}

#[tokio::test]
async fn what_would_not_become_smaller_goes_out_as_it_is_but_varies() {
    // Every byte once: no coding finds anything.
    let noise: Vec<u8> = (0..=255).collect();
    let compression = || Compression::new().with_min_size(1);
    let plain = || {
        response(
            noise.clone(),
            &[("etag", "\"a\""), ("accept-ranges", "bytes")],
        )
    };
    let answered = answer(compression(), request("GET", GZIP), plain).await;
    for (name, value) in [
        ("content-encoding", None),
        ("etag", Some("\"a\"")),
        ("accept-ranges", Some("bytes")),
        ("vary", Some("accept-encoding")),
    ] {
        assert_eq!(field(&answered, name), value, "{name}");
    }
    assert_eq!(bytes(answered).await, noise);

    let only = [("accept-encoding", "gzip, identity;q=0")];
    let answered = answer(compression(), request("GET", &only), plain).await;
    assert_eq!(field(&answered, "content-encoding"), Some("gzip"));
    assert_eq!(
        decode(Coding::Gzip, &bytes(answered).await).expect("gzip"),
        noise
    );
}

#[tokio::test]
async fn a_client_that_refuses_identity_gets_small_bodies_encoded_and_never_a_406() {
    for (accepted, coding) in [
        ("gzip, *;q=0", Some("gzip")),
        ("*;q=0", None),
        ("compress, identity;q=0", None),
    ] {
        let asked = request("GET", &[("accept-encoding", accepted)]);
        let answered = answer(Compression::new(), asked, || response("small", &[])).await;
        assert_eq!(answered.status(), 200, "{accepted}");
        assert_eq!(field(&answered, "content-encoding"), coding, "{accepted}");
    }
}

#[tokio::test]
async fn types_and_responses_are_chosen_by_settings() {
    let compression = || {
        Compression::new()
            .with_type("application/x-own")
            .without_type("text/html")
            .with_predicate(|response| !response.headers().contains_key("set-cookie"))
    };
    for (fields, compressed) in [
        (&[("content-type", "application/x-own")][..], true),
        (&[("content-type", "text/html; charset=utf-8")], false),
        (&[("content-type", "text/css")], true),
        (&[("set-cookie", "a=b")], false),
    ] {
        let answered = answer(compression(), request("GET", GZIP), || {
            response(text(4000), fields)
        })
        .await;
        assert_eq!(
            field(&answered, "content-encoding").is_some(),
            compressed,
            "{fields:?}"
        );
        assert_eq!(field(&answered, "vary").is_some(), compressed, "{fields:?}");
    }
}

#[tokio::test]
async fn what_another_site_asks_for_with_credentials_is_left_alone_on_demand() {
    let lured = [GZIP, &[("cookie", "a=b"), ("sec-fetch-site", "cross-site")]].concat();
    for (compression, compressed) in [
        (Compression::new(), true),
        (Compression::new().without_cross_site(), false),
    ] {
        let answered = answer(compression, request("GET", &lured), || {
            response(text(4000), &[])
        })
        .await;
        assert_eq!(field(&answered, "content-encoding").is_some(), compressed);
    }
}

#[tokio::test]
async fn the_order_of_preference_is_a_setting_and_zstd_is_the_first_by_default() {
    let all = [("accept-encoding", "gzip, deflate, br, zstd")];
    for (compression, coding) in [
        (Compression::new(), "zstd"),
        (
            Compression::new().with_codings([Coding::Brotli, Coding::Gzip]),
            "br",
        ),
        (
            Compression::new().with_codings([Coding::Deflate]),
            "deflate",
        ),
    ] {
        let answered = answer(compression, request("GET", &all), || {
            response(text(4000), &[])
        })
        .await;
        assert_eq!(field(&answered, "content-encoding"), Some(coding));
    }
    let none = Compression::new().with_codings([]);
    let answered = answer(none, request("GET", &all), || response(text(4000), &[])).await;
    assert_eq!(field(&answered, "content-encoding"), None);
}

#[test]
fn a_level_that_a_coding_does_not_have_is_refused() {
    for (coding, level) in [
        (Coding::Gzip, 0),
        (Coding::Gzip, 10),
        (Coding::Deflate, -1),
        (Coding::Brotli, 12),
        (Coding::Zstd, 20),
    ] {
        let refused = std::panic::catch_unwind(|| Compression::new().with_level(coding, level));
        assert!(refused.is_err(), "{coding} {level}");
    }
}
