//! F16: upgrades that do not happen, with a request hidden in what would be the tunnel.

use anyhow::Result;

use crate::{bench::Bench, row::Line, site::Site};

/// What is asked for, and whether a tunnel is right.
const CASES: &[(&str, bool)] = &[
    // The app answers 200.
    (
        "GET / HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n",
        false,
    ),
    // HTTP/2 by upgrade was dropped from the standard, and smuggles.
    (
        "GET /upgrade HTTP/1.1\r\nhost: x\r\nconnection: upgrade, http2-settings\r\n\
         upgrade: h2c\r\nhttp2-settings: AAMAAABkAAQAAP__\r\n\r\n",
        false,
    ),
    // Neither field without the other.
    (
        "GET /upgrade HTTP/1.1\r\nhost: x\r\nupgrade: echo\r\n\r\n",
        false,
    ),
    (
        "GET /upgrade HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\n\r\n",
        false,
    ),
    // A body that would have to be read first.
    (
        "GET /upgrade HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: echo\r\n\
         content-length: 5\r\n\r\nhello",
        false,
    ),
    (
        "GET /upgrade HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: echo\r\n\
         transfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        false,
    ),
    (
        "GET /upgrade HTTP/1.0\r\nhost: x\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n",
        false,
    ),
    // The one that is right, so that the others are seen to fail for what they are.
    (
        "GET /upgrade HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n",
        true,
    ),
];

const EACH: usize = 25;

pub(crate) async fn run(bench: &Bench) -> Result<Vec<Line>> {
    let site = Site::start(bench).await?;
    let (mut tunnels, mut unwanted, mut desynced) = (0, 0, 0);
    for _ in 0..EACH {
        for (words, wanted) in CASES {
            let mut client = site.connect().await?;
            client.say(words).await?;
            let first = client.answer().await?;
            if first.status == 101 {
                tunnels += 1;
                unwanted += u64::from(!wanted);
                client.say("GET / HTTP/1.1\r\n\r\n").await?;
                desynced += u64::from(client.exactly(18).await? != b"GET / HTTP/1.1\r\n\r\n");
            } else if first.closes() || words.contains("HTTP/1.0") {
                desynced += u64::from(!client.rest().await.is_empty());
            } else {
                desynced += u64::from(client.get("/").await?.body != b"hello");
            }
        }
    }
    Ok(vec![Line::new(
        format!(
            "F16 {} upgrades: answered 200, h2c, with a body, half asked for, and right ones",
            EACH * CASES.len()
        ),
        format!(
            "{unwanted} unwanted tunnels, {desynced} wrong answers behind; {tunnels} right tunnels"
        ),
        format!("0 and 0; {EACH}"),
        unwanted == 0 && desynced == 0 && tunnels == EACH,
    )])
}
