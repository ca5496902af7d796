use std::sync::Arc;

use enfilade_core::{App, Connection, PathPolicy, Request, RequestExt, Result};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;
use crate::gateway::Import;

fn packet(modifier: u8, pairs: &[(&str, &str)]) -> Vec<u8> {
    let mut block = Vec::new();
    for text in pairs.iter().flat_map(|(name, value)| [name, value]) {
        block.extend_from_slice(&(text.len() as u16).to_le_bytes());
        block.extend_from_slice(text.as_bytes());
    }
    let size = (block.len() as u16).to_le_bytes();
    [&[modifier, size[0], size[1], 0], &block[..]].concat()
}

async fn exchange(app: impl App + 'static, bytes: Vec<u8>) -> String {
    let (near, mut far) = tokio::io::duplex(64 * 1024);
    let serving = tokio::spawn(async move {
        let mut facts = Connection::default();
        facts.errors = Arc::new(enfilade_core::StandardError);
        let site = Site::new(app, PathPolicy::default(), Import::new(), facts);
        let (reader, writer) = tokio::io::split(near);
        serve(&site, reader, writer).await
    });
    let mut answer = Vec::new();
    far.write_all(&bytes).await.expect("it takes them");
    far.read_to_end(&mut answer).await.expect("it answers");
    drop(far);
    serving.await.expect("no panic");
    String::from_utf8(answer).expect("text")
}

async fn echo(mut request: Request) -> Result<String> {
    let place = format!("{} + {}", request.script_name(), request.path_info());
    Ok(format!("{place} {}", request.text().await?))
}

#[tokio::test]
async fn the_answer_begins_with_a_line_of_http() {
    let mut bytes = packet(
        0,
        &[
            ("REQUEST_METHOD", "POST"),
            ("REQUEST_URI", "/us/tea"),
            ("SCRIPT_NAME", "/us"),
            ("PATH_INFO", "/us/tea"),
            ("CONTENT_LENGTH", "4"),
            ("UWSGI_FILE", "/tmp/evil.py"),
        ],
    );
    let at_root = [&bytes[..], b"milk"].concat();
    let answer = exchange(echo, at_root.clone()).await;
    let line = "HTTP/1.1 200 OK\r\ncontent-type: text/plain; charset=utf-8\r\n";
    assert_eq!(
        answer,
        format!("{line}content-length: 15\r\n\r\n + /us/tea milk")
    );

    bytes = at_root;
    bytes[0] = 30;
    let answer = exchange(echo, bytes).await;
    assert!(answer.ends_with("\r\n\r\n/us + /tea milk"), "{answer}");
}

#[tokio::test]
async fn a_body_in_chunks_without_a_length_is_411() {
    let pairs = [
        ("REQUEST_METHOD", "POST"),
        ("REQUEST_URI", "/"),
        ("HTTP_TRANSFER_ENCODING", "chunked"),
        ("CONTENT_LENGTH", ""),
    ];
    let answer = exchange(echo, packet(0, &pairs)).await;
    assert!(
        answer.starts_with("HTTP/1.1 411 Length Required\r\n"),
        "{answer}"
    );
}

#[tokio::test]
async fn a_packet_that_runs_code_is_closed_without_an_answer() {
    assert_eq!(exchange(echo, packet(22, &[("X", "print(1)")])).await, "");
}

#[tokio::test]
async fn an_app_sees_the_capabilities_that_the_documentation_tells_of() {
    let table = enfilade_core::testing::promised(include_str!("../uwsgi.rs"), 1);
    assert_eq!(table, UwsgiProtocol.capabilities());
}
