//! F48: apps that write into their fields what a client sent.

use std::net::SocketAddr;

use anyhow::{Context, Result};

use crate::{
    bench::Bench,
    client::{Http1, Http2, flag, frame, get, kind},
    row::Line,
    site::Site,
};

/// Bytes that end a field, or that no field may have.
const BAD: &[&str] = &[
    "%0d%0a",
    "%0a",
    "%0d",
    "%00",
    "%0d%0a%20",
    "%0b",
    "%1b",
    "%7f",
    "%08",
    "%0c",
];
/// Where they stand, and what they would bring in.
const AROUND: &[(&str, &str)] = &[
    ("a", "x-injected:%20yes"),
    ("", "x-injected:%20yes"),
    ("a", ""),
    ("", ""),
    ("a%20", "content-length:%200%0d%0a%0d%0aHTTP/1.1%20200%20OK"),
    ("%e2%80%a8", "x-injected:%20yes"),
    ("%c4%8d", "%c4%8ax-injected:%20yes"),
    ("a", "set-cookie:%20a=b"),
    ("a", "%0d%0a%3cscript%3e"),
    ("a", "transfer-encoding:%20chunked"),
];

pub(crate) async fn run(bench: &Bench) -> Result<Vec<Line>> {
    let site = Site::start(bench).await?;
    let (mut injected, mut refused, mut count) = (0, 0, 0);
    for http2 in [false, true] {
        for bad in BAD {
            for (before, behind) in AROUND {
                count += 1;
                let target = format!("/field?{before}{bad}{behind}");
                let status = if http2 {
                    over_http2(site.address, &target).await?
                } else {
                    let mut client = Http1::connect(site.address).await?;
                    let answer = client.get(&target).await?;
                    let lines = ["x-injected: yes", "set-cookie: a=b", "x-reflected"];
                    injected += u64::from(lines.iter().any(|line| answer.head.contains(line)));
                    let second = client.get("/").await?;
                    injected += u64::from(second.body != b"hello");
                    answer.status
                };
                refused += u64::from(status == 500);
            }
        }
    }
    Ok(vec![Line::new(
        format!("F48 {count} values with line ends and controls, written into a field by an app"),
        format!("{injected} injected; {refused} answered 500"),
        format!("0; {count}"),
        injected == 0 && refused == count,
    )])
}

async fn over_http2(address: SocketAddr, target: &str) -> Result<u16> {
    let mut client = Http2::connect(address, b"").await?;
    let flags = flag::END_HEADERS | flag::END_STREAM;
    client
        .say(frame(kind::HEADERS, flags, 1, &get(target)))
        .await?;
    let head = client.until(kind::HEADERS).await?;
    // `:status` of 200 and 500 are numbers 8 and 14 of the static table.
    match head.payload.first().context("it is empty")? {
        0x88 => Ok(200),
        0x8e => Ok(500),
        _ => Ok(0),
    }
}
