//! F01: 10,000 connections that say nothing, beside 1,000 clients that want to be served.

use std::time::{Duration, Instant};

use anyhow::Result;
use serde_json::json;
use tokio::time::{sleep, timeout};

use crate::{
    bench::{Bench, all, can_open, kilobytes},
    client::{Load, connect_from, end_of},
    row::Line,
    site::Starting,
};

const SILENT: usize = 10_000;
const ACTIVE: u32 = 1_000;
/// How often each active client asks: 10,000 requests a second in all.
const PAUSE: Duration = Duration::from_millis(100);
const OPENING: Duration = Duration::from_secs(2);
const FIRST_BYTE: Duration = Duration::from_secs(10);

pub(crate) async fn run(bench: &Bench) -> Result<Vec<Line>> {
    let files = SILENT as u64 + u64::from(ACTIVE);
    if let Err(why) = can_open(files) {
        return Ok(vec![Line::skipped("F01 10,000 silent connections", why)]);
    }
    // Else those who are silent would wait in the system's queue.
    let limits = json!({ "connections": 15_000 });
    let site = Starting::new(bench).limits(&limits).start().await?;
    let active = Load::start(site.address, ACTIVE, PAUSE);
    sleep(FIRST_BYTE).await;
    let base = active.end().await?;

    let active = Load::start(site.address, ACTIVE, PAUSE);
    // Their buffers are not the crowd's.
    sleep(Duration::from_secs(1)).await;
    let before = site.memory()?;
    let address = site.address;
    let crowd: Vec<_> = (0..SILENT)
        .map(|number| {
            tokio::spawn(async move {
                // They come within two seconds.
                sleep(OPENING * u32::try_from(number).ok()? / 10_000).await;
                let opened = Instant::now();
                let mut stream = connect_from(number, address).await.ok()?;
                let begun = Instant::now();
                timeout(FIRST_BYTE * 3, end_of(&mut stream)).await.ok()?;
                // The server may have seen the client before the client has seen that.
                Some(begun.elapsed().max(opened.elapsed().min(FIRST_BYTE)))
            })
        })
        .collect();
    sleep(FIRST_BYTE / 2).await;
    let (held, each) = (site.descriptors()?, (site.memory()? - before) / 10_000);
    let times = all(crowd).await?;
    let beside = active.end().await?;
    let failed = base.failed + beside.failed;
    let (base_p99, p99) = (base.p99(), beside.p99());
    let done = format!("{SILENT} x F01 silent beside {ACTIVE} active (first_byte)");
    Ok(vec![
        super::slow_openers::line(done, &times, FIRST_BYTE),
        Line::new(
            format!("F01 memory for each of them, with {held} descriptors open"),
            kilobytes(each),
            "at most 6 kB",
            each <= 6 * 1024 && held >= SILENT,
        ),
        Line::new(
            format!(
                "F01 {} requests of the active",
                base.count() + beside.count()
            ),
            format!("{failed} failed"),
            "0 failed",
            failed == 0,
        ),
        Line::timed(
            format!("F01 p99 of {} requests beside them", beside.count()),
            format!("{p99:?}, alone {base_p99:?}"),
            "at most twice, and 5 ms more",
            p99 <= base_p99 * 2 && p99 <= base_p99 + Duration::from_millis(5),
        ),
    ])
}
