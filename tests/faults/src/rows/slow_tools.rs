//! slowhttptest in its four modes, with a probe beside it.

use std::{process::Stdio, time::Duration};

use anyhow::{Context, Result};
use tokio::{process::Command, time::sleep};

use crate::{
    bench::{Bench, kilobytes},
    row::Line,
    site::Site,
};

/// Seconds that each mode lasts.
const LONG: u64 = 60;

/// What is done, the mode, connections, and the path and options.
const MODES: &[(&str, &str, &str, &str, &str)] = &[
    ("slow heads", "-H", "4000", "/", "-i 5 -x 24"),
    ("slow bodies", "-B", "4000", "/upload", "-i 9 -s 8192 -x 10"),
    (
        "overlapping ranges",
        "-R",
        "4000",
        "/page?100000",
        "-a 1 -b 3000",
    ),
    (
        "slow readers",
        "-X",
        "1000",
        "/big?10000000",
        "-w 10 -y 20 -n 5 -z 32",
    ),
];

pub(crate) async fn run(bench: &Bench) -> Result<Vec<Line>> {
    let mut lines = Vec::new();
    for mode in MODES {
        let site = Site::start(bench).await?;
        lines.push(attack(&site, mode).await?);
    }
    Ok(lines)
}

async fn attack(
    site: &Site,
    (what, mode, connections, path, options): &(&str, &str, &str, &str, &str),
) -> Result<Line> {
    let done = format!("F03 to F05 slowhttptest {mode}, {connections} connections: {what}");
    let spawned = Command::new("slowhttptest")
        .arg(mode)
        .args([
            "-c",
            connections,
            "-r",
            "500",
            "-p",
            "5",
            "-l",
            &LONG.to_string(),
        ])
        .args(options.split(' '))
        .args(["-u", &format!("http://{}{path}", site.address)])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn();
    let Ok(child) = spawned else {
        return Ok(Line::skipped(done, "slowhttptest is not installed"));
    };
    let before = site.memory()?;
    // A probe of our own: a new connection each half second, served within a second.
    let probing = async {
        let (mut probes, mut good, mut most) = (0, 0, 0);
        loop {
            sleep(Duration::from_millis(500)).await;
            probes += 1;
            let probe = async {
                site.connect()
                    .await?
                    .get("/")
                    .await
                    .map_err(anyhow::Error::from)
            };
            let answer = tokio::time::timeout(Duration::from_secs(1), probe).await;
            good += u64::from(answer.is_ok_and(|answer| answer.is_ok_and(|it| it.status == 200)));
            most = most.max(site.memory().unwrap_or(0));
            if probes >= 2 * LONG {
                return (probes, good, most);
            }
        }
    };
    let ((probes, good, most), output) = tokio::join!(probing, child.wait_with_output());
    let output = output.context("slowhttptest")?;
    let said = String::from_utf8_lossy(&output.stdout);
    let available = said.matches("YES").count();
    let not = said.matches("NO").count();
    let connections: i64 = connections.parse()?;
    Ok(Line::new(
        done,
        format!(
            "{good} of {probes} probes answered within 1 s; the tool says available {available} times, \
             not {not} times; {} of memory for each",
            kilobytes((most - before) / connections)
        ),
        "available throughout",
        good == probes && available > 0 && not == 0,
    ))
}
