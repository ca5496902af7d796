//! Clients that ask for much, and take nothing of it, or next to nothing.

use std::time::{Duration, Instant};

use anyhow::Result;
use serde_json::json;
use tokio::time::{interval, sleep, timeout};

use super::slow_openers::line;
use crate::{
    bench::{Bench, all, can_open, kilobytes},
    client::{Http2, end_of, flag, frame, get, kind, narrow},
    row::Line,
    site::{Site, Starting},
};

const COUNT: usize = 1000;
const SLACK: Duration = Duration::from_secs(1);

pub(crate) async fn run(bench: &Bench) -> Result<Vec<Line>> {
    if let Err(why) = can_open(2 * COUNT as u64).and(bench.disk().map(|_| ())) {
        return Ok(vec![Line::skipped("F05 answers that nobody reads", why)]);
    }
    let deadline = bench.of(30, 4);
    let limits = json!({ "write_idle": deadline });
    // The app answers 1,024 requests at once, so each kind has a site.
    let sites = tokio::try_join!(
        Starting::new(bench).limits(&limits).start(),
        Starting::new(bench).limits(&limits).start()
    )?;
    let deadline = Duration::from_secs(deadline);
    let (read, dripped) = tokio::try_join!(
        read_nothing(&sites.0, deadline),
        drip_windows(&sites.1, deadline)
    )?;
    Ok([read, vec![dripped]].concat())
}

/// Over HTTP/1.1 the client sees no end before it reads; what the app holds tells.
async fn read_nothing(site: &Site, deadline: Duration) -> Result<Vec<Line>> {
    let before = site.memory()?;
    let mut clients = Vec::new();
    for _ in 0..COUNT {
        let mut client = narrow(site.address).await?;
        client
            .say("GET /big?10000000 HTTP/1.1\r\nhost: x\r\n\r\n")
            .await?;
        clients.push(client);
    }
    let asked = Instant::now();
    sleep(deadline / 2).await;
    let held = site.counts().await?.held;
    let each = (site.memory()? - before) / i64::try_from(COUNT)?;
    sleep((deadline + SLACK).saturating_sub(asked.elapsed())).await;
    let left = site.counts().await?.held;
    let readings = clients.into_iter().map(|mut client| {
        tokio::spawn(async move { timeout(SLACK * 10, end_of(&mut client.stream)).await })
    });
    let read = all(readings.collect()).await?;
    let cut = read
        .iter()
        .flatten()
        .filter(|count| **count < 10_000_000)
        .count();
    Ok(vec![
        Line::new(
            format!("{COUNT} x F05 an answer of 10 MB of which nothing is read (write_idle)"),
            format!("{held} held at half time, {left} a second after; {cut} answers cut off"),
            format!("{COUNT} held, then 0; all cut off"),
            held == COUNT as u64 && left == 0 && cut == COUNT,
        ),
        Line::new(
            "F05 memory of the server for each of them",
            kilobytes(each),
            "at most 128 kB",
            each <= 128 * 1024,
        ),
    ])
}

/// Over HTTP/2 the client opens the window of its stream by a byte each second.
async fn drip_windows(site: &Site, deadline: Duration) -> Result<Line> {
    let address = site.address;
    let clients = (0..COUNT)
        .map(|_| {
            tokio::spawn(async move {
                // New streams have a window of no bytes.
                let mut client = Http2::connect(address, &[0, 4, 0, 0, 0, 0]).await.ok()?;
                let fields = get("/page?100000");
                let flags = flag::END_HEADERS | flag::END_STREAM;
                client
                    .say(frame(kind::HEADERS, flags, 1, &fields))
                    .await
                    .ok()?;
                client.until(kind::HEADERS).await.ok()?;
                let begun = Instant::now();
                let mut ticks = interval(Duration::from_secs(1));
                while begun.elapsed() < deadline * 2 {
                    tokio::select! {
                        _ = ticks.tick() => {
                            let window = frame(kind::WINDOW_UPDATE, 0, 1, &[0, 0, 0, 1]);
                            client.say(window).await.ok()?;
                        }
                        frame = client.next() => {
                            if frame.ok()?.kind == kind::RST_STREAM {
                                return Some(begun.elapsed());
                            }
                        }
                    }
                }
                None
            })
        })
        .collect();
    let done =
        format!("{COUNT} x F08 a window of HTTP/2 that opens by a byte a second (write_idle)");
    Ok(line(done, &all(clients).await?, deadline))
}
