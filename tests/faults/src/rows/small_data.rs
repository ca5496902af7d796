//! F21: a body in pieces of no bytes, or of one.

use anyhow::Result;

use crate::{
    bench::Bench,
    client::{Http2, flag, frame, kind, request},
    row::Line,
    site::Site,
};

/// What a server may read of it at most.
const MOST: u64 = 10_000;

pub(crate) async fn run(bench: &Bench) -> Result<Vec<Line>> {
    let site = Site::start(bench).await?;
    let mut lines = Vec::new();
    for (what, piece) in [("no bytes", &b""[..]), ("one byte", b"x")] {
        let mut client = Http2::connect(site.address, b"").await?;
        let head = frame(
            kind::HEADERS,
            flag::END_HEADERS,
            1,
            &request("POST", "/upload"),
        );
        client.say(head).await?;
        let flood = frame(kind::DATA, 0, 1, piece).repeat(100);
        let flooded = client.flood_step_by_step(&flood, 100, 10 * MOST).await;
        let reason = flooded.goaway.and_then(|goaway| goaway.reason());
        lines.push(Line::new(
            format!("F21 DATA of {what} without end"),
            format!("{} after {} frames", told(reason), flooded.frames),
            "GOAWAY; at most 10,000 frames read",
            reason.is_some() && flooded.frames <= MOST,
        ));
    }
    Ok(lines)
}

/// How a client was told that it is enough.
pub(crate) fn told(reason: Option<u32>) -> String {
    reason.map_or("no GOAWAY".to_owned(), |reason| {
        format!("GOAWAY ({reason})")
    })
}
