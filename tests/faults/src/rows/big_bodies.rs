//! F27: bodies larger than the app takes, by one byte and by far.

use std::net::SocketAddr;

use anyhow::{Result, ensure};

use crate::{
    bench::{Bench, all, kilobytes},
    client::Http1,
    row::Line,
    site::Site,
};

/// What an app takes whole by default.
const LIMIT: usize = 2 * 1024 * 1024;
const CLIENTS: usize = 10;

pub(crate) async fn run(bench: &Bench) -> Result<Vec<Line>> {
    let count = bench.of(1000, 50);
    let site = Site::start(bench).await?;
    let mut lines = Vec::new();
    for (what, in_chunks, size) in [
        ("one byte too large, by its length", false, LIMIT + 1),
        ("one byte too large, in chunks", true, LIMIT + 1),
        ("twice as large, in chunks", true, 2 * LIMIT),
    ] {
        let before = site.counts().await?.received;
        let clients = (0..CLIENTS)
            .map(|_| tokio::spawn(client(site.address, in_chunks, size, count / CLIENTS)))
            .collect();
        let mut seen = 0;
        for one in all(clients).await? {
            seen += one?;
        }
        let received = site.counts().await?.received - before;
        let each = i64::try_from(received)? / i64::try_from(count)?;
        let most = i64::try_from(LIMIT + 64 * 1024)?;
        lines.push(Line::new(
            format!("F27 {count} bodies that are {what}"),
            format!(
                "{seen} told 413, and nothing wrong behind it; the app was given {} of each",
                kilobytes(each)
            ),
            format!("all; at most {}", kilobytes(most)),
            seen == count && each <= most,
        ));
    }
    Ok(lines)
}

/// How often the client was told 413, and nothing was read wrong behind it.
async fn client(address: SocketAddr, in_chunks: bool, size: usize, count: usize) -> Result<usize> {
    const PIECE: usize = 16 * 1024;
    let mut seen = 0;
    for _ in 0..count {
        let mut client = Http1::connect(address).await?;
        let frames = match in_chunks {
            true => "transfer-encoding: chunked".to_owned(),
            false => format!("content-length: {size}"),
        };
        client
            .say(format!(
                "POST /text HTTP/1.1\r\nhost: x\r\n{frames}\r\n\r\n"
            ))
            .await?;
        let (mut left, mut is_open) = (size, true);
        while left > 0 && is_open {
            let length = left.min(PIECE);
            let bytes = vec![b'x'; length];
            let piece = match in_chunks {
                true => [format!("{length:x}\r\n").as_bytes(), &bytes, b"\r\n"].concat(),
                false => bytes,
            };
            // The answer comes before all is sent; then the server may close.
            is_open = client.say(piece).await.is_ok();
            left -= length;
        }
        if in_chunks && is_open {
            is_open = client.say("0\r\n\r\n").await.is_ok();
        }
        let answer = client.answer().await?;
        ensure!(answer.status == 413, "{}", answer.status);
        // What is left of a body may be read to its end, if that is near.
        let used_again = is_open && !answer.closes() && {
            let behind = "GET /named?7 HTTP/1.1\r\nhost: x\r\n\r\n";
            let asked = client.say(behind).await;
            asked.is_ok()
                && client
                    .answer()
                    .await
                    .is_ok_and(|answer| answer.body == b"GET 7")
        };
        seen += usize::from(used_again || client.rest().await.is_empty());
    }
    Ok(seen)
}
