//! F69: everything at once, for long: memory stays flat, and nothing is left.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use anyhow::{Result, ensure};
use tokio::{net::TcpStream, time::sleep};
use tokio_rustls::{TlsConnector, rustls::pki_types::ServerName};

use crate::{
    bench::{Bench, all, kilobytes},
    client::{Http1, Http2, Numbers, flag, frame, get, kind},
    row::Line,
    site::Site,
};

const CLIENTS: u64 = 32;
const MORE: i64 = 5 * 1024 * 1024;

pub(crate) async fn run(bench: &Bench) -> Result<Vec<Line>> {
    let count: u64 = bench.of(1_000_000, 100_000);
    let site = Site::start(bench).await?;
    // What the first connections open stays.
    site.counts().await?;
    let before = (site.descriptors()?, site.counts().await?);
    let done = Arc::new(AtomicU64::new(0));
    let clients: Vec<_> = (0..CLIENTS)
        .map(|seed| {
            let client = Client {
                plain: site.address,
                tls: site.tls,
                http1: bench.connector("http/1.1"),
                http2: bench.connector("h2"),
                numbers: Numbers::from(seed),
                done: Arc::clone(&done),
            };
            tokio::spawn(client.ask(count / CLIENTS))
        })
        .collect();
    let mut at_a_tenth = None;
    while done.load(Relaxed) < count / CLIENTS * CLIENTS
        && !clients.iter().all(tokio::task::JoinHandle::is_finished)
    {
        sleep(Duration::from_millis(20)).await;
        if at_a_tenth.is_none() && done.load(Relaxed) >= count / 10 {
            at_a_tenth = Some(site.memory()?);
        }
    }
    let at_the_end = site.memory()?;
    let mut failed = Vec::new();
    for result in all(clients).await? {
        if let Err(error) = result {
            failed.push(format!("{error:#}"));
        }
    }
    // Whoever closed its side may still wait for its answer: five seconds long.
    site.until_released(Duration::from_secs(10)).await?;
    let mut after = (site.descriptors()?, site.counts().await?);
    for _ in 0..20 {
        if after.0 > before.0 {
            sleep(Duration::from_millis(100)).await;
            after = (site.descriptors()?, site.counts().await?);
        }
    }
    let more = at_the_end - at_a_tenth.unwrap_or(0);
    Ok(vec![
        Line::new(
            format!(
                "F69 {} requests: HTTP/1.1, HTTP/2, TLS, upgrades, uploads, broken off and malformed ones",
                done.load(Relaxed)
            ),
            format!(
                "{} clients failed {}",
                failed.len(),
                failed.first().map_or("", |why| why)
            ),
            "none",
            failed.is_empty(),
        ),
        Line::new(
            "F69 memory from a tenth of them to the end",
            kilobytes(more),
            "at most 5 MB more",
            more <= MORE,
        ),
        Line::new(
            "F69 descriptors, tasks and requests at the end",
            format!(
                "{}, {} and {}; at the start {}, {} and {}",
                after.0, after.1.tasks, after.1.held, before.0, before.1.tasks, before.1.held
            ),
            "as at the start",
            after.0 <= before.0 && after.1.tasks <= before.1.tasks && after.1.held == 0,
        ),
    ])
}

struct Client {
    plain: SocketAddr,
    tls: SocketAddr,
    http1: TlsConnector,
    http2: TlsConnector,
    numbers: Numbers,
    done: Arc<AtomicU64>,
}

impl Client {
    /// So many requests, in visits of up to sixteen.
    async fn ask(mut self, count: u64) -> Result<()> {
        let mut left = count;
        while left > 0 {
            let visit = (1 + self.numbers.below(16)).min(left);
            match self.numbers.below(8) {
                0..=2 => self.keep_alive(visit).await?,
                3 => self.over_tls(visit).await?,
                4 => self.over_http2(visit).await?,
                5 => self.upload(visit).await?,
                6 => self.break_off(visit).await?,
                _ => self.upgrade(visit).await?,
            }
            self.done.fetch_add(visit, Relaxed);
            left -= visit;
        }
        Ok(())
    }

    async fn keep_alive(&self, count: u64) -> Result<()> {
        let mut client = Http1::connect(self.plain).await?;
        for _ in 0..count {
            ensure!(client.get("/").await?.status == 200, "HTTP/1.1");
        }
        Ok(())
    }

    async fn over_tls(&mut self, count: u64) -> Result<()> {
        let stream = TcpStream::connect(self.tls).await?;
        let name = ServerName::try_from("localhost")?;
        if self.numbers.below(2) == 0 {
            let mut client = Http1::of(self.http1.connect(name, stream).await?);
            for _ in 0..count {
                ensure!(client.get("/page?1000").await?.body.len() == 1000, "TLS");
            }
            return Ok(());
        }
        let stream = self.http2.connect(name, stream).await?;
        let (client, connection) = h2::client::handshake(stream).await?;
        let connection = tokio::spawn(connection);
        let mut client = client.ready().await?;
        for _ in 0..count {
            let request = http::Request::get("https://localhost/page?1000").body(())?;
            let (response, _) = client.send_request(request, true)?;
            let mut body = response.await?.into_body();
            while let Some(block) = body.data().await {
                body.flow_control().release_capacity(block?.len())?;
            }
            client = client.ready().await?;
        }
        connection.abort();
        Ok(())
    }

    /// Streams of which some are reset.
    async fn over_http2(&mut self, count: u64) -> Result<()> {
        let mut client = Http2::connect(self.plain, b"").await?;
        for number in 0..u32::try_from(count)? {
            let stream = 2 * number + 1;
            let flags = flag::END_HEADERS | flag::END_STREAM;
            if self.numbers.below(8) == 0 {
                client
                    .say(frame(kind::HEADERS, flags, stream, &get("/never")))
                    .await?;
                client
                    .say(frame(kind::RST_STREAM, 0, stream, &[0, 0, 0, 8]))
                    .await?;
                continue;
            }
            client
                .say(frame(kind::HEADERS, flags, stream, &get("/")))
                .await?;
            let answer = client.until(kind::HEADERS).await?;
            ensure!(answer.stream == stream, "HTTP/2");
        }
        Ok(())
    }

    async fn upload(&mut self, count: u64) -> Result<()> {
        let mut client = Http1::connect(self.plain).await?;
        for _ in 0..count {
            let length = usize::try_from(1 + self.numbers.below(40_000))?;
            let bytes = "x".repeat(length);
            let head = "POST /upload HTTP/1.1\r\nhost: x\r\n";
            let request = if length % 2 == 0 {
                format!("{head}content-length: {length}\r\n\r\n{bytes}")
            } else {
                format!(
                    "{head}transfer-encoding: chunked\r\n\r\n{length:x}\r\n{bytes}\r\n0\r\n\r\n"
                )
            };
            client.say(request).await?;
            ensure!(
                client.answer().await?.body == length.to_string().as_bytes(),
                "upload"
            );
        }
        Ok(())
    }

    /// Clients that leave: before the answer, within it, within the request; and wrong requests.
    async fn break_off(&mut self, count: u64) -> Result<()> {
        for _ in 0..count {
            let mut client = Http1::connect(self.plain).await?;
            let what = self.numbers.below(5);
            let words = match what {
                0 => "GET /never HTTP/1.1\r\nhost: x\r\n\r\n",
                1 => "GET /big?1000000 HTTP/1.1\r\nhost: x\r\n\r\n",
                2 => "POST /upload HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\nhalf",
                3 => "GET /half HTTP/1.1\r\nho",
                _ => "GET / HTTP/1.1\r\nhost : x\r\n\r\n",
            };
            client.say(words).await?;
            // Whoever only closes its side is waited for, and so many fill the server's requests.
            if what == 0 || self.numbers.below(2) == 0 {
                client.stream.set_zero_linger()?;
            }
        }
        Ok(())
    }

    async fn upgrade(&self, count: u64) -> Result<()> {
        for _ in 0..count {
            let mut client = Http1::connect(self.plain).await?;
            let head =
                "GET /upgrade HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n";
            client.say(head).await?;
            ensure!(client.answer().await?.status == 101, "upgrade");
            client.say("hello").await?;
            ensure!(client.exactly(5).await? == b"hello", "echo");
        }
        Ok(())
    }
}
