//! Any response as what a web server reads: one head, and no more bytes than it promises.
//!
//! `cargo +nightly fuzz run cgi_head`

#![no_main]

use std::sync::Arc;

use bytes::Bytes;
use enfilade_adapters::gateway::{Outgoing, Style};
use enfilade_core::{Body, BodyError, ErrorSink, Gateway, Request, Response};
use futures_util::{FutureExt, stream};
use http::{HeaderName, HeaderValue, Method, StatusCode};
use libfuzzer_sys::fuzz_target;

mod allocation;

/// The names that mean something, here or to a web server.
const NAMES: [&str; 12] = [
    "content-length",
    "location",
    "status",
    "connection",
    "transfer-encoding",
    "upgrade",
    "trailer",
    "x-accel-redirect",
    "x-sendfile",
    "x-lighttpd-send-file",
    "set-cookie",
    "etag",
];

type Fields<'a> = Vec<(u8, &'a [u8])>;

fuzz_target!(|input: (u16, u8, Fields<'_>, Vec<Option<&[u8]>>)| {
    let (status, choice, fields, blocks) = input;
    let size = fields
        .iter()
        .map(|(_, value)| value.len() + 64)
        .sum::<usize>();
    let size = size
        + blocks
            .iter()
            .flatten()
            .map(|block| block.len() + 64)
            .sum::<usize>();
    allocation::bounded(size, || {
        let is_head = choice & 1 == 1;
        let style = if choice & 2 == 2 {
            Style::Http
        } else {
            Style::Status
        };
        let in_memory = choice & 4 == 4;
        let mut response = Response::new(body(&blocks, in_memory));
        if let Ok(status) = StatusCode::from_u16(100 + status % 900) {
            *response.status_mut() = status;
        }
        for (name, value) in fields {
            let name = match NAMES.get(usize::from(name)) {
                Some(name) => HeaderName::from_static(name),
                None => match HeaderName::from_bytes(value) {
                    Ok(name) => name,
                    Err(_) => continue,
                },
            };
            if let Ok(value) = HeaderValue::from_bytes(value) {
                response.headers_mut().append(name, value);
            }
        }
        let mut request = Request::default();
        if is_head {
            *request.method_mut() = Method::HEAD;
        }
        let response = std::sync::Mutex::new(Some(response));
        let app = move |_: Request| {
            let response = response.lock().expect("no panic").take();
            std::future::ready(response.unwrap_or_default())
        };
        let response = Gateway::new(app)
            .answer(request)
            .now_or_never()
            .expect("no wait");
        check(
            Outgoing::new(style, is_head, response, Arc::new(Quiet)),
            style,
            is_head,
        );
    });
});

/// Blocks, of which a missing one is a failure.
fn body(blocks: &[Option<&[u8]>], in_memory: bool) -> Body {
    if in_memory {
        return Body::from(
            blocks
                .iter()
                .flatten()
                .copied()
                .collect::<Vec<_>>()
                .concat(),
        );
    }
    let blocks: Vec<_> = blocks
        .iter()
        .map(|block| match block {
            Some(bytes) => Ok(Bytes::copy_from_slice(bytes)),
            None => Err(BodyError::new("no more")),
        })
        .collect();
    Body::stream(stream::iter(blocks))
}

fn check(mut outgoing: Outgoing, style: Style, is_head: bool) {
    let head = outgoing.head().clone();
    let lines = head
        .strip_suffix(b"\r\n\r\n")
        .expect("an empty line ends it");
    let text = String::from_utf8_lossy(lines);
    let mut lines = text.split("\r\n");
    // A location stands in front of the status, which HAProxy would take for a 302 of its own.
    let is_location = |line: &&str| style == Style::Status && line.starts_with("location: ");
    let first = lines.find(|line| !is_location(line)).expect("a line");
    let status = match style {
        Style::Status => first.strip_prefix("Status: "),
        Style::Http => first.strip_prefix("HTTP/1.1 "),
    };
    let (status, _) = status
        .expect("the status")
        .split_once(' ')
        .expect("a reason");
    let status: u16 = status.parse().expect("a number");
    assert!((200..1000).contains(&status));
    let mut length: Option<u64> = None;
    for line in lines {
        assert!(!line.contains(['\r', '\n']), "a line within a line");
        let (name, value) = line.split_once(": ").expect("a field");
        assert!(!name.is_empty() && !name.starts_with([' ', '\t']));
        let for_the_web_server = NAMES[2..10].contains(&name);
        assert!(!for_the_web_server, "{name}");
        if name == "content-length" && status != 304 && !is_head {
            assert!(length.is_none(), "two lengths");
            length = Some(value.parse().expect("a length"));
        }
    }
    let (mut sent, mut cut) = (0, false);
    while let Some(next) = outgoing.next().now_or_never().expect("no wait") {
        match next {
            Ok(bytes) => {
                assert!(!cut && !bytes.is_empty());
                sent += bytes.len() as u64;
            }
            Err(_) => cut = true,
        }
    }
    if is_head || [204, 304].contains(&status) {
        assert_eq!((sent, cut), (0, false));
    }
    if let Some(length) = length {
        assert!(sent <= length);
        assert_eq!(sent < length, cut, "fewer bytes look like an end");
    }
}

struct Quiet;

impl ErrorSink for Quiet {
    fn report(&self, _: &str) {}
}
