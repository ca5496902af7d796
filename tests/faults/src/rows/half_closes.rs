//! F46: clients that close their side behind a whole request, and wait for the answer.

use anyhow::Result;
use tokio::io::AsyncWriteExt;

use crate::{
    bench::{Bench, all},
    client::Http1,
    row::Line,
    site::Site,
};

const CLIENTS: u64 = 20;

pub(crate) async fn run(bench: &Bench) -> Result<Vec<Line>> {
    let count = bench.of(10_000, 10_000);
    let site = Site::start(bench).await?;
    let address = site.address;
    let clients = (0..CLIENTS)
        .map(|client| {
            tokio::spawn(async move {
                let mut answered = 0;
                for number in 0..count / CLIENTS {
                    // Some are answered at once, and some when the server has seen the end.
                    let (path, body) = match (client + number) % 10 {
                        0 => ("/sleep?20", "slept"),
                        _ => ("/", "hello"),
                    };
                    let mut client = Http1::connect(address).await?;
                    client
                        .say(format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n"))
                        .await?;
                    client.stream.shutdown().await?;
                    let answer = client.answer().await;
                    answered +=
                        u64::from(answer.is_ok_and(|answer| answer.body == body.as_bytes()));
                }
                Ok::<_, std::io::Error>(answered)
            })
        })
        .collect();
    let mut answered = 0;
    for one in all(clients).await? {
        answered += one?;
    }
    Ok(vec![Line::new(
        format!("F46 {count} clients that close their side behind the request"),
        format!("{answered} whole answers"),
        "all",
        answered == count,
    )])
}
