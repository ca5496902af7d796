//! The host in a process of its own: for its standard input, its end, and what it takes.

use std::{
    convert::Infallible,
    io::{BufRead, BufReader, ErrorKind, Read},
    net::{SocketAddr, TcpListener},
    os::fd::OwnedFd,
    process::{Child, ChildStderr, Command, Stdio},
    time::Duration,
};

use bytes::Bytes;
use enfilade_adapters::FastCgi;
use enfilade_core::{Body, Request, RequestExt, Response, Result};
use futures_util::{StreamExt, stream};
use http_body_util::BodyExt;
use tokio::{io::AsyncReadExt, net::TcpStream};

use crate::client::{
    self, Client, PARAMS, RESPONDER, STDIN, STDOUT, begin, pairs, record, stream as records,
};

/// A gigabyte, in pieces.
const LARGE: u64 = 1 << 30;
const PIECE: usize = 64 * 1024;

/// What a process may take: 32 MiB.
const MOST: u64 = 32 << 20;

/// Nothing, unless it is run by the tests here.
#[test]
fn a_process_that_serves() {
    if std::env::var_os("SERVE_FASTCGI").is_none() {
        return;
    }
    let host = FastCgi::inherited().expect("a socket");
    eprintln!("ended: {:?}", host.run(app));
}

async fn app(request: Request) -> Result<Response> {
    Ok(match request.path_info() {
        "/large" => {
            let piece = Bytes::from(vec![b'x'; PIECE]);
            let pieces = stream::iter(0..LARGE / PIECE as u64);
            Response::new(Body::stream(
                pieces.map(move |_| Ok::<_, Infallible>(piece.clone())),
            ))
        }
        "/count" => {
            tokio::time::sleep(Duration::from_millis(500)).await;
            let (mut body, mut count) = (request.into_body(), 0);
            while let Some(frame) = body.frame().await {
                count += frame?.data_ref().map_or(0, Bytes::len) as u64;
            }
            Response::new(count.to_string().into())
        }
        "/never" => {
            // The host has seen by then that the answer takes its time.
            tokio::task::yield_now().await;
            eprintln!("begun");
            std::future::pending().await
        }
        _ => Response::new("hello".into()),
    })
}

/// A process whose standard input is a socket at which it listens.
struct Process {
    child: Child,
    address: SocketAddr,
    lines: BufReader<ChildStderr>,
}

impl Process {
    fn start(environment: &[(&str, &str)]) -> Process {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let mut child = Command::new(std::env::current_exe().expect("a path"))
            .args(["--exact", "processes::a_process_that_serves", "--nocapture"])
            .env("SERVE_FASTCGI", "1")
            .envs(environment.iter().copied())
            .stdin(Stdio::from(OwnedFd::from(listener)))
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts");
        let lines = BufReader::new(child.stderr.take().expect("it is piped"));
        let mut process = Process {
            child,
            address,
            lines,
        };
        assert_eq!(process.line(), format!("listening on fastcgi:{address}"));
        process
    }

    async fn connect(&self) -> Client<TcpStream> {
        Client::new(TcpStream::connect(self.address).await.expect("connected"))
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.lines.read_line(&mut line).expect("text");
        line.trim_end().to_owned()
    }

    fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill")
            .args([&format!("-{name}"), &id])
            .status();
        assert!(sent.expect("kill is there").success());
    }

    /// What it still says.
    fn end(mut self) -> String {
        let mut rest = String::new();
        self.lines.read_to_string(&mut rest).expect("text");
        self.child.wait().expect("it ended");
        rest
    }

    fn assert_little_memory(&self, what: &str) {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()));
        let status = status.expect("it runs");
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let peak = peak
            .and_then(|peak| peak.trim().strip_suffix(" kB"))
            .expect("a size");
        let peak = peak.parse::<u64>().expect("a number") * 1024;
        eprintln!("{what}: {} KiB", peak / 1024);
        assert!(peak < MOST, "{what}: {peak} bytes");
    }
}

#[tokio::test]
async fn the_standard_input_is_listened_at_and_sigterm_ends_it_in_order() {
    let process = Process::start(&[("FCGI_WEB_SERVER_ADDRS", "192.0.2.1,127.0.0.1")]);
    let mut client = process.connect().await;
    client.ask(1, &client::get("/"), b"").await;
    assert_eq!(client.answer(1).await.text(), "hello");
    process.signal("TERM");
    assert!(client.is_closed().await);
    assert_eq!(process.end(), "ended: Ok(())\n");
}

#[tokio::test]
async fn only_the_web_servers_that_the_environment_names_may_connect() {
    let process = Process::start(&[("FCGI_WEB_SERVER_ADDRS", "192.0.2.1")]);
    let mut client = process.connect().await;
    assert!(client.is_closed().await);
    process.signal("TERM");
    let said = process.end();
    assert!(said.starts_with("a connection from 127.0.0.1"), "{said}");
}

#[tokio::test]
async fn a_host_that_is_killed_ends_no_request() {
    let mut process = Process::start(&[]);
    let mut client = process.connect().await;
    client.ask(1, &client::get("/never"), b"").await;
    assert_eq!(process.line(), "begun");
    process.signal("KILL");
    // nginx, for one, takes nothing but a reset for what it is.
    let error = client.stream().read_u8().await.expect_err("it is dead");
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    process.end();
}

#[tokio::test]
async fn a_gigabyte_comes_down_in_little_memory_while_the_web_server_is_slow() {
    let process = Process::start(&[]);
    let mut client = process.connect().await;
    client.ask(1, &client::get("/large"), b"").await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    let mut bytes = 0;
    loop {
        let record = client.record().await.expect("a record");
        if record.kind != STDOUT {
            break;
        }
        bytes += record.content.len() as u64;
    }
    assert_eq!(bytes, LARGE + b"Status: 200 OK\r\n\r\n".len() as u64);
    process.assert_little_memory("down");
    process.signal("TERM");
    process.end();
}

#[tokio::test]
async fn a_gigabyte_goes_up_in_little_memory_while_the_app_is_slow() {
    let process = Process::start(&[]);
    let mut client = process.connect().await;
    let length = LARGE.to_string();
    let mut bytes = begin(1, RESPONDER, true);
    let params = pairs(&client::request("POST", "/count", &length));
    bytes.extend(records(PARAMS, 1, &params, 65_535));
    client.send(&bytes).await;
    let piece = record(STDIN, 1, &[b'x'; PIECE / 2]);
    for _ in 0..LARGE / (PIECE / 2) as u64 {
        client.send(&piece).await;
    }
    client.send(&record(STDIN, 1, b"")).await;
    assert_eq!(client.answer(1).await.text(), length);
    process.assert_little_memory("up");
    process.signal("TERM");
    process.end();
}
