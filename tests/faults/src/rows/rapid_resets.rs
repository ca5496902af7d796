//! F18: streams that are opened and reset at once, 100,000 of them.

use anyhow::{Context, Result};

use crate::{
    bench::Bench,
    client::{Http2, flag, frame, get, kind},
    row::Line,
    site::Site,
};

const COUNT: u32 = 100_000;
const CANCEL: [u8; 4] = [0, 0, 0, 8];

pub(crate) async fn run(bench: &Bench) -> Result<Vec<Line>> {
    let site = Site::start(bench).await?;
    // What the first connection costs is not the flood's.
    let before = site.counts().await?.begun;
    let cpu = site.cpu()?;
    let client = Http2::connect(site.address, b"").await?;
    let fields = get("/never");
    let mut flood = Vec::new();
    for number in 0..COUNT {
        let stream = 2 * number + 1;
        let flags = flag::END_HEADERS | flag::END_STREAM;
        flood.extend(frame(kind::HEADERS, flags, stream, &fields));
        flood.extend(frame(kind::RST_STREAM, 0, stream, &CANCEL));
    }
    let flooded = client.flood(flood).await;
    let cpu = site.cpu()?.saturating_sub(cpu);
    let goaway = flooded.goaway.context("there is no GOAWAY")?;
    // Streams up to the last one were looked at: two frames each.
    let read = goaway.last_stream().context("a whole frame")? + 1;
    let begun = site.counts().await?.begun - before - 1;
    Ok(vec![
        Line::new(
            format!("F18 {COUNT} streams that are reset at once"),
            format!(
                "GOAWAY ({}) after {read} frames; {begun} requests began",
                goaway.reason().unwrap_or_default()
            ),
            "GOAWAY; at most 1,000 frames read, and 200 requests begun",
            read <= 1000 && begun <= 200,
        ),
        Line::timed(
            "F18 time of a core that it took",
            format!("{:.1} ms", cpu.as_secs_f64() * 1e3),
            "at most 20 ms",
            cpu.as_millis() <= 20,
        ),
    ])
}
