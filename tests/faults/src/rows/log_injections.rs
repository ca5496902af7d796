//! F35: whatever a client sends that is logged: one line for each request, of printable bytes.

use std::net::SocketAddr;

use anyhow::{Result, ensure};
use rustix::process::Signal;

use crate::{
    bench::{Bench, all},
    client::{Http1, Numbers},
    row::Line,
    site::Starting,
};

const CLIENTS: u64 = 20;
/// What is hidden in targets and fields, where it may stand.
const JUNK: &[&[u8]] = &[
    b"%0d%0a127.0.0.1 - - \"GET /forged HTTP/1.1\" 200",
    b"%00%1b[2J",
    b"%E2%80%A8",
    b"\"",
    b"%22%20200%20",
    b"\\x0a",
    b"'; DROP TABLE",
    b"${jndi:ldap://x}",
    b"\xff\xfe\x80",
    b"\xe2\x80\xae",
    b"\xc2\x85",
    b"\t",
];

pub(crate) async fn run(bench: &Bench) -> Result<Vec<Line>> {
    let count = bench.of(100_000, 100_000);
    let log = bench.path("injected.log");
    let mut site = Starting::new(bench)
        .with("SITE_LOG", log.to_string_lossy())
        .start()
        .await?;
    let clients = (0..CLIENTS)
        .map(|seed| tokio::spawn(client(site.address, seed, count / CLIENTS)))
        .collect();
    for result in all(clients).await? {
        result?;
    }
    site.signal(Signal::TERM)?;
    ensure!(
        site.end(std::time::Duration::from_secs(35))
            .await?
            .is_some(),
        "it does not end"
    );
    let bytes = std::fs::read(&log)?;
    std::fs::remove_file(&log)?;
    let lines = bytes.iter().filter(|byte| **byte == b'\n').count() as u64;
    let printable = |byte: &&u8| **byte != b'\n' && !(0x20..0x7f).contains(*byte);
    let raw = bytes.iter().filter(printable).count();
    Ok(vec![Line::new(
        format!(
            "F35 {count} requests with line ends, escapes and bytes of no text in what is logged"
        ),
        format!("{lines} lines, {raw} bytes that are not printable"),
        format!("{count} and 0"),
        lines == count && raw == 0,
    )])
}

async fn client(address: SocketAddr, seed: u64, count: u64) -> Result<()> {
    let mut numbers = Numbers::from(seed);
    let mut client = Http1::connect(address).await?;
    let mut junk = || JUNK[numbers.below(JUNK.len() as u64) as usize];
    for _ in 0..count {
        let target = junk();
        // What no target may have is refused before the app, and its log, see it.
        let is_good = target
            .iter()
            .all(|byte| (0x21..0x7f).contains(byte) && *byte != b'"');
        let target = if is_good { target } else { b"x" };
        let request = [
            b"GET /named?",
            target,
            b" HTTP/1.1\r\nhost: x\r\nuser-agent: a",
            junk(),
            b"b\r\nreferer: a",
            junk(),
            b"b\r\nauthorization: Basic a",
            junk(),
            b"b\r\n\r\n",
        ];
        client.say(request.concat()).await?;
        let answer = client.answer().await?;
        ensure!(answer.status < 500, "{}", answer.head);
        if answer.closes() {
            client = Http1::connect(address).await?;
        }
    }
    Ok(())
}
