//! What keeps a server from starting, and what it says about it.

use std::{net::TcpListener, os::unix::net::UnixListener, process::Command};

use enfilade_core::{Error, HostError, Lifecycle, Request};
use enfilade_server::{Listen, Server};
use socket2::{Domain, SockAddr, Socket, Type};

async fn hello(_: Request) -> &'static str {
    "hello"
}

fn refused(place: impl Into<Listen>) -> String {
    let error = Server::bind(place).run(hello).expect_err("it cannot start");
    // As `main` prints it.
    format!("{error:?}")
}

#[track_caller]
fn assert_says(message: &str, parts: &[&str]) {
    for part in parts {
        assert!(message.contains(part), "{part:?} is not in: {message}");
    }
}

#[test]
fn a_port_in_use() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address");
    let port = address.port();
    assert_says(
        &refused(address),
        &[
            &format!("cannot listen at 127.0.0.1:{port}"),
            &format!("port {port} is in use"),
            "bind another port",
        ],
    );
    assert_says(&refused(address.to_string()), &["is in use"]);
}

#[test]
fn an_address_of_another_machine() {
    let message = refused("192.0.2.1:8000");
    assert_says(&message, &["192.0.2.1 is no address of this machine"]);
}

#[test]
fn what_is_no_address() {
    for place in ["127.0.0.1", "8000", "", "127.0.0.1:99999", "[::1:80"] {
        let message = refused(place);
        assert_says(
            &message,
            &["cannot listen at", "write an address and a port"],
        );
    }
    let message = refused("nowhere.invalid:80");
    assert_says(&message, &["the name is not known"]);
}

/// Runs one test of this file as a user without rights, where we have some to give away.
fn as_nobody(test: &str) -> Option<String> {
    let me = std::env::current_exe().expect("a path");
    let output = Command::new("setpriv")
        .args([
            "--reuid=65534",
            "--clear-groups",
            "--inh-caps=-all",
            "--bounding-set=-all",
        ])
        .arg(me)
        .args(["--exact", test, "--nocapture", "--ignored"])
        .output()
        .ok()?;
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[test]
#[ignore = "run by the test below, without rights"]
fn without_rights() {
    // Distributions differ in where privileged ports end; 1 is one everywhere but in containers
    // that let all of them go.
    let end = std::fs::read_to_string("/proc/sys/net/ipv4/ip_unprivileged_port_start");
    let privileged = end.is_ok_and(|end| end.trim() != "0");
    if privileged {
        println!("{}", refused("127.0.0.1:1"));
    } else {
        println!("no port is for privileged programs here");
    }
    println!("{}", refused("/proc/site.sock"));
}

#[test]
fn missing_permission() {
    let Some(output) = as_nobody("startup::without_rights") else {
        return;
    };
    if output.contains("test result: ok. 1 passed") {
        assert!(
            output.contains("setcap cap_net_bind_service=+ep")
                || output.contains("no port is for privileged programs here"),
            "{output}"
        );
        assert_says(&output, &["cannot listen at unix:/proc/site.sock"]);
    }
}

#[test]
fn a_socket_that_somebody_listens_at() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("site.sock");
    let _theirs = UnixListener::bind(&path).expect("a socket");
    assert_says(
        &refused(path.as_path()),
        &["site.sock", "another program listens there"],
    );
    assert!(path.exists());
}

#[test]
fn a_socket_whose_queue_is_full_is_somebodys_and_holds_nothing_up() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("site.sock");
    let address = SockAddr::unix(&path).expect("an address");
    let socket = || Socket::new(Domain::UNIX, Type::STREAM, None).expect("a socket");
    let theirs = socket();
    theirs.bind(&address).expect("a path");
    theirs.listen(0).expect("it is bound");
    let waiting: Vec<Socket> = (0..8).map(|_| socket()).collect();
    let queued = waiting.iter().filter(|client| {
        client.set_nonblocking(true).expect("it is open");
        client.connect(&address).is_ok()
    });
    assert!(queued.count() < waiting.len(), "the queue is not full");
    let (tell, told) = std::sync::mpsc::channel();
    let place = path.clone();
    std::thread::spawn(move || tell.send(refused(place.as_path())));
    let said = told.recv_timeout(std::time::Duration::from_secs(20));
    assert_says(
        &said.expect("it does not wait for a place"),
        &["another program listens there"],
    );
    assert!(path.exists(), "it was left alone");
}

#[test]
fn a_file_that_is_no_socket_is_left_alone() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("precious.txt");
    std::fs::write(&path, "data").expect("a file");
    assert_says(
        &refused(path.as_path()),
        &["a file that is no socket is there, and was left alone"],
    );
    assert_eq!(std::fs::read_to_string(&path).expect("a file"), "data");
}

#[test]
fn a_directory_that_is_not_there_and_a_path_that_is_too_long() {
    assert_says(
        &refused("/does/not/exist/site.sock"),
        &["the directory /does/not/exist does not exist"],
    );
    let long = format!("/tmp/{}.sock", "x".repeat(200));
    assert_says(&refused(long), &["the path is too long for a socket"]);
}

#[test]
fn one_bad_place_among_good_ones_opens_none_and_leaves_no_file() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("site.sock");
    let server = Server::bind(path.as_path()).and_bind("192.0.2.1:80");
    server.run(hello).expect_err("it cannot start");
    assert!(!path.exists());
}

#[test]
fn an_app_that_does_not_start_closes_what_it_had_opened() {
    let (closed, was_closed) = std::sync::mpsc::channel();
    let error = Server::bind("127.0.0.1:0")
        .launch(async move |life: &Lifecycle| {
            life.on_stop(async move || closed.send(()).expect("the test waits"));
            if life.stopping().is_stopping() {
                return Ok(hello);
            }
            Err(Error::status(503).because(std::io::Error::other("no database")))
        })
        .expect_err("it does not start");
    was_closed.try_recv().expect("it was closed");
    assert_says(&format!("{error:?}"), &["did not start", "no database"]);
}

#[test]
fn a_server_that_does_not_start_closes_what_the_app_had_opened() {
    let (closed, was_closed) = std::sync::mpsc::channel();
    let error: HostError = Server::bind("192.0.2.1:80")
        .launch(async move |life: &Lifecycle| {
            life.on_stop(async move || closed.send(()).expect("the test waits"));
            Ok(hello)
        })
        .expect_err("it does not start");
    was_closed.try_recv().expect("it was closed");
    assert_says(&format!("{error:?}"), &["192.0.2.1"]);
}
