//! Apps that go on without their clients, and callbacks that tell how a request went.

use std::{
    net::Shutdown,
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use enfilade_core::{App, Body, OnDisconnect, Outcome, Pipeline, Request, RequestExt, Response};
use enfilade_server::Server;
use futures_util::{StreamExt, stream};
use tokio::sync::Notify;

use crate::support::{Client, Running, curl, eventually};

/// An app that waits to be told to go on, and what it notes.
#[derive(Clone, Default)]
struct Scene {
    notes: Arc<Mutex<Vec<String>>>,
    go_on: Arc<Notify>,
}

impl Scene {
    fn note(&self, line: impl Into<String>) {
        self.notes.lock().expect("no panic").push(line.into());
    }

    fn notes(&self) -> Vec<String> {
        self.notes.lock().expect("no panic").clone()
    }

    #[track_caller]
    fn wait_for(&self, lines: &[&str]) {
        eventually(|| self.notes() == lines);
        assert_eq!(self.notes(), lines);
    }

    fn app(&self) -> impl App + use<> {
        let scene = self.clone();
        move |request: Request| {
            let scene = scene.clone();
            async move { scene.respond(request).await }
        }
    }

    /// Waits, and tells in the notes how far it came.
    async fn respond(&self, mut request: Request) -> Response {
        let scene = self.clone();
        request.environ().on_finish(move |outcome: &Outcome| {
            let status = outcome.status.map_or(0, |status| status.as_u16());
            let ending = outcome.ending;
            scene.note(format!("over {status} {} {ending:?}", outcome.bytes));
        });
        if request.path_info() == "/stream" {
            let never = stream::pending();
            let first = stream::iter([Ok::<_, std::io::Error>(Bytes::from("first"))]);
            return Response::new(Body::stream(first.chain(never)));
        }
        self.note("begun");
        self.go_on.notified().await;
        if request.path_info() == "/panic" {
            panic!("on purpose");
        }
        if request.path_info() == "/read" {
            self.note(format!("read {}", request.text().await.is_ok()));
        }
        self.note("went on");
        Response::new("all".into())
    }

    fn finishing(&self) -> impl App + use<> {
        Pipeline::new().with(OnDisconnect::Finish).app(self.app())
    }
}

fn ask(server: &Running, path: &str) -> Client {
    let mut client = server.connect();
    client.say(&format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n"));
    client
}

fn reset(client: Client) {
    socket2::SockRef::from(&client.0)
        .set_linger(Some(Duration::ZERO))
        .expect("it is a socket");
    drop(client);
}

/// A server to which a client that closes its side has left.
fn strict() -> Server {
    Server::bind("127.0.0.1:0").with_half_close(Duration::ZERO)
}

/// Leaves, and waits until the server has seen it.
fn leave(mut client: Client) {
    client.0.shutdown(Shutdown::Write).expect("it is open");
    assert_eq!(client.ended(), "");
}

/// Nobody sees when a server has seen a reset: where it answers before, it goes another time.
#[track_caller]
fn in_the_end(scene: &Scene, leave: impl Fn(), lines: &[&str]) {
    for patience in [100, 500, 2000, 8000] {
        scene.notes.lock().expect("no panic").clear();
        leave();
        std::thread::sleep(Duration::from_millis(patience));
        scene.go_on.notify_one();
        if eventually(|| scene.notes() == lines) {
            return;
        }
    }
    assert_eq!(scene.notes(), lines);
}

#[test]
fn a_client_that_resets_leaves_an_app_that_goes_on_to_its_end() {
    let scene = Scene::default();
    let server = Running::start(scene.finishing());
    let leave = || {
        let client = ask(&server, "/");
        scene.wait_for(&["begun"]);
        reset(client);
    };
    in_the_end(&scene, leave, &["begun", "went on", "over 200 0 Unsent"]);
}

#[test]
fn a_client_that_closes_leaves_it_as_well_when_it_counts_as_gone() {
    let scene = Scene::default();
    let server = Running::with(strict(), scene.finishing());
    let client = ask(&server, "/");
    scene.wait_for(&["begun"]);
    leave(client);
    scene.wait_for(&["begun"]);
    scene.go_on.notify_one();
    scene.wait_for(&["begun", "went on", "over 200 0 Unsent"]);
}

#[test]
fn a_stream_that_is_reset_leaves_it_as_well() {
    let scene = Scene::default();
    let server = Running::start(scene.finishing());
    let url = server.url("/");
    let leave = || {
        let answer = curl(&["--http2-prior-knowledge", "--max-time", "0.5", &url]);
        assert!(answer.contains("timed out"), "{answer}");
    };
    in_the_end(&scene, leave, &["begun", "went on", "over 200 0 Unsent"]);
}

#[test]
fn an_app_that_did_not_ask_to_go_on_is_dropped_and_its_end_is_told() {
    let scene = Scene::default();
    let server = Running::start(scene.app());
    let client = ask(&server, "/");
    scene.wait_for(&["begun"]);
    reset(client);
    scene.wait_for(&["begun", "over 0 0 Dropped"]);
    scene.go_on.notify_one();
    std::thread::sleep(Duration::from_millis(50));
    scene.wait_for(&["begun", "over 0 0 Dropped"]);
}

#[test]
fn a_client_that_leaves_within_the_body_is_told_of_with_its_status() {
    let scene = Scene::default();
    let server = Running::start(scene.finishing());
    let mut client = ask(&server, "/stream");
    client.until("first\r\n");
    reset(client);
    scene.wait_for(&["over 200 5 Dropped"]);
}

#[test]
fn an_answer_that_was_sent_is_complete_over_both_versions() {
    let scene = Scene::default();
    let server = Running::start(scene.finishing());
    for version in ["--http1.1", "--http2-prior-knowledge"] {
        scene.go_on.notify_one();
        assert_eq!(curl(&[version, &server.url("/")]), "all");
        scene.wait_for(&["begun", "went on", "over 200 3 Complete"]);
        scene.notes.lock().expect("no panic").clear();
    }
}

#[test]
fn what_is_left_of_an_upload_is_an_error_for_the_app_that_goes_on() {
    let scene = Scene::default();
    let server = Running::start(scene.finishing());
    let mut client = server.connect();
    client.say("POST /read HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nhalf");
    scene.wait_for(&["begun"]);
    reset(client);
    std::thread::sleep(Duration::from_millis(100));
    scene.go_on.notify_one();
    // Who does not read an upload does not see that its client has left.
    eventually(|| scene.notes().len() == 4);
    let notes = scene.notes();
    assert_eq!(notes[..3], ["begun", "read false", "went on"]);
    assert!(notes[3].starts_with("over 200 "), "{notes:?}");
}

#[test]
fn a_panic_of_an_app_that_goes_on_is_caught_and_reported() {
    let scene = Scene::default();
    let server = Running::with(strict(), scene.finishing());
    let client = ask(&server, "/panic");
    scene.wait_for(&["begun"]);
    leave(client);
    scene.go_on.notify_one();
    scene.wait_for(&["begun", "over 500 0 Unsent"]);
    let lines = server.errors.lines();
    assert!(
        lines.iter().any(|line| line.contains("on purpose")),
        "{lines:?}"
    );
}

#[test]
fn a_graceful_stop_waits_for_an_app_that_goes_on() {
    let scene = Scene::default();
    let mut server = Running::with(strict(), scene.finishing());
    let client = ask(&server, "/");
    scene.wait_for(&["begun"]);
    leave(client);
    server.begin_stop();
    std::thread::sleep(Duration::from_millis(600));
    scene.wait_for(&["begun"]);
    scene.go_on.notify_one();
    assert!(server.has_ended());
    scene.wait_for(&["begun", "went on", "over 200 0 Unsent"]);
}

#[test]
fn the_deadline_of_a_stop_ends_an_app_that_goes_on() {
    let scene = Scene::default();
    let server = strict().with_grace(Duration::from_millis(200));
    let mut server = Running::with(server, scene.finishing());
    let (left, waiting) = (ask(&server, "/"), ask(&server, "/"));
    scene.wait_for(&["begun", "begun"]);
    leave(left);
    server.begin_stop();
    assert!(server.has_ended());
    let over = "over 0 0 Dropped";
    scene.wait_for(&["begun", "begun", over, over]);
    drop(waiting);
}

#[test]
fn an_app_that_goes_on_has_its_place_among_the_requests() {
    let scene = Scene::default();
    let mut limits = enfilade_server::Limits::default();
    limits.requests_in_flight = 1;
    let server = strict().with_limits(limits);
    let server = Running::with(server, scene.finishing());
    let client = ask(&server, "/");
    scene.wait_for(&["begun"]);
    leave(client);
    let status = ["--output", "/dev/null", "--write-out", "%{http_code}"];
    let url = server.url("/");
    let asked = || curl(&[&status[..], &[&*url]].concat());
    assert_eq!(asked(), "503");
    scene.go_on.notify_one();
    scene.wait_for(&["begun", "went on", "over 200 0 Unsent"]);
    assert!(eventually(|| {
        scene.go_on.notify_one();
        asked() == "200"
    }));
}
