//! F47: apps whose fields lie about their bodies: nobody may read the next answer wrong.

use anyhow::Result;

use crate::{bench::Bench, client::Http1, row::Line, site::Site};

/// What the app does, by method and path.
const CASES: &[(&str, &str)] = &[
    ("GET", "/lie/longer"),
    ("GET", "/lie/shorter"),
    ("GET", "/lie/streams-longer"),
    ("GET", "/lie/streams-shorter"),
    ("GET", "/lie/twice"),
    ("GET", "/lie/empty"),
    ("GET", "/lie/unmodified"),
    ("GET", "/lie/chunked"),
    ("HEAD", "/lie/longer"),
    ("HEAD", "/lie/streams-shorter"),
];

const EACH: usize = 50;

pub(crate) async fn run(bench: &Bench) -> Result<Vec<Line>> {
    let site = Site::start(bench).await?;
    let (mut closed, mut used_again, mut wrong) = (0, 0, Vec::new());
    for number in 0..EACH {
        for (method, path) in CASES {
            let mut client = Http1::connect(site.address).await?;
            let request = format!("{method} {path} HTTP/1.1\r\nhost: x\r\n\r\n");
            let behind = "GET /named?7 HTTP/1.1\r\nhost: x\r\n\r\n";
            // The second request comes with the first, or when it is answered.
            let at_once = number % 2 == 0;
            client
                .say(if at_once { request + behind } else { request })
                .await?;
            let Ok(first) = client.any_answer(*method == "HEAD").await else {
                // It broke off: that is seen, and read by nobody as an answer.
                closed += 1;
                continue;
            };
            if first.closes() {
                closed += 1;
                if !client.rest().await.is_empty() {
                    wrong.push(format!("{method} {path}"));
                }
                continue;
            }
            if !at_once {
                client.say(behind).await?;
            }
            match client.answer().await {
                Ok(second) if second.body == b"GET 7" => used_again += 1,
                // The server closes as it sees the lie.
                Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => closed += 1,
                _ => wrong.push(format!("{method} {path}")),
            }
        }
    }
    let count = wrong.len();
    wrong.sort();
    wrong.dedup();
    Ok(vec![Line::new(
        format!(
            "F47 {} answers that are longer or shorter than they say, or may have no body",
            EACH * CASES.len()
        ),
        format!(
            "{} wrong answers behind them, {closed} closed, {used_again} used again {}",
            count,
            wrong.join("; ")
        ),
        "0 wrong",
        wrong.is_empty() && used_again > 0 && closed > 0,
    )])
}
