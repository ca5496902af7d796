//! F20: fields that never end, in CONTINUATION frames of no bytes, or of one field.

use std::time::Duration;

use anyhow::Result;
use tokio::time::{sleep, timeout};

use crate::{
    bench::Bench,
    client::{Http2, end_of, flag, frame, get, kind},
    row::Line,
    site::Site,
};

/// What a server may read of it at most.
const MOST: usize = 64 * 1024;

pub(crate) async fn run(bench: &Bench) -> Result<Vec<Line>> {
    let site = Site::start(bench).await?;
    let mut lines = Vec::new();
    for (what, piece) in [
        ("no bytes", &b""[..]),
        ("a field of one byte", b"\x00\x01x\x01y"),
    ] {
        let mut client = Http2::connect(site.address, b"").await?;
        client
            .say(frame(kind::HEADERS, flag::END_STREAM, 1, &get("/")))
            .await?;
        let flood = frame(kind::CONTINUATION, 0, 1, piece).repeat(50);
        let (mut sent, mut ended) = (0, false);
        // Slowly, so that what is sent is what is read: nothing can be asked within fields.
        while sent <= 4 * MOST && !ended {
            ended = client.say(&flood).await.is_err();
            sent += if ended { 0 } else { flood.len() };
            let pause = sleep(Duration::from_millis(5));
            ended |= tokio::select! {
                () = pause => false,
                frame = client.until(kind::GOAWAY) => frame.is_ok(),
            };
        }
        let closed = timeout(Duration::from_secs(5), end_of(&mut client.stream))
            .await
            .is_ok();
        lines.push(Line::new(
            format!("F20 CONTINUATION without end, each of {what}"),
            format!(
                "{} after at most {sent} bytes",
                if closed { "closed" } else { "open" }
            ),
            format!("closed; at most {MOST} bytes read"),
            closed && sent <= MOST,
        ));
    }
    Ok(lines)
}
