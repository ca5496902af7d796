//! F45: clients that leave while the app works: its future is dropped.

use std::{
    collections::HashMap,
    net::SocketAddr,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use anyhow::{Context, Result};
use tokio::{io::AsyncWriteExt, net::TcpStream, time::sleep};
use tokio_rustls::{TlsConnector, client::TlsStream, rustls::pki_types::ServerName};

use crate::{
    bench::{Bench, all},
    client::{Http1, Http2, flag, frame, get, kind},
    row::Line,
    site::{Site, Starting},
};

/// Requests at once: below those that a server answers at once.
const WAVE: u64 = 500;

/// A client that asks, and how it leaves.
#[derive(Clone, Copy)]
enum Leaves {
    Reset,
    End,
    TlsReset,
    TlsEnd,
    ResetStream,
}

pub(crate) async fn run(bench: &Bench) -> Result<Vec<Line>> {
    let count = bench.of(10_000, 1_000);
    let site = Site::start(bench).await?;
    // Whoever closes its side may wait for the answer, so that is waited for by default.
    let strict = Starting::new(bench)
        .with("SITE_HALF_CLOSE", "0")
        .start()
        .await?;
    let mut lines = Vec::new();
    for (site, what, leaves, most) in [
        (&site, "a reset of TCP", Leaves::Reset, 100),
        (&site, "a reset of TCP under TLS", Leaves::TlsReset, 100),
        (&site, "RST_STREAM of HTTP/2", Leaves::ResetStream, 50),
        (
            &strict,
            "the end of TCP, without patience",
            Leaves::End,
            100,
        ),
        (
            &strict,
            "the end of TLS, without patience",
            Leaves::TlsEnd,
            100,
        ),
        (
            &site,
            "the end of TCP, with the patience of 5 s for it",
            Leaves::End,
            5_100,
        ),
        (
            &site,
            "the end of TLS, with that patience",
            Leaves::TlsEnd,
            5_100,
        ),
    ] {
        // A wave that takes five seconds is enough once.
        let count = if most > 1000 { WAVE } else { count };
        let connector = bench.connector("http/1.1");
        let mut delays = Vec::new();
        for wave in 0..count / WAVE {
            delays.extend(leave(site, &connector, leaves, wave, most).await?);
        }
        delays.sort_unstable();
        let p99 = delays.get(delays.len() * 99 / 100).copied().unwrap_or(0) / 1000;
        let all = delays.len() as u64 == count;
        let figure = format!(
            "{} futures dropped, 99 of 100 within {p99} ms",
            delays.len()
        );
        let wanted = format!("all, within {most} ms");
        let done = format!("F45 {count} clients that leave by {what}");
        let line = if all { Line::timed } else { Line::new };
        lines.push(line(done, figure, wanted, all && p99 <= most));
    }
    Ok(lines)
}

/// Microseconds from when each client of a wave left until its future was dropped.
async fn leave(
    site: &Site,
    connector: &TlsConnector,
    leaves: Leaves,
    wave: u64,
    at_most: u64,
) -> Result<Vec<u64>> {
    // Those of before are nobody's here.
    drops(site).await?;
    let held = site.counts().await?.held;
    let clients = (0..WAVE).map(|number| {
        let (connector, number) = (connector.clone(), wave * WAVE + number + 1);
        let (plain, tls) = (site.address, site.tls);
        tokio::spawn(async move {
            let client = ask(plain, tls, &connector, leaves, number).await?;
            Ok::<_, anyhow::Error>((number, client))
        })
    });
    let mut clients: HashMap<u64, Client> = all(clients.collect())
        .await?
        .into_iter()
        .collect::<Result<_>>()?;
    while site.counts().await?.held < held + WAVE {
        sleep(Duration::from_millis(5)).await;
    }
    let mut left = HashMap::new();
    for (number, client) in &mut clients {
        left.insert(*number, now());
        client.leave(leaves).await?;
        // So that what is measured is not how fast 500 can leave.
        sleep(Duration::from_micros(200)).await;
    }
    site.until_released(Duration::from_millis(at_most * 2 + 2_000))
        .await?;
    let mut delays = Vec::new();
    for (number, dropped) in drops(site).await? {
        let left = left.remove(&number).context("it has left")?;
        delays.push(dropped.saturating_sub(left));
    }
    Ok(delays)
}

enum Client {
    Plain(Option<Http1<TcpStream>>),
    Tls(Option<Box<Http1<TlsStream<TcpStream>>>>),
    Http2(Http2),
}

async fn ask(
    plain: SocketAddr,
    tls: SocketAddr,
    connector: &TlsConnector,
    leaves: Leaves,
    number: u64,
) -> Result<Client> {
    let words = format!("GET /never?{number} HTTP/1.1\r\nhost: x\r\n\r\n");
    Ok(match leaves {
        Leaves::Reset | Leaves::End => {
            let mut client = Http1::connect(plain).await?;
            client.say(words).await?;
            Client::Plain(Some(client))
        }
        Leaves::TlsReset | Leaves::TlsEnd => {
            let stream = TcpStream::connect(tls).await?;
            let name = ServerName::try_from("localhost")?;
            let mut client = Http1::of(connector.connect(name, stream).await?);
            client.say(words).await?;
            Client::Tls(Some(Box::new(client)))
        }
        Leaves::ResetStream => {
            let mut client = Http2::connect(plain, b"").await?;
            let flags = flag::END_HEADERS | flag::END_STREAM;
            let fields = get(&format!("/never?{number}"));
            client.say(frame(kind::HEADERS, flags, 1, &fields)).await?;
            Client::Http2(client)
        }
    })
}

impl Client {
    async fn leave(&mut self, leaves: Leaves) -> Result<()> {
        match self {
            Client::Plain(client) => {
                let mut client = client.take().context("it leaves once")?;
                match leaves {
                    Leaves::Reset => client.stream.set_zero_linger()?,
                    _ => client.stream.shutdown().await?,
                }
            }
            Client::Tls(client) => {
                let mut client = client.take().context("it leaves once")?;
                match leaves {
                    Leaves::TlsReset => client.stream.get_ref().0.set_zero_linger()?,
                    _ => client.stream.shutdown().await?,
                }
            }
            Client::Http2(client) => {
                client
                    .say(frame(kind::RST_STREAM, 0, 1, &[0, 0, 0, 8]))
                    .await?;
            }
        }
        Ok(())
    }
}

async fn drops(site: &Site) -> Result<Vec<(u64, u64)>> {
    let answer = site.connect().await?.get("/drops").await?;
    Ok(serde_json::from_slice(&answer.body)?)
}

fn now() -> u64 {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    u64::try_from(now.as_micros()).unwrap_or(u64::MAX)
}
