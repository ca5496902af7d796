//! Where a backend listens, and what keeps it from it.

use std::{
    io::Write,
    net::TcpStream,
    os::unix::{
        fs::PermissionsExt,
        net::{UnixListener, UnixStream},
    },
    path::Path,
    sync::mpsc,
};

use enfilade_adapters::{Address, Listen, Scgi, gateway::Import};
use enfilade_core::{HostError, Lifecycle, Request};
use tokio::sync::oneshot;

use crate::{
    app,
    support::{Spoken, all},
};

/// A backend in a thread, which can be told to stop.
struct Running {
    addresses: Vec<Address>,
    stop: oneshot::Sender<()>,
    thread: std::thread::JoinHandle<Result<(), HostError>>,
}

fn start(host: Scgi) -> Running {
    let (announce, announced) = mpsc::channel();
    let (stop, stopped) = oneshot::channel();
    let host = host
        .with_announcement(move |addresses| announce.send(addresses.to_vec()).expect("awaited"))
        .with_shutdown(async { stopped.await.expect("it is told") });
    let thread = std::thread::spawn(move || host.run(app::app));
    Running {
        addresses: announced.recv().expect("it listens"),
        stop,
        thread,
    }
}

impl Running {
    fn stop(self) {
        self.stop.send(()).expect("it runs");
        self.thread.join().expect("no panic").expect("no error");
    }
}

/// Why a backend does not start at `place`.
fn refused(place: impl Into<Listen>) -> String {
    let served = Scgi::bind(place).run(async |_: Request| "");
    served.expect_err("it cannot").to_string()
}

fn request(mut stream: impl Write, target: &str) {
    let packet = Spoken::Scgi.packet("GET", target, 0);
    stream.write_all(&packet).expect("it reads");
}

#[test]
fn it_listens_at_several_places_with_the_mode_that_was_asked_for() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("site.sock");
    let host = Scgi::bind("127.0.0.1:0")
        .and_bind(Listen::at(&*path).with_mode(0o600))
        .with_import(Import::new().with_mount("/shop"));
    let running = start(host);
    let mode = std::fs::metadata(&path)
        .expect("a file")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);

    let tcp = running.addresses[0].tcp().expect("an address");
    assert_eq!(running.addresses[0].to_string(), format!("scgi:{tcp}"));
    let unix = format!("scgi:unix:{}", path.display());
    assert_eq!(running.addresses[1].to_string(), unix);

    let stream = TcpStream::connect(tcp).expect("it listens");
    request(&stream, "/shop/tea");
    assert!(all(stream).0.ends_with("\r\n\r\n/shop + /tea"));
    let stream = UnixStream::connect(&path).expect("it listens");
    request(&stream, "/shopping");
    assert!(all(stream).0.ends_with("\r\n\r\n + /shopping"));

    running.stop();
    assert!(!path.exists(), "the file is removed");
}

#[test]
fn a_socket_that_is_left_over_is_replaced_and_anything_else_is_left_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("site.sock");
    drop(UnixListener::bind(&path).expect("a socket"));
    let running = start(Scgi::bind(&*path));
    assert!(refused(&*path).contains("another program listens there"));
    running.stop();

    std::fs::write(&path, "precious").expect("a file");
    assert!(refused(&*path).contains("a file that is no socket is there"));
    assert_eq!(std::fs::read(&path).expect("the file"), b"precious");
}

#[test]
fn a_place_that_is_none_is_refused_with_what_to_write() {
    assert!(refused("nonsense").contains("such as 127.0.0.1:9000"));
    assert!(refused(Path::new("/no/such/folder/x.sock")).contains("make it first"));
    assert!(refused("192.0.2.1:9000").contains("no address of this machine"));
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address");
    assert!(refused(address).contains("the port is in use"));
}

#[test]
fn listeners_that_somebody_else_opened_are_taken() {
    let tcp = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = tcp.local_addr().expect("an address");
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("site.sock");
    let unix = UnixListener::bind(&path).expect("a socket");
    let running = start(Scgi::bind(tcp).and_bind(unix));
    let stream = TcpStream::connect(address).expect("it listens");
    request(&stream, "/");
    assert!(all(stream).0.ends_with("\r\n\r\n + /"));
    let stream = UnixStream::connect(&path).expect("it listens");
    request(&stream, "/");
    assert!(all(stream).0.ends_with("\r\n\r\n + /"));
    running.stop();
    assert!(path.exists(), "its file is not the host's");
}

#[test]
fn what_was_opened_is_closed_where_the_host_cannot_start() {
    let (closed, closing) = mpsc::channel();
    let life = Lifecycle::new();
    life.on_stop(async move || closed.send(()).expect("the test waits"));
    let served = Scgi::bind("nonsense")
        .with_lifecycle(life)
        .run(async |_: Request| "");
    assert!(served.is_err());
    closing.try_recv().expect("it is closed");
}
