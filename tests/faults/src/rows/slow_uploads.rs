//! Bodies that drip: a byte each nine seconds is below any rate.

use std::time::{Duration, Instant};

use anyhow::Result;
use serde_json::json;
use tokio::time::{sleep, timeout};

use super::slow_openers::line;
use crate::{
    bench::{Bench, all, can_open},
    client::Http1,
    row::Line,
    site::Starting,
};

const COUNT: u64 = 1000;

pub(crate) async fn run(bench: &Bench) -> Result<Vec<Line>> {
    if let Err(why) = can_open(COUNT) {
        return Ok(vec![Line::skipped("F04 bodies that drip", why)]);
    }
    // The rate counts after `body_grace`; by then the first byte has come, and the second has not.
    let (grace, pause) = (bench.of(10, 3), bench.of(9.0, 2.7));
    let limits = json!({ "body_grace": grace });
    let site = Starting::new(bench).limits(&limits).start().await?;
    let (address, pause) = (site.address, Duration::from_secs_f64(pause));
    let deadline = Duration::from_secs(grace);
    let clients = (0..COUNT)
        .map(|_| {
            tokio::spawn(async move {
                let mut client = Http1::connect(address).await.ok()?;
                let head = "POST /upload HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\nx";
                client.say(head).await.ok()?;
                let begun = Instant::now();
                let dripping = async {
                    sleep(pause).await;
                    // The answer may have come by then.
                    let _ = client.say("x").await;
                    client.answer().await.ok()
                };
                let answer = timeout(deadline * 2, dripping).await.ok()??;
                (answer.status == 408 && answer.closes()).then(|| begun.elapsed())
            })
        })
        .collect();
    let times = all(clients).await?;
    let released = site.until_released(Duration::from_millis(100)).await?;
    let done = format!("{COUNT} x F04 a byte of a body each {pause:?} (body_grace, body_rate)");
    Ok(vec![
        line(done, &times, deadline),
        Line::new(
            "F04 the app's futures behind them",
            released.map_or("some were still there".to_owned(), |_| "dropped".to_owned()),
            "dropped within 100 ms",
            released.is_some(),
        ),
    ])
}
