//! F66: an access log that takes no more lines: requests go on, and so does the log, later.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use tokio::{io::AsyncReadExt, time::sleep};

use crate::{
    bench::{Bench, all, kilobytes},
    client::{Http1, Load},
    row::Line,
    site::{Site, Starting},
};

const CLIENTS: u64 = 20;
const MORE: i64 = 8 * 1024 * 1024;

pub(crate) async fn run(bench: &Bench) -> Result<Vec<Line>> {
    let mut lines = Vec::new();
    let count = bench.of(100_000, 50_000);
    let site = Starting::new(bench)
        .with("SITE_LOG", "/dev/full")
        .start()
        .await?;
    lines.extend(load(bench, &site, "a log at /dev/full", count).await?);

    match bench.disk() {
        Err(why) => lines.push(Line::skipped("F66 a log on a disk of 64 KiB", why)),
        Ok(disk) => {
            let log = disk.join("access.log");
            let path = log.to_string_lossy();
            let site = Starting::new(bench).with("SITE_LOG", path).start().await?;
            lines.extend(load(bench, &site, "a log on a disk of 64 KiB", count).await?);
            // There is room again.
            std::fs::File::options()
                .write(true)
                .open(&log)?
                .set_len(0)?;
            let resumes =
                eventually(async || Ok(std::fs::metadata(&log)?.len() > 0), &site).await?;
            lines.push(resumed(
                "F66 the log, when the disk has room again",
                resumes,
            ));
            std::fs::remove_file(&log)?;
        }
    }

    let mut site = Starting::new(bench)
        .with("SITE_LOG", "-")
        .piped()
        .start()
        .await?;
    let mut pipe = site.stdout()?;
    lines.extend(load(bench, &site, "a log into a pipe that nobody reads", count).await?);
    // Somebody reads again.
    let reading = tokio::spawn(async move {
        let (mut buffer, mut told, mut tail) = (vec![0; 64 * 1024], false, Vec::new());
        while !told {
            let count = pipe.read(&mut buffer).await?;
            ensure!(count > 0, "the log ended");
            tail.extend_from_slice(&buffer[..count]);
            told = String::from_utf8_lossy(&tail).contains("lost");
            let keep = tail.len().saturating_sub(100);
            tail.drain(..keep);
        }
        Ok(())
    });
    let resumes = eventually(async || Ok(reading.is_finished()), &site).await?;
    lines.push(resumed(
        "F66 the log, when the pipe is read again, and the number of lost lines",
        resumes,
    ));
    Ok(lines)
}

fn resumed(done: &str, resumes: bool) -> Line {
    let figure = if resumes { "goes on" } else { "stands still" };
    Line::new(done, figure, "goes on by itself", resumes)
}

/// Whether it comes true within ten seconds, while there are requests.
async fn eventually(mut holds: impl AsyncFnMut() -> Result<bool>, site: &Site) -> Result<bool> {
    for _ in 0..100 {
        site.connect().await?.get("/").await?;
        if holds().await? {
            return Ok(true);
        }
        sleep(Duration::from_millis(100)).await;
    }
    Ok(false)
}

async fn load(bench: &Bench, site: &Site, what: &str, count: u64) -> Result<Vec<Line>> {
    let time = Duration::from_secs(bench.of(10, 2));
    let neighbours = || Load::for_time(site.address, 20, Duration::from_millis(10), time);
    let base_site = Starting::new(bench)
        .with("SITE_LOG", "/dev/null")
        .start()
        .await?;
    let base = Load::for_time(base_site.address, 20, Duration::from_millis(10), time).await?;
    drop(base_site);
    neighbours().await?;
    let before = site.memory()?;
    let address = site.address;
    let clients = (0..CLIENTS)
        .map(|_| {
            tokio::spawn(async move {
                let mut client = Http1::connect(address).await.ok()?;
                let mut failed = 0;
                for _ in 0..count / CLIENTS {
                    let answer = client.get("/").await;
                    failed += u64::from(!answer.as_ref().is_ok_and(|answer| answer.status == 200));
                    if answer.map_or(true, |answer| answer.closes()) {
                        client = Http1::connect(address).await.ok()?;
                    }
                }
                Some(failed)
            })
        })
        .collect();
    let mut failed = 0;
    for one in all(clients).await? {
        failed += one.context("the site does not listen")?;
    }
    let full = neighbours().await?;
    let more = site.memory()? - before;
    let (base_p99, full_p99) = (base.p99(), full.p99());
    Ok(vec![
        Line::new(
            format!("F66 {count} requests with {what}"),
            format!("{failed} failed; {} of memory more", kilobytes(more)),
            "0 failed; at most 8 MB more",
            failed + full.failed == 0 && more <= MORE,
        ),
        Line::timed(
            format!("F66 p99 of {} requests with {what}", full.count()),
            format!("{full_p99:?}, where it is written {base_p99:?}"),
            "at most 1.1 times",
            full_p99 <= base_p99.mul_f64(1.1),
        ),
    ])
}
