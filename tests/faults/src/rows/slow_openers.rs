//! Clients that begin, and do not go on: each is let go when its time is over.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use anyhow::Result;
use serde_json::json;
use tokio::{io::AsyncWriteExt, net::TcpStream, time::timeout};

use crate::{
    bench::{Bench, all, can_open},
    client::{Http2, end_of, flag, frame, kind},
    row::Line,
    site::{Site, Starting},
};

const COUNT: u64 = 1000;
/// How much later than its deadline a client is let go at most.
const SLACK: Duration = Duration::from_secs(1);

/// What a client says, and where.
struct Opener {
    done: &'static str,
    says: &'static [u8],
    to_tls: bool,
    limit: &'static str,
}

const OPENERS: &[Opener] = &[
    Opener {
        done: "F01 silent TCP connection",
        says: b"",
        to_tls: false,
        limit: "first_byte",
    },
    Opener {
        done: "F02 one byte",
        says: b"G",
        to_tls: false,
        limit: "head",
    },
    Opener {
        done: "F03 half a head",
        says: b"GET / HTTP/1.1\r\nhost: x\r\nx-a: b",
        to_tls: false,
        limit: "head",
    },
    Opener {
        done: "F02 `PRI *`, then silence",
        says: b"PRI *",
        to_tls: false,
        limit: "first_byte",
    },
    Opener {
        done: "F02 the whole preface of HTTP/2, then silence",
        says: b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        to_tls: false,
        limit: "first_byte",
    },
    Opener {
        done: "F06 TLS, no hello",
        says: b"",
        to_tls: true,
        limit: "tls_handshake",
    },
    Opener {
        done: "F06 TLS, half a hello",
        // A record of 512 bytes with a ClientHello, of which 16 come.
        says: b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03hello",
        to_tls: true,
        limit: "tls_handshake",
    },
];

pub(crate) async fn run(bench: &Bench) -> Result<Vec<Line>> {
    let openers = OPENERS.len() as u64 + 1;
    if let Err(why) = can_open(openers * COUNT) {
        return Ok(vec![Line::skipped("clients that open and wait", why)]);
    }
    let (deadline, rest) = (bench.of(10, 3), bench.of(60, 4));
    let limits = json!({
        "first_byte": deadline, "head": deadline, "tls_handshake": deadline,
        "http2_keep_alive": rest,
    });
    let deadline = Duration::from_secs(deadline);
    let site = Starting::new(bench).limits(&limits).start().await?;
    let waits: Vec<_> = OPENERS
        .iter()
        .map(|opener| open(&site, opener, deadline))
        .collect();
    let resting = Duration::from_secs(rest);
    let (opened, rested) = tokio::join!(
        futures_util::future::try_join_all(waits),
        rest_on_http2(site.address, resting),
    );
    let mut lines = opened?;
    lines.push(rested?);
    Ok(lines)
}

async fn open(site: &Site, opener: &'static Opener, deadline: Duration) -> Result<Line> {
    let address = if opener.to_tls {
        site.tls
    } else {
        site.address
    };
    let clients = (0..COUNT)
        .map(|_| {
            tokio::spawn(async move {
                let opened = Instant::now();
                let mut stream = TcpStream::connect(address).await.ok()?;
                stream.write_all(opener.says).await.ok()?;
                let begun = Instant::now();
                let most = deadline + SLACK * 5;
                timeout(most, end_of(&mut stream)).await.ok()?;
                // The server may have seen the client before the client has seen that.
                Some(begun.elapsed().max(opened.elapsed().min(deadline)))
            })
        })
        .collect();
    let done = format!("{COUNT} x {} ({})", opener.done, opener.limit);
    Ok(line(done, &all(clients).await?, deadline))
}

/// A connection of HTTP/2 that has had a request, and asks for nothing more: half of the clients
/// ask by PING whether the server is there.
async fn rest_on_http2(address: SocketAddr, deadline: Duration) -> Result<Line> {
    let clients = (0..COUNT)
        .map(|number| {
            tokio::spawn(async move {
                let mut client = Http2::connect(address, b"").await.ok()?;
                let request = b"\x82\x86\x84\x41\x01x";
                let flags = flag::END_HEADERS | flag::END_STREAM;
                client
                    .say(frame(kind::HEADERS, flags, 1, request))
                    .await
                    .ok()?;
                client.until(kind::DATA).await.ok()?;
                let begun = Instant::now();
                if number % 2 == 0 {
                    client.say(frame(kind::PING, 0, 0, &[0; 8])).await.ok()?;
                }
                client.until(kind::GOAWAY).await.ok()?;
                let reading = end_of(&mut client.stream);
                timeout(SLACK * 5, reading).await.ok()?;
                Some(begun.elapsed())
            })
        })
        .collect();
    let done =
        format!("{COUNT} x F07 HTTP/2 without a stream, with PING and without (http2_keep_alive)");
    Ok(line(done, &all(clients).await?, deadline))
}

/// How many were let go in time, and when the first and the last were.
pub(crate) fn line(done: String, times: &[Option<Duration>], deadline: Duration) -> Line {
    let due = deadline.saturating_sub(SLACK)..=deadline + SLACK;
    let in_time = times
        .iter()
        .flatten()
        .filter(|time| due.contains(*time))
        .count();
    let first = times.iter().flatten().min().copied().unwrap_or_default();
    let last = times.iter().flatten().max().copied().unwrap_or_default();
    Line::new(
        done,
        format!(
            "{in_time} of {} closed after {:.2} to {:.2} s",
            times.len(),
            first.as_secs_f64(),
            last.as_secs_f64()
        ),
        format!("all, {} s, give or take one", deadline.as_secs()),
        in_time == times.len(),
    )
}
