//! F64: SIGTERM while six kinds of clients hang on: the server ends within its grace.

use std::time::Duration;

use anyhow::{Context, Result};
use rustix::process::Signal;
use tokio::{net::TcpStream, time::sleep};

use crate::{
    bench::Bench,
    client::{Http1, Http2},
    row::Line,
    site::{Site, Starting},
};

const GRACE: Duration = Duration::from_millis(500);
/// How much longer than its grace it may take.
const SLACK: Duration = Duration::from_millis(500);

pub(crate) async fn run(bench: &Bench) -> Result<Vec<Line>> {
    let count = bench.of(100, 10);
    let (mut in_time, mut longest) = (0, Duration::ZERO);
    for _ in 0..count {
        let mut site = Starting::new(bench)
            .with("SITE_GRACE", GRACE.as_secs_f64().to_string())
            .start()
            .await?;
        let _peers = Peers::of(&site).await?;
        // The server has seen all of them.
        while site.counts().await?.held < 4 {
            sleep(Duration::from_millis(5)).await;
        }
        site.signal(Signal::TERM)?;
        let took = site
            .end(Duration::from_secs(30))
            .await?
            .context("it does not end")?;
        in_time += u32::from(took <= GRACE + SLACK);
        longest = longest.max(took);
    }
    Ok(vec![Line::new(
        format!(
            "F64 {count} x SIGTERM beside a client at rest, half a hello of TLS, HTTP/2 without a frame, \
             an upgraded connection, events without end, and an upload that stalls; grace {GRACE:?}"
        ),
        format!("{in_time} ended in time, the last after {longest:.2?}"),
        format!("all within {:?}", GRACE + SLACK),
        in_time == count,
    )])
}

/// Clients that would keep a server for ever.
struct Peers {
    _idle: Http1<TcpStream>,
    _hello: Http1<TcpStream>,
    _preface: Http1<TcpStream>,
    _upgraded: Http1<TcpStream>,
    _events: Http1<TcpStream>,
    _upload: Http1<TcpStream>,
    _reader: Http1<TcpStream>,
    _silent: Http2,
}

impl Peers {
    async fn of(site: &Site) -> Result<Peers> {
        let mut idle = site.connect().await?;
        idle.get("/").await?;
        let mut hello = Http1::connect(site.tls).await?;
        hello
            .say(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03hello")
            .await?;
        let mut preface = site.connect().await?;
        preface.say("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await?;
        let mut upgraded = site.connect().await?;
        let head =
            "GET /upgrade HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n";
        upgraded.say(head).await?;
        upgraded.answer().await?;
        let mut events = site.connect().await?;
        events
            .say("GET /events HTTP/1.1\r\nhost: x\r\n\r\n")
            .await?;
        let mut upload = site.connect().await?;
        let head = "POST /upload HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nhalf";
        upload.say(head).await?;
        let mut reader = site.connect().await?;
        reader
            .say("GET /big?100000000 HTTP/1.1\r\nhost: x\r\n\r\n")
            .await?;
        let silent = Http2::connect(site.address, b"").await?;
        Ok(Peers {
            _idle: idle,
            _hello: hello,
            _preface: preface,
            _upgraded: upgraded,
            _events: events,
            _upload: upload,
            _reader: reader,
            _silent: silent,
        })
    }
}
