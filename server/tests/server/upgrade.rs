//! Connections that are taken over.

use std::{io::Read, time::Duration};

use enfilade_core::{Error, Io, Middleware, Pipeline, Request, RequestExt, Response, Result};
use enfilade_server::Server;
use http::HeaderValue;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::support::{Client, Running, eventually};

async fn echo(mut io: Io) {
    let mut buffer = [0; 64];
    while let Ok(count @ 1..) = io.read(&mut buffer).await {
        if io.write_all(&buffer[..count]).await.is_err() || io.flush().await.is_err() {
            return;
        }
    }
}

async fn site(request: Request) -> Result {
    let upgrade = request.environ().upgrade().ok_or(Error::status(426))?;
    Ok(upgrade.clone().accept(echo))
}

struct Marked;

impl Middleware for Marked {
    async fn handle(&self, request: Request, next: &impl enfilade_core::App) -> Response {
        let mut response = next.respond(request).await;
        let mark = HeaderValue::from_static("1");
        response.headers_mut().insert("x-marked", mark);
        response
    }
}

fn upgraded(server: &Running) -> Client {
    let mut client = server.connect();
    client.say("GET / HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n");
    let head = client.until("\r\n\r\n");
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    assert!(head.contains("upgrade: echo\r\n"), "{head}");
    client
}

#[test]
fn an_upgrade_passes_the_pipeline_and_hands_the_connection_over() {
    let server = Running::start(Pipeline::new().with(Marked).app(site));
    let mut client = server.connect();
    // What the client says behind its request is not lost.
    client.say("GET / HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\nearly ");
    let head = client.until("\r\n\r\n");
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    assert!(head.contains("x-marked: 1\r\n"), "{head}");
    client.say("late");
    assert_eq!(client.until("late"), "early late");
    client
        .0
        .shutdown(std::net::Shutdown::Write)
        .expect("it is open");
    assert_eq!(client.rest(), "");
}

#[test]
fn a_connection_that_has_rested_can_be_taken_over() {
    let server = Running::start(site);
    let mut client = server.connect();
    client.say("GET / HTTP/1.1\r\nhost: x\r\n\r\n");
    assert!(client.response().starts_with("HTTP/1.1 426 "));
    std::thread::sleep(Duration::from_millis(2_500));
    client.say("GET / HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\nearly ");
    let head = client.until("\r\n\r\n");
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    client.say("late");
    assert_eq!(client.until("late"), "early late");
}

#[test]
fn what_cannot_be_taken_up_is_not_offered() {
    let server = Running::start(site);
    for (line, fields) in [
        ("GET / HTTP/1.1", ""),
        ("GET / HTTP/1.1", "upgrade: echo\r\n"),
        ("GET / HTTP/1.0", "connection: upgrade\r\nupgrade: echo\r\n"),
        (
            "GET / HTTP/1.1",
            "connection: upgrade, http2-settings\r\nupgrade: h2c\r\n",
        ),
        (
            "POST / HTTP/1.1",
            "connection: upgrade\r\nupgrade: echo\r\ncontent-length: 5\r\n",
        ),
    ] {
        let mut client = server.connect();
        client.say(&format!("{line}\r\nhost: x\r\n{fields}\r\n"));
        let head = client.until("\r\n\r\n");
        assert!(head.contains(" 426 "), "{line} {fields}: {head}");
    }
}

#[test]
fn a_graceful_stop_waits_for_what_was_taken_over() {
    let mut server = Running::start(site);
    let mut client = upgraded(&server);
    server.begin_stop();
    std::thread::sleep(Duration::from_millis(100));
    client.say("still here");
    assert_eq!(client.until("here"), "still here");
    client
        .0
        .shutdown(std::net::Shutdown::Write)
        .expect("it is open");
    assert!(server.has_ended());
}

#[test]
fn the_deadline_of_a_stop_ends_what_was_taken_over() {
    let server = Server::bind("127.0.0.1:0").with_grace(Duration::from_millis(50));
    let mut server = Running::with(server, site);
    let mut client = upgraded(&server);
    server.begin_stop();
    assert!(server.has_ended());
    assert_eq!(client.0.read(&mut [0]).expect("it is closed"), 0);
    assert_eq!(
        server.errors.lines(),
        ["stopping: 1 connections had not ended after 50ms"]
    );
}

#[test]
fn a_handler_that_panics_is_reported() {
    let server = Running::start(async |request: Request| {
        let upgrade = request.environ().upgrade().expect("an offer").clone();
        upgrade.accept(async |_| panic!("at the disco"))
    });
    let mut client = upgraded(&server);
    assert_eq!(client.rest(), "");
    let reported = ["the application panicked: at the disco"];
    assert!(eventually(|| server.errors.lines() == reported));
}
