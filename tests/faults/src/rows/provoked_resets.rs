//! F19: streams that the server itself resets, since the client asks for it (MadeYouReset).

use anyhow::Result;

use crate::{
    bench::Bench,
    client::{Http2, block, flag, frame, get, kind, request},
    row::Line,
    site::Site,
};

/// Streams that each client opens.
const COUNT: u32 = 5000;

const TRIGGERS: &[&str] = &[
    "WINDOW_UPDATE by nothing",
    "WINDOW_UPDATE beyond all windows",
    "HEADERS on a stream that its client has ended",
    "DATA on a stream that its client has ended",
    "PRIORITY of a stream on itself",
    "DATA that is not as long as Content-Length",
];

pub(crate) async fn run(bench: &Bench) -> Result<Vec<Line>> {
    let site = Site::start(bench).await?;
    let mut lines = Vec::new();
    for trigger in TRIGGERS {
        let before = site.counts().await?.begun;
        let client = Http2::connect(site.address, b"").await?;
        let flood = (0..COUNT).flat_map(|number| stream(trigger, 2 * number + 1));
        let flooded = client.flood(flood.collect()).await;
        let begun = site.counts().await?.begun - before - 1;
        let ended = flooded.goaway.map_or("no GOAWAY".to_owned(), |goaway| {
            format!("GOAWAY ({})", goaway.reason().unwrap_or_default())
        });
        // Where nothing is reset, nothing is provoked.
        let is_bounded = flooded.resets == 0 || ended != "no GOAWAY";
        lines.push(Line::new(
            format!("F19 {COUNT} streams with {trigger}"),
            format!(
                "{ended} after {} resets; {begun} requests began",
                flooded.resets
            ),
            "GOAWAY; at most 1,024 resets",
            flooded.resets <= 1024 && is_bounded,
        ));
    }
    Ok(lines)
}

/// A stream, and what makes a server reset it.
fn stream(trigger: &str, stream: u32) -> Vec<u8> {
    const WHOLE: u8 = flag::END_HEADERS | flag::END_STREAM;
    let fields = get("/never");
    let open = frame(
        kind::HEADERS,
        flag::END_HEADERS,
        stream,
        &request("POST", "/upload"),
    );
    let ended = frame(kind::HEADERS, WHOLE, stream, &fields);
    match trigger {
        "WINDOW_UPDATE by nothing" => {
            [open, frame(kind::WINDOW_UPDATE, 0, stream, &[0; 4])].concat()
        }
        "WINDOW_UPDATE beyond all windows" => {
            let most = [0x7f, 0xff, 0xff, 0xff];
            [open, frame(kind::WINDOW_UPDATE, 0, stream, &most)].concat()
        }
        "HEADERS on a stream that its client has ended" => [ended.clone(), ended].concat(),
        "DATA on a stream that its client has ended" => {
            [ended, frame(kind::DATA, flag::END_STREAM, stream, b"x")].concat()
        }
        "PRIORITY of a stream on itself" => {
            let itself = [&stream.to_be_bytes()[..], &[9]].concat();
            [open, frame(kind::PRIORITY, 0, stream, &itself)].concat()
        }
        _ => {
            let mut fields = request("POST", "/upload");
            fields.extend(block(&[("content-length", "2")]));
            let head = frame(kind::HEADERS, flag::END_HEADERS, stream, &fields);
            [head, frame(kind::DATA, flag::END_STREAM, stream, b"xyz")].concat()
        }
    }
}
