//! A new process takes over.

use std::{
    io::{BufRead, BufReader},
    net::SocketAddr,
    process::{Child, Command, Stdio},
    sync::mpsc,
    time::Duration,
};

use enfilade_core::{Request, RequestExt};
use http::Method;
use quinn::TransportConfig;
use tokio::time::{Instant, sleep};

use crate::{
    certificates::Certificates,
    client::{LONG, connect, receive, server},
};

const DIRECTORY: &str = "CERTIFICATES";

#[test]
#[ignore = "run by the tests of a restart"]
fn a_process_that_serves() {
    let directory = std::env::var_os(DIRECTORY).expect("it is run by a test");
    let certificates = Certificates::at(directory.into());
    let served = server(&certificates).run(async |request: Request| {
        if request.path_info() == "/slow" {
            sleep(Duration::from_secs(3)).await;
        }
        std::process::id().to_string()
    });
    eprintln!("ended: {served:?}");
}

/// A server in a process of its own.
struct Process {
    child: Child,
    address: SocketAddr,
    /// What it and its successors say.
    said: mpsc::Receiver<String>,
}

impl Process {
    fn start(certificates: &Certificates) -> Process {
        let mut child = Command::new(std::env::current_exe().expect("a path"))
            .args(["--exact", "restart::a_process_that_serves"])
            .args(["--nocapture", "--ignored"])
            .env(DIRECTORY, certificates.directory())
            .stderr(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .expect("it starts");
        let (say, said) = mpsc::channel();
        let lines = BufReader::new(child.stderr.take().expect("it was asked for"));
        std::thread::spawn(move || {
            for line in lines.lines().map_while(Result::ok) {
                let _ = say.send(line);
            }
        });
        let address = loop {
            let line = said.recv_timeout(LONG).expect("it listens");
            let place = line.strip_prefix("listening on https://");
            if let Some(place) = place.and_then(|place| place.strip_suffix(" (and HTTP/3)")) {
                break place.parse().expect("an address");
            }
        };
        Process {
            child,
            address,
            said,
        }
    }

    fn signal(&self, name: &str, process: &str) {
        let sent = Command::new("kill").args([name, process]).status();
        assert!(sent.expect("kill is there").success());
    }
}

/// Who answers over HTTP/3, if anybody does.
async fn ask(process: &Process, certificates: &Certificates, path: &str) -> Option<String> {
    let tls = certificates.client(false);
    let transport = TransportConfig::default();
    let connected = connect(process.address, "localhost", tls, transport);
    let (_endpoint, quic) = tokio::time::timeout(LONG, connected).await.ok()?.ok()?;
    let transport = h3_quinn::Connection::new(quic);
    let (mut driver, mut sender) = h3::client::new(transport).await.ok()?;
    tokio::spawn(async move { driver.wait_idle().await });
    let uri = format!("https://localhost:{}{path}", process.address.port());
    let request = http::Request::builder().method(Method::GET).uri(uri);
    let mut stream = sender
        .send_request(request.body(()).expect("a request"))
        .await
        .ok()?;
    stream.finish().await.ok()?;
    Some(receive(&mut stream).await.text().to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_runs_is_answered_and_then_the_new_process_answers() {
    let certificates = Certificates::new();
    let mut process = Process::start(&certificates);
    let old = process.child.id().to_string();
    let slow = ask(&process, &certificates, "/slow");
    let restarted = async {
        sleep(Duration::from_millis(500)).await;
        process.signal("-USR2", &old);
    };
    let (slow, ()) = tokio::join!(slow, restarted);
    assert_eq!(slow.as_deref(), Some(&*old));
    let begun = Instant::now();
    let new = loop {
        match ask(&process, &certificates, "/").await {
            Some(answered) if answered != old => break answered,
            // It is refused: the old process has the port yet.
            _ => assert!(begun.elapsed() < LONG),
        }
        sleep(Duration::from_millis(50)).await;
    };
    let ended = tokio::task::block_in_place(|| process.child.wait()).expect("it was started");
    assert!(ended.success());
    process.signal("-TERM", &new);
    let said: Vec<String> = process.said.try_iter().collect();
    assert!(!said.iter().any(|line| line.contains("cannot")), "{said:?}");
}
