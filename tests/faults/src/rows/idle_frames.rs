//! F22: frames that do no work, a million of each kind, beside clients that want to be served.

use std::{net::SocketAddr, time::Duration};

use anyhow::Result;
use tokio::time::Instant;

use super::small_data::told;
use crate::{
    bench::Bench,
    client::{Http2, Load, frame, kind},
    row::Line,
    site::Site,
};

/// What a server may read of it on one connection.
const MOST: u64 = 10_000;

pub(crate) async fn run(bench: &Bench) -> Result<Vec<Line>> {
    let count = bench.of(1_000_000, 50_000);
    let site = Site::start(bench).await?;
    let neighbours = || Load::start(site.address, 20, Duration::from_millis(10));
    let base = neighbours();
    tokio::time::sleep(Duration::from_secs(bench.of(10, 2))).await;
    let base = base.end().await?;
    let beside = neighbours();
    let mut lines = Vec::new();
    for (what, flood) in [
        ("PING", frame(kind::PING, 0, 0, &[0; 8])),
        ("answers to no PING", frame(kind::PING, 1, 0, &[0; 8])),
        ("SETTINGS", frame(kind::SETTINGS, 0, 0, &[0, 3, 0, 0, 0, 9])),
        ("PRIORITY", frame(kind::PRIORITY, 0, 1, &[0, 0, 0, 0, 9])),
        (
            "WINDOW_UPDATE",
            frame(kind::WINDOW_UPDATE, 0, 0, &[0, 0, 0, 1]),
        ),
        ("an unknown type", frame(200, 0, 0, b"hello")),
    ] {
        lines.push(flooded(site.address, what, &flood, count).await?);
    }
    let beside = beside.end().await?;
    let (base_p99, beside_p99) = (base.p99(), beside.p99());
    lines.push(Line::timed(
        format!(
            "F22 p99 of {} requests of others beside all that",
            beside.count()
        ),
        format!("{beside_p99:?}, alone {base_p99:?}"),
        "at most 1.2 times",
        beside_p99 <= base_p99.mul_f64(1.2),
    ));
    lines.push(Line::new(
        "F22 requests of others that failed",
        (base.failed + beside.failed).to_string(),
        "0",
        base.failed + beside.failed == 0,
    ));
    Ok(lines)
}

/// So many frames, on as many connections as that takes: each is closed when it is enough.
async fn flooded(address: SocketAddr, what: &str, flood: &[u8], count: u64) -> Result<Line> {
    let piece = flood.repeat(100);
    let (mut sent, mut most, mut connections, mut last) = (0, 0, 0, Some(0));
    let begun = Instant::now();
    let mut longest = Duration::ZERO;
    while sent < count && last.is_some() {
        let opened = Instant::now();
        let mut client = Http2::connect(address, b"").await?;
        let flooded = client.flood_step_by_step(&piece, 100, 2 * MOST).await;
        last = flooded.goaway.and_then(|goaway| goaway.reason());
        sent += flooded.frames;
        most = most.max(flooded.frames);
        longest = longest.max(opened.elapsed());
        connections += 1;
    }
    Ok(Line::new(
        format!("F22 {sent} frames: {what}"),
        format!(
            "{} after at most {most} frames and {:.0} ms; {connections} connections in {:.1} s",
            told(last),
            longest.as_secs_f64() * 1e3,
            begun.elapsed().as_secs_f64()
        ),
        "GOAWAY; at most 10,000 frames read, within 10 s",
        last.is_some() && most <= MOST && longest <= Duration::from_secs(10),
    ))
}
