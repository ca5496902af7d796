//! F14: a thousand requests at once, with bodies or without, of mixed methods.

use anyhow::Result;
use tokio::{
    io::{AsyncWriteExt, join, sink},
    net::TcpStream,
};

use crate::{
    bench::{Bench, kilobytes},
    client::Http1,
    row::Line,
    site::Site,
};

const COUNT: u64 = 1000;

pub(crate) async fn run(bench: &Bench) -> Result<Vec<Line>> {
    let site = Site::start(bench).await?;
    // What the first connection takes is not the pipeline's.
    ask(&site).await?;
    let before = site.memory()?;
    let in_order = ask(&site).await?;
    let more = site.memory()? - before;
    Ok(vec![
        Line::new(
            format!("F14 a pipeline of {COUNT} requests with bodies, of mixed methods"),
            format!("{in_order} answered in order"),
            "all",
            in_order == COUNT,
        ),
        Line::new(
            "F14 memory for it",
            kilobytes(more),
            "at most 1 MB",
            more <= 1 << 20,
        ),
    ])
}

/// How many answers come in order.
async fn ask(site: &Site) -> Result<u64> {
    let requests: String = (0..COUNT).map(|number| request(number).1).collect();
    let stream = TcpStream::connect(site.address).await?;
    let (reading, mut writing) = stream.into_split();
    // Whoever does not read meanwhile is not written to for ever.
    let sending = tokio::spawn(async move {
        writing.write_all(requests.as_bytes()).await?;
        Ok::<_, std::io::Error>(writing)
    });
    let mut client = Http1::of(join(reading, sink()));
    let mut in_order = 0;
    for number in 0..COUNT {
        let (method, _) = request(number);
        let is_head = method == "HEAD";
        let answer = client.any_answer(is_head).await?;
        let wanted = format!("{method} {number}");
        let is_right = is_head || answer.body == wanted.as_bytes();
        in_order += u64::from(answer.status == 200 && is_right);
    }
    sending.await??;
    Ok(in_order)
}

fn request(number: u64) -> (&'static str, String) {
    let method =
        ["GET", "POST", "HEAD", "PUT", "OPTIONS"][usize::try_from(number % 5).unwrap_or(0)];
    let head = format!("{method} /named?{number} HTTP/1.1\r\nhost: x\r\n");
    let rest = match number % 3 {
        0 => "\r\n",
        1 => "content-length: 5\r\n\r\nhello",
        _ => "transfer-encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n",
    };
    (method, head + rest)
}
