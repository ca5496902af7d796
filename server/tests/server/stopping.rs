//! Stopping in order.

use std::{
    future::pending,
    sync::{Arc, Mutex},
    time::Duration,
};

use enfilade_core::{Body, Lifecycle, Request, RequestExt};
use enfilade_server::Server;
use futures_util::stream;

use crate::{
    process::Process,
    support::{Running, curl, eventually},
};

async fn slow(request: Request) -> &'static str {
    if request.path_info() == "/slow" {
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    "done"
}

#[test]
fn a_request_that_runs_is_answered_and_idle_connections_are_closed() {
    let mut server = Running::start(slow);
    let (mut idle, mut fresh, mut busy) = (server.connect(), server.connect(), server.connect());
    idle.say("GET / HTTP/1.1\r\nhost: x\r\n\r\n");
    assert!(idle.response().ends_with("done"));
    busy.say("GET /slow HTTP/1.1\r\nhost: x\r\n\r\n");
    std::thread::sleep(Duration::from_millis(100));
    server.begin_stop();
    assert_eq!(idle.rest(), "");
    assert_eq!(fresh.rest(), "");
    let last = busy.rest();
    assert!(last.contains("connection: close\r\n"), "{last}");
    assert!(last.ends_with("done"), "{last}");
    assert!(server.has_ended());
    assert!(server.errors.lines().is_empty());
}

#[test]
fn an_http2_request_that_runs_is_answered() {
    let mut server = Running::start(slow);
    let url = server.url("/slow");
    let client = std::thread::spawn(move || curl(&["--http2-prior-knowledge", &url]));
    std::thread::sleep(Duration::from_millis(150));
    server.begin_stop();
    assert_eq!(client.join().expect("no panic"), "done");
    assert!(server.has_ended());
}

#[test]
fn nobody_can_connect_once_it_stops() {
    let mut server = Running::start(slow);
    let address = server.addr();
    let mut busy = server.connect();
    busy.say("GET /slow HTTP/1.1\r\nhost: x\r\n\r\n");
    std::thread::sleep(Duration::from_millis(100));
    server.begin_stop();
    assert!(eventually(|| std::net::TcpStream::connect(address).is_err()));
    assert!(busy.rest().ends_with("done"));
}

#[test]
fn streams_are_told_and_may_end_in_order() {
    let mut server = Running::start(async |request: Request| {
        let stopping = request.environ().stopping().clone();
        Body::stream(stream::once(async {
            stopping.await;
            Ok::<_, std::io::Error>("goodbye".into())
        }))
    });
    let mut client = server.connect();
    client.say("GET / HTTP/1.1\r\nhost: x\r\n\r\n");
    client.until("\r\n\r\n");
    server.begin_stop();
    assert_eq!(client.rest(), "7\r\ngoodbye\r\n0\r\n\r\n");
    assert!(server.has_ended());
}

#[test]
fn callbacks_run_after_the_last_request() {
    let order = Arc::new(Mutex::new(Vec::new()));
    let life = Lifecycle::new();
    let note = order.clone();
    life.on_stop(async move || note.lock().expect("no panic").push("closed"));
    let note = order.clone();
    let server = Server::bind("127.0.0.1:0").with_lifecycle(life);
    let mut server = Running::with(server, move |_: Request| {
        let note = note.clone();
        async move {
            tokio::time::sleep(Duration::from_millis(200)).await;
            note.lock().expect("no panic").push("answered");
        }
    });
    let mut client = server.connect();
    client.say("GET / HTTP/1.1\r\nhost: x\r\n\r\n");
    std::thread::sleep(Duration::from_millis(100));
    server.stop();
    assert_eq!(*order.lock().expect("no panic"), ["answered", "closed"]);
}

#[test]
fn a_request_that_does_not_end_is_broken_off_at_the_deadline() {
    let server = Server::bind("127.0.0.1:0").with_grace(Duration::from_millis(50));
    let mut server = Running::with(server, async |_: Request| pending::<&'static str>().await);
    let mut client = server.connect();
    client.say("GET / HTTP/1.1\r\nhost: x\r\n\r\n");
    std::thread::sleep(Duration::from_millis(100));
    server.begin_stop();
    assert!(server.has_ended());
    assert_eq!(client.rest(), "");
    assert_eq!(
        server.errors.lines(),
        ["stopping: 1 connections had not ended after 50ms"]
    );
}

#[test]
fn a_server_in_a_runtime_of_the_users_ends_with_its_future() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let listening = Server::bind("127.0.0.1:0")
            .with_announcement(|_| {})
            .listen()
            .expect("it listens");
        let address = listening.local_addr().expect("a port");
        let serving = tokio::spawn(listening.serve(async |_: Request| "hello"));
        let url = format!("http://{address}/");
        let answer = tokio::task::spawn_blocking(move || curl(&[&url]));
        assert_eq!(answer.await.expect("no panic"), "hello");
        serving.abort();
        assert!(serving.await.expect_err("aborted").is_cancelled());
        assert!(tokio::net::TcpStream::connect(address).await.is_err());
    });
}

#[test]
fn a_signal_stops_in_order() {
    for signal in ["INT", "TERM"] {
        let process = Process::start();
        let client = process.request("/slow");
        process.signal(signal);
        assert_eq!(client.join().expect("no panic"), "done", "{signal}");
        assert_eq!(process.end(), ("closed\nended: Ok(())\n".to_owned(), true));
    }
}

#[test]
fn a_second_signal_breaks_off_at_once() {
    let process = Process::start();
    let client = process.request("/never");
    process.signal("TERM");
    std::thread::sleep(Duration::from_millis(100));
    process.signal("INT");
    let answer = client.join().expect("no panic");
    assert!(answer.contains("Empty reply"), "{answer}");
    let (said, ended_well) = process.end();
    let expected = "stopping: 1 connections were broken off by a second signal\nclosed\n";
    assert!(said.starts_with(expected), "{said}");
    assert!(ended_well, "{said}");
}
