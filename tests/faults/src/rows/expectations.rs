//! F15: `Expect`, right and wrong, with apps that read and apps that do not.

use anyhow::Result;

use crate::{bench::Bench, row::Line, site::Site};

/// The fields, and whether it is an expectation that can be met, none, or neither.
const FIELDS: &[(&str, Expected)] = &[
    ("expect: 100-continue\r\n", Expected::Continue),
    ("Expect: 100-Continue\r\n", Expected::Continue),
    ("EXPECT:100-CONTINUE\r\n", Expected::Continue),
    ("", Expected::Nothing),
    (
        "expect: 100-continue\r\nexpect: 100-continue\r\n",
        Expected::Refusal,
    ),
    ("expect: 100-continue, 100-continue\r\n", Expected::Refusal),
    ("expect: 200-ok\r\n", Expected::Refusal),
    ("expect:\r\n", Expected::Refusal),
];

#[derive(Clone, Copy, PartialEq)]
enum Expected {
    Continue,
    Nothing,
    Refusal,
}

pub(crate) async fn run(bench: &Bench) -> Result<Vec<Line>> {
    let site = Site::start(bench).await?;
    let (mut right, mut count, mut wrong) = (0, 0, Vec::new());
    for (fields, expected) in FIELDS {
        for how in ["length", "chunks", "unread"] {
            count += 1;
            match try_one(&site, fields, *expected, how).await {
                Ok(true) => right += 1,
                Ok(false) => wrong.push(format!("{fields:?} {how}")),
                Err(error) => wrong.push(format!("{fields:?} {how}: {error}")),
            }
        }
    }
    let figure = format!(
        "{right} of {count} as RFC 9110, section 10.1.1, says {}",
        wrong.join("; ")
    );
    Ok(vec![Line::new(
        "F15 `Expect`: in capitals, twice, unknown, empty, none; a body by length, in chunks, unread",
        figure.trim(),
        "24 of 24",
        right == count,
    )])
}

async fn try_one(site: &Site, fields: &str, expected: Expected, how: &str) -> Result<bool> {
    let path = if how == "unread" {
        "/refuse?403"
    } else {
        "/upload"
    };
    let (frames, body) = match how {
        "chunks" => ("transfer-encoding: chunked\r\n", "5\r\nhello\r\n0\r\n\r\n"),
        _ => ("content-length: 5\r\n", "hello"),
    };
    let mut client = site.connect().await?;
    let head = format!("POST {path} HTTP/1.1\r\nhost: x\r\n{fields}{frames}\r\n");
    client.say(head).await?;
    if expected == Expected::Nothing {
        client.say(body).await?;
    }
    let first = client.any_answer(false).await?;
    let refused = first.status == 403;
    Ok(match (expected, how) {
        (Expected::Refusal, _) => first.status == 417 && client.rest().await.is_empty(),
        (Expected::Continue, "unread") => {
            // The client does not send what nobody reads; the connection cannot be used again, or
            // is used again without a body.
            refused && first.closes() && client.rest().await.is_empty()
        }
        (Expected::Nothing, "unread") => refused && second(&mut client).await?,
        (Expected::Continue, _) => {
            client.say(body).await?;
            let last = client.answer().await?;
            first.status == 100 && last.body == b"5" && second(&mut client).await?
        }
        (Expected::Nothing, _) => first.body == b"5" && second(&mut client).await?,
    })
}

/// Whether the connection can be used again.
async fn second(client: &mut crate::client::Http1<tokio::net::TcpStream>) -> Result<bool> {
    Ok(client.get("/").await?.body == b"hello")
}
