//! The heads of answers, and bodies that are there already.

use std::{fs::File, io::Write};

use enfilade_core::{Body, FileRange, IntoResponse, Request, RequestExt, Response};
use http::StatusCode;

use super::apps::long;
use crate::{
    Case, Feature,
    failure::{equal, that},
};

pub(super) fn cases() -> Vec<Case> {
    let mut cases = heads();
    cases.extend(fields());
    cases.extend(bodies());
    cases
}

fn heads() -> Vec<Case> {
    vec![
        Case::new("every-status-arrives", &["H38"])
            .app(as_asked)
            .check(async |trial| {
                for status in [200, 201, 203, 226, 400, 404, 410, 418, 451, 500, 503, 599] {
                    let answer = trial.send(trial.get(&format!("/{status}"))).await;
                    answer.has_status(status)?.is_whole()?;
                }
                Ok(())
            }),
        Case::new("a-status-of-no-registry-arrives", &["H38"])
            .app(as_asked)
            .check(async |trial| {
                for status in [299, 499, 799, 999] {
                    let answer = trial.send(trial.get(&format!("/{status}"))).await;
                    answer.has_status(status)?.is_whole()?;
                }
                Ok(())
            }),
        Case::new("a-redirect-arrives", &["H35"])
            .app(async |request: Request| {
                let status = as_asked(request).await;
                (
                    status,
                    [("location", "https://example.org/a?b#c")],
                    "see there",
                )
            })
            .check(async |trial| {
                for status in [301, 302, 303, 307, 308] {
                    let answer = trial.send(trial.get(&format!("/{status}"))).await;
                    let answer = answer.has_status(status)?;
                    answer.has_field("location", &["https://example.org/a?b#c"])?;
                    answer.has_body("see there")?;
                }
                Ok(())
            }),
        Case::new("a-location-of-what-was-made-arrives", &["H35"])
            .app(async |_: Request| (StatusCode::CREATED, [("location", "/made/1")], "made"))
            .check(async |trial| {
                let answer = trial.send(trial.post("/")).await;
                answer.has_status(201)?.has_body("made")?;
                let ends = answer
                    .values("location")
                    .iter()
                    .all(|at| at.ends_with("/made/1"));
                answer.expect(ends, format_args!("a location that ends in /made/1"))?;
                Ok(())
            }),
        Case::new("a-200-with-a-location-is-no-redirect", &["H35"])
            .app(async |_: Request| ([("location", "/elsewhere")], "here"))
            .check(async |trial| {
                let answer = trial.send(trial.get("/")).await;
                answer.has_status(200)?.has_body("here")?;
                Ok(())
            }),
        Case::new("date-is-there-once", &["H34"])
            .needs(&[Feature::OriginServer])
            .app(async |request: Request| match request.uri().query() {
                Some("own") => ([("date", OWN_DATE)], "").into_response(),
                _ => "".into_response(),
            })
            .check(async |trial| {
                let answer = trial.send(trial.get("/")).await;
                equal("the number of dates", answer.values("date").len(), 1)?;
                let answer = trial.send(trial.get("/?own")).await;
                answer.has_field("date", &[OWN_DATE])?;
                Ok(())
            }),
        Case::new("a-host-does-not-guess-a-type", &["H34"])
            .app(async |_: Request| Response::new(Body::from("<html>")))
            .check(async |trial| {
                let answer = trial.send(trial.get("/")).await;
                answer.has_body("<html>")?.has_no_field("content-type")?;
                Ok(())
            }),
    ]
}

fn fields() -> Vec<Case> {
    vec![
        Case::new("two-cookies-stay-two", &["H35"])
            .app(async |_: Request| {
                let cookies = [("set-cookie", "a=1; Path=/"), ("set-cookie", "b=2, c")];
                (cookies, "ok")
            })
            .check(async |trial| {
                let answer = trial.send(trial.get("/")).await;
                answer
                    .has_status(200)?
                    .has_field("set-cookie", &["a=1; Path=/", "b=2, c"])?;
                Ok(())
            }),
        Case::new("repeated-fields-of-an-answer-keep-their-order", &["H35"])
            .app(async |_: Request| {
                (
                    [
                        ("x-a", "1"),
                        ("x-b", "2"),
                        ("x-a", "3"),
                        ("www-authenticate", "Basic realm=\"a\""),
                        ("www-authenticate", "Bearer"),
                    ],
                    "ok",
                )
            })
            .check(async |trial| {
                let answer = trial.send(trial.get("/")).await;
                equal("the values of x-a", answer.values("x-a").join(", "), "1, 3")?;
                let challenges = answer.values("www-authenticate").join(", ");
                equal("the challenges", challenges, "Basic realm=\"a\", Bearer")
            }),
        Case::new("many-fields-of-an-answer-arrive", &["H35"])
            .app(async |_: Request| {
                let mut response = "ok".into_response();
                for n in 0..80_u16 {
                    let name = format!("x-many-{n}").parse::<http::HeaderName>();
                    if let Ok(name) = name {
                        response.headers_mut().insert(name, n.into());
                    }
                }
                response
            })
            .check(async |trial| {
                let answer = trial.send(trial.get("/")).await;
                for n in 0..80 {
                    answer.has_field(&format!("x-many-{n}"), &[&n.to_string()])?;
                }
                Ok(())
            }),
        Case::new("a-long-value-of-an-answer-arrives", &["H35"])
            .app(async |_: Request| ([("x-long", LONG.repeat(150))], "ok"))
            .check(async |trial| {
                let answer = trial.send(trial.get("/")).await;
                answer
                    .has_status(200)?
                    .has_field("x-long", &[&LONG.repeat(150)])?;
                Ok(())
            }),
        Case::new("any-value-of-an-answer-arrives", &["H37"])
            .app(async |_: Request| {
                let mut response = "ok".into_response();
                let latin = http::HeaderValue::from_bytes(b"caf\xe9\ttab");
                if let Ok(latin) = latin {
                    response.headers_mut().insert("x-latin", latin);
                }
                response
            })
            .check(async |trial| {
                let answer = trial.send(trial.get("/")).await;
                let mut fields = answer.fields.iter();
                let latin = fields.find(|(name, _)| name == "x-latin");
                let value = latin.map(|(_, value)| &**value).unwrap_or_default();
                equal(
                    "the value of x-latin",
                    crate::seen::text(value),
                    "caf\u{e9}\ttab",
                )
            }),
        Case::new("fields-of-the-connection-are-the-host-s", &["H36"])
            .app(async |_: Request| {
                let own = [
                    ("connection", "x-hop, close"),
                    ("x-hop", "1"),
                    ("keep-alive", "timeout=1"),
                    ("transfer-encoding", "gzip, chunked"),
                    ("te", "trailers"),
                    ("proxy-connection", "close"),
                    ("upgrade", "h2c"),
                    ("x-end-to-end", "1"),
                ];
                (own, "hello")
            })
            .check(async |trial| {
                let answer = trial.send(trial.get("/")).await;
                answer.has_status(200)?.has_body("hello")?;
                for name in ["x-hop", "te", "proxy-connection", "upgrade"] {
                    answer.has_no_field(name)?;
                }
                let own = |name, value: &str| answer.values(name).concat().contains(value);
                let leaks = own("connection", "x-hop")
                    || own("keep-alive", "timeout=1")
                    || own("transfer-encoding", "gzip");
                answer.expect(!leaks, format_args!("nothing of the app's connection"))?;
                answer.has_field("x-end-to-end", &["1"])?;
                Ok(())
            }),
        Case::new(
            "orders-to-a-web-server-are-not-carried-by-accident",
            &["H34"],
        )
        .app(async |_: Request| {
            (
                [
                    ("x-accel-redirect", "/secret"),
                    ("x-sendfile", "/etc/passwd"),
                ],
                "own",
            )
        })
        .check(async |trial| {
            trial
                .send(trial.get("/"))
                .await
                .has_status(200)?
                .has_body("own")?;
            Ok(())
        }),
        Case::new("what-describes-a-body-arrives", &["H35"])
            .app(async |_: Request| {
                let of_it = [
                    ("etag", "\"a\""),
                    ("last-modified", OWN_DATE),
                    ("cache-control", "no-store"),
                    ("content-type", "text/x-kit; charset=utf-8"),
                    ("content-language", "en"),
                    ("vary", "accept"),
                ];
                (of_it, "hello")
            })
            .check(async |trial| {
                let answer = trial.send(trial.get("/")).await;
                answer.has_body("hello")?.has_field("etag", &["\"a\""])?;
                answer.has_field("last-modified", &[OWN_DATE])?;
                answer.has_field("cache-control", &["no-store"])?;
                answer.has_field("content-type", &["text/x-kit; charset=utf-8"])?;
                answer.has_field("content-language", &["en"])?;
                answer.has_field("vary", &["accept"])?;
                Ok(())
            }),
    ]
}

fn bodies() -> Vec<Case> {
    vec![
        Case::new("a-known-body-has-its-length", &["H32"])
            .needs(&[Feature::Wire])
            .app(async |_: Request| "hello")
            .check(async |trial| {
                let answer = trial.send(trial.get("/")).await;
                answer
                    .has_body("hello")?
                    .has_field("content-length", &["5"])?;
                Ok(())
            }),
        Case::new("an-empty-answer-is-empty", &["H32"])
            .app(async |_: Request| "")
            .check(async |trial| {
                trial
                    .send(trial.get("/"))
                    .await
                    .has_status(200)?
                    .has_body("")?;
                Ok(())
            }),
        Case::new("every-byte-of-an-answer-arrives", &["H30"])
            .app(async |_: Request| Body::from(every_byte()))
            .check(async |trial| {
                trial.send(trial.get("/")).await.has_body(every_byte())?;
                Ok(())
            }),
        Case::new("a-large-answer-arrives", &["H30"])
            .app(async |_: Request| Body::from(long(LARGE)))
            .check(async |trial| {
                let answer = trial.send(trial.get("/")).await;
                answer.has_status(200)?.is_whole()?;
                equal("the number of bytes", answer.body().len(), LARGE)?;
                that(
                    answer.body() == long(LARGE),
                    "the bytes that were sent",
                    "others",
                )
            }),
        Case::new("a-piece-of-a-file-arrives", &["H44"])
            .app(async |_: Request| -> enfilade_core::Result<Body> {
                let file = enfilade_core::blocking(|| -> std::io::Result<File> {
                    let mut file = tempfile::tempfile()?;
                    file.write_all(&long(LARGE))?;
                    Ok(file)
                });
                let range = 1000..LARGE as u64 - 1;
                Ok(FileRange::new(file.await??, range).into())
            })
            .check(async |trial| {
                let answer = trial.send(trial.get("/")).await;
                answer.has_status(200)?.is_whole()?;
                let piece = &long(LARGE)[1000..LARGE - 1];
                equal("the number of bytes", answer.body().len(), piece.len())?;
                that(answer.body() == piece, "the bytes of the file", "others")
            }),
    ]
}

const LARGE: usize = 4 * 1024 * 1024;
const LONG: &str = "0123456789abcdef";
const OWN_DATE: &str = "Sun, 06 Nov 1994 08:49:37 GMT";

fn every_byte() -> Vec<u8> {
    (0..=255).chain(*b"\r\n\n\r\r\n\r\n").collect()
}

/// The status that is the query.
async fn as_asked(request: Request) -> StatusCode {
    let status = request.path_info().trim_start_matches('/');
    StatusCode::from_bytes(status.as_bytes()).unwrap_or_default()
}
