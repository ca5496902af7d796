//! F65: 256 descriptors, and 2,000 clients.

use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::Result;
use serde_json::json;
use tokio::{
    net::TcpStream,
    sync::Notify,
    time::{sleep, timeout},
};

use crate::{
    bench::{Bench, all, can_open},
    client::end_of,
    row::Line,
    site::{Site, Starting},
};

const FILES: u64 = 256;
const CLIENTS: u64 = 2000;
const WATCHED: Duration = Duration::from_secs(5);

pub(crate) async fn run(bench: &Bench) -> Result<Vec<Line>> {
    if let Err(why) = can_open(CLIENTS) {
        return Ok(vec![Line::skipped("F65 few descriptors", why)]);
    }
    let mut lines = Vec::new();
    for (what, limits) in [
        (
            "below its own limit of connections (204)",
            json!({ "first_byte": 60 }),
        ),
        // So that it is the system that refuses.
        (
            "with no limit of connections",
            json!({ "first_byte": 60, "connections": 100_000 }),
        ),
    ] {
        let site = Starting::new(bench)
            .limits(&limits)
            .files(FILES)
            .start()
            .await?;
        lines.extend(crowd(&site, what).await?);
    }
    Ok(lines)
}

async fn crowd(site: &Site, what: &str) -> Result<Vec<Line>> {
    let (address, begun) = (site.address, Instant::now());
    let leave = Arc::new(Notify::new());
    let clients: Vec<_> = (0..CLIENTS)
        .map(|_| {
            let leave = Arc::clone(&leave);
            tokio::spawn(async move {
                tokio::select! {
                    () = leave.notified() => {}
                    () = insist(address) => {}
                }
            })
        })
        .collect();
    sleep(WATCHED / 5).await;
    let cpu = site.cpu()?;
    sleep(WATCHED).await;
    let cpu = site.cpu()?.saturating_sub(cpu).as_secs_f64() / WATCHED.as_secs_f64();
    let (said, watched) = (site.errors().len() as u64, begun.elapsed());
    let open = site.descriptors()?;
    leave.notify_waiters();
    all(clients).await?;
    let freed = Instant::now();
    let served = timeout(Duration::from_secs(20), async {
        loop {
            // What is lost in a full queue is sent again after a second only.
            let connecting = timeout(Duration::from_millis(100), site.connect());
            if let Ok(Ok(mut client)) = connecting.await
                && client
                    .get("/")
                    .await
                    .is_ok_and(|answer| answer.status == 200)
            {
                return;
            }
            sleep(Duration::from_millis(5)).await;
        }
    });
    let is_served = served.await.is_ok();
    let recovery = freed.elapsed();
    Ok(vec![
        Line::timed(
            format!("F65 time of a core with {FILES} descriptors and {CLIENTS} clients, {what}"),
            format!("{:.1} of 100; {open} descriptors are open", cpu * 100.0),
            "at most 5 of 100",
            cpu <= 0.05,
        ),
        Line::new(
            "F65 lines that it writes meanwhile",
            format!("{said} in {:.0} s", watched.as_secs_f64()),
            "at most one a second",
            said <= watched.as_secs() + 1,
        ),
        Line::new(
            "F65 the first answer, once the clients have left",
            format!("after {recovery:.2?}"),
            "within 1 s",
            is_served && recovery <= Duration::from_secs(1),
        ),
    ])
}

/// A client that says nothing, and comes again when it is turned away.
async fn insist(address: SocketAddr) {
    loop {
        if let Ok(mut stream) = TcpStream::connect(address).await {
            end_of(&mut stream).await;
        }
        sleep(Duration::from_millis(500)).await;
    }
}
