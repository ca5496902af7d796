//! F17: requests over HTTP/2 that would be other requests over HTTP/1.1.

use anyhow::Result;

use crate::{
    bench::Bench,
    client::{Http2, block, flag, frame, kind},
    row::Line,
    site::Site,
};

type Fields = Vec<(Vec<u8>, Vec<u8>)>;

pub(crate) async fn run(bench: &Bench) -> Result<Vec<Line>> {
    let site = Site::start(bench).await?;
    // A right one, so that the others are seen to fail for what they are.
    let right = reaches(&site, &with(b"x-a", b"b"), b"abc").await?;
    let (mut reached, mut count) = (Vec::new(), 0);
    for (fields, body) in cases() {
        count += 1;
        if reaches(&site, &fields, body).await? {
            reached.push(format!("{:?}", String::from_utf8_lossy(&block(&fields))));
        }
    }
    Ok(vec![Line::new(
        format!(
            "F17 {count} requests over HTTP/2 with line ends, NUL and spaces in fields, with framing of \
             HTTP/1.1, or with a length that is not the body's"
        ),
        format!("{} reached the app {}", reached.len(), reached.join(" ")),
        "0",
        reached.is_empty() && right && count >= 60,
    )])
}

fn with(name: &[u8], value: &[u8]) -> Fields {
    let mut fields: Fields = [
        (":method", "POST"),
        (":scheme", "http"),
        (":authority", "x"),
        (":path", "/upload"),
    ]
    .map(|(name, value)| (name.into(), value.into()))
    .into();
    match fields.iter_mut().find(|(known, _)| known == name) {
        Some((_, known)) => *known = value.to_vec(),
        None => fields.push((name.to_vec(), value.to_vec())),
    }
    fields
}

fn cases() -> Vec<(Fields, &'static [u8])> {
    let mut cases = Vec::new();
    for bad in [
        "\r\n",
        "\n",
        "\r",
        "\0",
        "\r\nx: y",
        "\r\n\r\nGET /smuggled HTTP/1.1\r\n",
    ] {
        for (name, before) in [
            ("x-a", "b"),
            (":path", "/upload"),
            (":authority", "x"),
            (":method", "POST"),
            (":scheme", "http"),
        ] {
            cases.push((
                with(name.as_bytes(), format!("{before}{bad}").as_bytes()),
                &b"abc"[..],
            ));
        }
        cases.push((with(format!("x{bad}").as_bytes(), b"y"), b"abc"));
    }
    for name in ["X-Big", "x a", "x:", " x", "x ", "", "x\u{7f}", "x\u{e9}"] {
        cases.push((with(name.as_bytes(), b"y"), b"abc"));
    }
    for (name, value) in [
        ("transfer-encoding", "chunked"),
        ("transfer-encoding", "identity"),
        ("connection", "close"),
        ("connection", "x-a"),
        ("keep-alive", "timeout=5"),
        ("proxy-connection", "keep-alive"),
        ("upgrade", "websocket"),
        ("te", "gzip"),
        ("te", "chunked"),
        ("content-length", "2"),
        ("content-length", "4"),
        ("content-length", "+3"),
        ("content-length", "0x3"),
        ("content-length", "3, 3"),
        ("content-length", ""),
        ("content-length", "-3"),
        ("host", "other"),
        (":path", ""),
        (":path", "upload"),
        (":path", "/upload HTTP/1.1"),
        (":method", "POST /smuggled HTTP/1.1"),
        (":authority", "x y"),
        (":scheme", "http://y/?"),
        (":unknown", "x"),
        (":status", "200"),
    ] {
        cases.push((with(name.as_bytes(), value.as_bytes()), b"abc"));
    }
    let mut twice = with(b"content-length", b"3");
    twice.push((b"content-length".to_vec(), b"4".to_vec()));
    cases.push((twice, b"abc"));
    let mut late = with(b"x-a", b"b");
    late.push((b":path".to_vec(), b"/smuggled".to_vec()));
    cases.push((late, b"abc"));
    cases
}

/// Whether an app has been given a whole request.
async fn reaches(site: &Site, fields: &Fields, body: &[u8]) -> Result<bool> {
    let mut client = Http2::connect(site.address, b"").await?;
    let request = [
        frame(kind::HEADERS, flag::END_HEADERS, 1, &block(fields)),
        frame(kind::DATA, flag::END_STREAM, 1, body),
    ];
    // What is refused by GOAWAY may be refused before all of it is out.
    let _ = client.say(request.concat()).await;
    while let Ok(frame) = client.next().await {
        match frame.kind {
            // `:status: 200` is number 8 of the static table.
            kind::HEADERS => return Ok(frame.payload.first() == Some(&0x88)),
            kind::RST_STREAM | kind::GOAWAY => return Ok(false),
            _ => {}
        }
    }
    Ok(false)
}
