use std::sync::Arc;

use enfilade_core::{
    App, Body, Connection, Error, PathPolicy, Request, RequestExt, Response, Result,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

use super::*;
use crate::gateway::Import;

/// The variables of a request with `more` of them, and a body.
fn packet(method: &str, target: &str, more: &[(&str, &str)], length: &str) -> Vec<u8> {
    let head = [
        ("CONTENT_LENGTH", length),
        ("SCGI", "1"),
        ("REQUEST_METHOD", method),
        ("REQUEST_URI", target),
        ("SERVER_PROTOCOL", "HTTP/1.1"),
    ];
    let block: String = head
        .iter()
        .chain(more)
        .map(|(name, value)| format!("{name}\0{value}\0"))
        .collect();
    format!("{}:{block},", block.len()).into_bytes()
}

fn site(app: impl App + 'static) -> Site {
    let mut facts = Connection::default();
    facts.host = "scgi";
    facts.errors = Arc::new(Quiet);
    Site::new(app, PathPolicy::default(), Import::new(), facts)
}

struct Quiet;

impl enfilade_core::ErrorSink for Quiet {
    fn report(&self, _: &str) {}
}

/// Sends `bytes`, and gives what comes back.
async fn exchange(app: impl App + 'static, bytes: Vec<u8>) -> (String, Ended) {
    let (near, mut far) = tokio::io::duplex(64 * 1024);
    let serving = tokio::spawn(async move {
        let site = site(app);
        let (reader, writer) = tokio::io::split(near);
        serve(&site, reader, writer).await
    });
    let mut answer = Vec::new();
    far.write_all(&bytes).await.expect("it takes them");
    far.read_to_end(&mut answer).await.expect("it answers");
    drop(far);
    let ended = serving.await.expect("no panic");
    (String::from_utf8(answer).expect("text"), ended)
}

async fn echo(mut request: Request) -> Result<String> {
    let (method, path) = (request.method().clone(), request.uri().to_string());
    let text = request.text().await?;
    Ok(format!("{method} {path} {text}"))
}

#[tokio::test]
async fn a_request_is_answered_byte_by_byte() {
    let mut bytes = packet("POST", "/tea?cup=2", &[], "5");
    bytes.extend_from_slice(b"milk!");
    let (answer, ended) = exchange(echo, bytes).await;
    assert_eq!(
        answer,
        "Status: 200 OK\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: 22\r\n\r\n\
         POST /tea?cup=2 milk!"
            .replace("22", "21")
    );
    assert_eq!(ended, Ended::Whole);
}

#[tokio::test]
async fn a_head_has_no_body() {
    let (answer, _) = exchange(echo, packet("HEAD", "/", &[], "0")).await;
    assert!(answer.ends_with("content-length: 7\r\n\r\n"), "{answer}");
}

#[tokio::test]
async fn what_is_no_request_is_answered_and_does_not_reach_the_app() {
    let unreachable = async |_: Request| -> String { unreachable!("a bad request") };
    for (bytes, status) in [
        (packet("G T", "/", &[], "0"), "400 Bad Request"),
        (packet("GET", "/%zz", &[], "0"), "400 Bad Request"),
        (packet("GET", "/", &[], "+5"), "400 Bad Request"),
        (
            packet("GET", "/", &[("HTTP_X", "a\nb")], "0"),
            "400 Bad Request",
        ),
        (b"999999:".to_vec(), "431 Request Header Fields Too Large"),
    ] {
        let (answer, ended) = exchange(unreachable, bytes).await;
        assert!(
            answer.starts_with(&format!("Status: {status}\r\n")),
            "{answer}"
        );
        assert_eq!(ended, Ended::Whole);
    }
}

#[tokio::test]
async fn what_is_no_scgi_is_closed_without_an_answer() {
    let (answer, ended) = exchange(echo, b"GET / HTTP/1.1\r\n\r\n".to_vec()).await;
    assert_eq!((&*answer, ended), ("", Ended::Gone));
}

/// A connection to an app, served in a task.
fn open(app: impl App + 'static) -> (DuplexStream, tokio::task::JoinHandle<Ended>) {
    let (near, far) = tokio::io::duplex(1024);
    let serving = tokio::spawn(async move {
        let site = site(app);
        let (reader, writer) = tokio::io::split(near);
        serve(&site, reader, writer).await
    });
    (far, serving)
}

#[tokio::test]
async fn a_body_that_is_cut_short_is_an_error_for_the_app() {
    let (mut far, serving) = open(echo);
    let mut bytes = packet("POST", "/", &[], "100");
    bytes.extend_from_slice(b"half of");
    far.write_all(&bytes).await.expect("it takes them");
    far.shutdown().await.expect("a half that is closed");
    let mut answer = String::new();
    far.read_to_string(&mut answer).await.expect("it answers");
    assert!(
        answer.starts_with("Status: 400 Bad Request\r\n"),
        "{answer}"
    );
    drop(far);
    serving.await.expect("no panic");
}

/// Tells when it is dropped.
struct Dropped(tokio::sync::mpsc::UnboundedSender<()>);

impl Drop for Dropped {
    fn drop(&mut self) {
        // Nobody listens where a test has failed.
        let _ = self.0.send(());
    }
}

#[tokio::test]
async fn an_app_is_dropped_when_its_client_leaves() {
    let (sender, mut dropped) = tokio::sync::mpsc::unbounded_channel();
    let (begun, mut beginning) = tokio::sync::mpsc::unbounded_channel();
    let (mut far, serving) = open(move |_: Request| {
        let guard = Dropped(sender.clone());
        let begun = begun.clone();
        async move {
            let _guard = guard;
            begun.send(()).expect("the test waits");
            std::future::pending::<Response>().await
        }
    });
    far.write_all(&packet("GET", "/", &[], "0"))
        .await
        .expect("it takes them");
    beginning.recv().await.expect("the app runs");
    drop(far);
    dropped.recv().await.expect("the app is dropped");
    assert_eq!(serving.await.expect("no panic"), Ended::Gone);
}

#[tokio::test]
async fn a_response_is_sent_piece_by_piece_while_the_request_arrives() {
    let (mut far, serving) = open(async |request: Request| Response::new(request.into_body()));
    far.write_all(&packet("POST", "/", &[], "4"))
        .await
        .expect("it takes them");
    let mut head = vec![0; b"Status: 200 OK\r\ncontent-length: 4\r\n\r\n".len()];
    far.read_exact(&mut head)
        .await
        .expect("the head, before the body");
    for piece in [b"te", b"a!"] {
        far.write_all(piece).await.expect("it takes them");
        let mut echoed = [0; 2];
        far.read_exact(&mut echoed).await.expect("the same");
        assert_eq!(&echoed, piece);
    }
    drop(far);
    serving.await.expect("no panic");
}

#[tokio::test]
async fn a_response_that_breaks_off_is_no_end() {
    let app = async |_: Request| {
        let blocks: [Result<_, Error>; 2] = [Ok("half of".into()), Err(Error::from("a disk"))];
        let blocks = blocks.map(|block| block.map_err(|error| error.to_string()));
        Response::new(Body::stream(futures_util::stream::iter(blocks)))
    };
    let (answer, ended) = exchange(app, packet("GET", "/", &[], "0")).await;
    assert!(answer.ends_with("\r\n\r\nhalf of"));
    assert_eq!(ended, Ended::Cut);
}

#[tokio::test]
async fn an_answer_to_an_upload_that_nobody_reads_arrives() {
    let (mut far, serving) = open(async |_: Request| "no, thank you");
    far.write_all(&packet("POST", "/", &[], "100000"))
        .await
        .expect("it takes them");
    far.write_all(&[b'x'; 100_000])
        .await
        .expect("it takes them all");
    let mut answer = String::new();
    far.read_to_string(&mut answer).await.expect("it answers");
    assert!(answer.ends_with("no, thank you"));
    drop(far);
    assert_eq!(serving.await.expect("no panic"), Ended::Whole);
}

#[tokio::test]
async fn an_app_sees_the_capabilities_that_the_documentation_tells_of() {
    let table = enfilade_core::testing::promised(include_str!("../scgi.rs"), 1);
    assert_eq!(table, ScgiProtocol.capabilities());
}
