//! Where connections come from.

use std::{
    io::Read,
    net::TcpStream,
    os::unix::{
        fs::{FileTypeExt, PermissionsExt},
        net::UnixListener,
    },
    time::Duration,
};

use enfilade_core::{Peer, Request, RequestExt};
use enfilade_server::{Address, Listen, Server};

use crate::{
    process::Process,
    support::{Client, Running, curl},
};

async fn ends(request: Request) -> String {
    let facts = request.environ().connection();
    format!("{:?} {:?}", facts.local, facts.peer)
}

fn over_unix(path: &str) -> String {
    curl(&["--unix-socket", path, "http://localhost/"])
}

#[test]
fn a_unix_socket_has_its_mode_tells_who_calls_and_goes_with_the_server() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("site.sock");
    let name = path.to_str().expect("UTF-8");
    let mut server = Running::at(Listen::at(name).with_mode(0o600), ends);
    let file = path.metadata().expect("it is there");
    assert!(file.file_type().is_socket());
    assert_eq!(file.permissions().mode() & 0o777, 0o600);
    let answer = over_unix(name);
    assert!(answer.contains("user: "), "{answer}");
    assert!(answer.contains("site.sock"), "{answer}");
    let h2 = curl(&[
        "--http2-prior-knowledge",
        "--unix-socket",
        name,
        "http://localhost/",
    ]);
    assert_eq!(
        h2.split_once("process").map(|h| h.0),
        answer.split_once("process").map(|h| h.0)
    );
    server.stop();
    assert!(!path.exists());
}

#[test]
fn several_sockets_are_served_by_one_app() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("site.sock");
    let given = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let unix = UnixListener::bind(directory.path().join("given.sock")).expect("a socket");
    let server = Server::bind("127.0.0.1:0")
        .and_bind(path.as_path())
        .and_bind(given)
        .and_bind(unix);
    let mut server = Running::with(server, ends);
    assert_eq!(server.addresses.len(), 4);
    for address in &server.addresses {
        let answer = match address {
            Address::Tcp { .. } => curl(&[&address.to_string()]),
            _ => over_unix(address.to_string().trim_start_matches("unix:")),
        };
        assert!(
            answer.contains("Inet") || answer.contains("Unix"),
            "{answer}"
        );
    }
    server.stop();
    assert!(!path.exists());
    // What was given is the giver's.
    assert!(directory.path().join("given.sock").exists());
}

#[test]
fn a_socket_for_all_addresses_takes_ipv4_and_ipv6_and_calls_each_by_its_name() {
    let server = Running::at(":0", async |request: Request| {
        let facts = request.environ().connection();
        let Peer::Inet(local) = &facts.local else {
            return "no address".to_owned();
        };
        format!("{} {} {}", facts.server_name, local.ip(), facts.peer)
    });
    let port = server.addr().port();
    let v4 = curl(&[&format!("http://127.0.0.1:{port}/")]);
    assert_eq!(v4, "127.0.0.1 127.0.0.1 127.0.0.1");
    if server.addr().is_ipv6() {
        let v6 = curl(&["--globoff", &format!("http://[::1]:{port}/")]);
        assert_eq!(v6, "::1 ::1 ::1");
    }
}

#[test]
fn out_of_file_descriptors_it_serves_those_that_it_has_and_then_goes_on() {
    let process = Process::with_files(40);
    let connect = |_| TcpStream::connect(&process.address).expect("the system queues it");
    let crowd: Vec<TcpStream> = (0..60).map(connect).collect();
    std::thread::sleep(Duration::from_millis(200));
    let mut first = Client::of(crowd[0].try_clone().expect("it is open"));
    first.say("GET / HTTP/1.1\r\nhost: x\r\n\r\n");
    assert!(first.response().ends_with("done"));
    drop((crowd, first));
    let answer = curl(&[&format!("http://{}/", process.address)]);
    assert_eq!(answer, "done");
    process.signal("TERM");
    let (said, _) = process.end();
    assert!(
        said.contains("cannot accept connections for the moment"),
        "{said}"
    );
    assert!(said.lines().count() < 6, "{said}");
}

#[test]
fn who_waits_for_a_descriptor_for_long_is_turned_away() {
    let process = Process::with_files(40);
    let connect = |_| TcpStream::connect(&process.address).expect("the system queues it");
    let mut crowd: Vec<TcpStream> = (0..60).map(connect).collect();
    let last = crowd.last_mut().expect("many");
    let patience = Some(Duration::from_secs(10));
    last.set_read_timeout(patience).expect("a timeout");
    let end = last.read(&mut [0]);
    assert!(matches!(end, Ok(0)), "{end:?}");
    // Those that came in are not touched.
    let mut first = Client::of(crowd.swap_remove(0));
    first.say("GET / HTTP/1.1\r\nhost: x\r\n\r\n");
    assert!(first.response().ends_with("done"));
    process.signal("TERM");
    assert!(process.end().1);
}

#[test]
fn the_name_that_was_given_is_the_servers() {
    let server = Server::bind(":0").with_server_name("example.org");
    let server = Running::with(server, async |request: Request| {
        request.environ().connection().server_name.to_string()
    });
    let port = server.addr().port();
    let name = curl(&[&format!("http://127.0.0.1:{port}/")]);
    assert_eq!(name, "example.org");
}

#[test]
fn a_socket_that_nobody_listens_at_is_replaced() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("site.sock");
    drop(UnixListener::bind(&path).expect("a socket"));
    assert!(path.exists());
    let server = Running::at(path.as_path(), ends);
    let answer = over_unix(path.to_str().expect("UTF-8"));
    assert!(answer.contains("Unix"), "{answer}");
    drop(server);
}

#[test]
fn a_socket_that_another_put_there_meanwhile_is_left_alone() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("site.sock");
    let mut server = Running::at(path.as_path(), ends);
    std::fs::remove_file(&path).expect("it is there");
    let theirs = UnixListener::bind(&path).expect("a socket");
    server.stop();
    assert!(path.exists());
    drop(theirs);
}
