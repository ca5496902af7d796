//! F13: apps that answer before they have read a body, in which a request is hidden.

use std::net::SocketAddr;

use anyhow::{Result, ensure};

use crate::{
    bench::{Bench, all},
    client::{Http1, Numbers},
    row::Line,
    site::Site,
};

const CLIENTS: u64 = 20;

pub(crate) async fn run(bench: &Bench) -> Result<Vec<Line>> {
    let count = bench.of(10_000, 2_000);
    let site = Site::start(bench).await?;
    let address = site.address;
    let clients = (0..CLIENTS)
        .map(|seed| tokio::spawn(client(address, seed, count / CLIENTS)))
        .collect();
    let (mut reused, mut wrong) = (0, 0);
    for result in all(clients).await? {
        let (one_reused, one_wrong) = result?;
        reused += one_reused;
        wrong += one_wrong;
    }
    let smuggled = site.counts().await?.smuggled;
    Ok(vec![Line::new(
        format!(
            "F13 {count} bodies that are not read, with a request in them, and one behind them"
        ),
        format!(
            "{smuggled} hidden requests answered, {wrong} wrong answers, {reused} connections used again"
        ),
        "0 and 0",
        smuggled == 0 && wrong == 0 && reused > 0 && reused < count,
    )])
}

/// How often a connection could be used again, and how often it answered something else.
async fn client(address: SocketAddr, seed: u64, count: u64) -> Result<(u64, u64)> {
    const HIDDEN: &str = "GET /smuggled HTTP/1.1\r\nhost: x\r\n\r\n";
    let mut numbers = Numbers::from(seed);
    let (mut reused, mut wrong) = (0, 0);
    for _ in 0..count {
        let mut client = Http1::connect(address).await?;
        let status = [400, 401, 404, 413][usize::try_from(numbers.below(4))?];
        // Around what is read to its end, and around what is not.
        let size = [100, 8_000, 60_000, 70_000, 300_000][usize::try_from(numbers.below(5))?];
        let method = ["POST", "PUT", "GET", "DELETE"][usize::try_from(numbers.below(4))?];
        let body = HIDDEN.repeat(size / HIDDEN.len() + 1);
        let head = format!("{method} /refuse?{status} HTTP/1.1\r\nhost: x\r\n");
        let request = if numbers.below(2) == 0 {
            format!("{head}content-length: {}\r\n\r\n{body}", body.len())
        } else {
            let length = body.len();
            format!("{head}transfer-encoding: chunked\r\n\r\n{length:x}\r\n{body}\r\n0\r\n\r\n")
        };
        // Half of the clients send it all at once, with what is behind it.
        let behind = "GET /named?7 HTTP/1.1\r\nhost: x\r\n\r\n";
        let at_once = numbers.below(2) == 0;
        let words = if at_once {
            format!("{request}{behind}")
        } else {
            request
        };
        // The server may have answered and closed before all of it is out.
        let said = client.say(&words).await;
        let first = client.answer().await?;
        ensure!(first.status == status, "{} for {status}", first.status);
        if first.closes() {
            wrong += u64::from(!client.rest().await.is_empty());
            continue;
        }
        said?;
        if !at_once {
            client.say(behind).await?;
        }
        let second = client.answer().await?;
        reused += 1;
        wrong += u64::from(second.body != b"GET 7");
    }
    Ok((reused, wrong))
}
