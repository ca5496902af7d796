//! F26: heads, targets, chunk extensions and trailers that are larger than they may be.

use std::net::SocketAddr;

use anyhow::Result;

use crate::{
    bench::{Bench, all},
    client::Http1,
    row::Line,
    site::Site,
};

const CLIENTS: usize = 10;

pub(crate) async fn run(bench: &Bench) -> Result<Vec<Line>> {
    let count = bench.of(1000, 200);
    let site = Site::start(bench).await?;
    let mut lines = Vec::new();
    for (what, words, status) in cases() {
        let clients = (0..CLIENTS)
            .map(|_| tokio::spawn(client(site.address, words.clone(), status, count / CLIENTS)))
            .collect();
        let seen: usize = all(clients).await?.into_iter().sum();
        lines.push(Line::new(
            format!("F26 {count} x {what}"),
            format!("{status} was read {seen} times"),
            "99 of 100",
            seen * 100 >= count * 99,
        ));
    }
    Ok(lines)
}

fn cases() -> Vec<(&'static str, String, u16)> {
    let get =
        |target: &str, fields: &str| format!("GET {target} HTTP/1.1\r\nhost: x\r\n{fields}\r\n");
    let post = "POST /upload HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n";
    // Fields of 4 KiB, since one alone may have 8 KiB.
    let field = |number: usize| format!("x-{number}: {}\r\n", "a".repeat(4090));
    let fields = |count: usize| {
        (0..count)
            .map(|n| format!("x-{n}: a\r\n"))
            .collect::<String>()
    };
    vec![
        // `Host` is the first one.
        ("a head of 101 fields", get("/", &fields(100)), 431),
        (
            "a head above 32 KiB",
            get("/", &(0..8).map(field).collect::<String>()),
            431,
        ),
        (
            "a head of 1 MB",
            get("/", &(0..250).map(field).collect::<String>()),
            431,
        ),
        (
            "a target above 8 KiB",
            get(&format!("/{}", "a".repeat(8192)), ""),
            414,
        ),
        (
            "a target of 1 MB",
            get(&format!("/{}", "a".repeat(1 << 20)), ""),
            414,
        ),
        (
            "a chunk extension of 64 KiB",
            format!("{post}5;a={}\r\nhello\r\n0\r\n\r\n", "b".repeat(65536)),
            400,
        ),
        (
            "trailers of 64 KiB",
            format!("{post}0\r\n{}\r\n", (0..16).map(field).collect::<String>()),
            431,
        ),
        (
            "101 trailers",
            format!("{post}0\r\n{}\r\n", fields(101)),
            431,
        ),
    ]
}

/// How often the client could read the status.
async fn client(address: SocketAddr, words: String, status: u16, count: usize) -> usize {
    let mut seen = 0;
    for _ in 0..count {
        let Ok(mut client) = Http1::connect(address).await else {
            continue;
        };
        // All of it is sent, or as much as the server takes, before anything is read.
        let _ = client.say(&words).await;
        let answer = client.answer().await;
        seen += usize::from(answer.is_ok_and(|answer| answer.status == status && answer.closes()));
    }
    seen
}
