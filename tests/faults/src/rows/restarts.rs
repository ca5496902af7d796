//! F63: SIGUSR2 again and again under load: no request is lost.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use rustix::process::Signal;
use tokio::time::sleep;

use crate::{
    bench::{Bench, all},
    client::{Restless, Speaks},
    row::Line,
    site::{Site, is_alive, send},
};

pub(crate) async fn run(bench: &Bench) -> Result<Vec<Line>> {
    let (restarts, requests) = bench.of((20, 500_000), (3, 50_000));
    let mut site = Site::start(bench).await?;
    let http1 = bench.connector("http/1.1");
    let http2 = bench.connector("h2");
    let kinds = [
        ("HTTP/1.1", Speaks::Http1(site.address)),
        ("HTTP/1.1 over TLS", Speaks::Http1Tls(site.tls, http1)),
        ("HTTP/2", Speaks::Http2(site.address)),
        ("HTTP/2 over TLS", Speaks::Http2Tls(site.tls, http2)),
    ];
    let loads = kinds.map(|(name, speaks)| {
        let load = Arc::new(Restless::default());
        let clients: Vec<_> = (0..4)
            .map(|_| tokio::spawn(Arc::clone(&load).ask(speaks.clone())))
            .collect();
        (name, load, clients)
    });
    let answered = |loads: &[(_, Arc<Restless>, _)]| -> u64 {
        loads.iter().map(|(_, load, _)| load.answered()).sum()
    };
    let begun = Instant::now();
    let mut process = site.process()?;
    let mut slowest = Duration::ZERO;
    for _ in 0..restarts {
        let since = Instant::now();
        process = restart(&site, process).await?;
        slowest = slowest.max(since.elapsed());
        sleep(Duration::from_millis(200)).await;
    }
    let enough = Duration::from_secs(bench.of(300, 20));
    while answered(&loads) < requests && begun.elapsed() < enough {
        sleep(Duration::from_millis(100)).await;
    }
    let seconds = begun.elapsed().as_secs_f64();
    let sum = answered(&loads);
    let mut lines = Vec::new();
    for (name, load, clients) in loads {
        load.end();
        all(clients).await?;
        lines.push(Line::new(
            format!(
                "F63 {} requests over {name} beside {restarts} x SIGUSR2",
                load.answered()
            ),
            format!(
                "{} failed; {} connections, {} streams asked again {}",
                load.failed(),
                load.connections(),
                load.again(),
                load.why()
            ),
            "0 failed",
            load.failed() == 0 && load.connections() > restarts,
        ));
    }
    lines.push(Line::new(
        "F63 requests in all, and the time until the old process is gone",
        format!("{sum} in {seconds:.0} s; at most {slowest:.1?}"),
        format!("at least {requests}"),
        sum >= requests,
    ));
    send(process, Signal::TERM)?;
    ensure!(site.has_ended()?, "the first process is still there");
    Ok(lines)
}

/// Has another process take over, and waits until the old one is gone.
async fn restart(site: &Site, old: u32) -> Result<u32> {
    send(old, Signal::USR2)?;
    let begun = Instant::now();
    while is_alive(old)? {
        ensure!(
            begun.elapsed() < Duration::from_secs(40),
            "{old} does not end"
        );
        sleep(Duration::from_millis(20)).await;
    }
    let answer = site.connect().await?.get("/process").await?;
    let process = String::from_utf8(answer.body)?
        .parse()
        .context("no process")?;
    ensure!(process != old, "{old} answers");
    Ok(process)
}
