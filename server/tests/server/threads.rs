//! Threads of which each serves for itself, and which are one server.

use std::{
    collections::HashSet,
    io::{Read, Write},
    net::TcpStream,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
        mpsc,
    },
    time::Duration,
};

use enfilade_core::{ErrorSink, Lifecycle, Request, RequestExt};
use enfilade_server::{Address, Limits, Server, Threads};

use crate::{
    process::Process,
    support::{Client, Running, curl, eventually},
};

fn server() -> Server {
    Server::bind("127.0.0.1:0").with_threads(Threads::per_core().with_count(3))
}

/// Tells which thread it runs in.
async fn thread(_: Request) -> String {
    format!("{:?}", std::thread::current().id())
}

fn ask(client: &mut Client) -> String {
    client.say("GET / HTTP/1.1\r\nhost: x\r\n\r\n");
    let answer = client.response();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let (_, thread) = answer.split_once("\r\n\r\n").expect("a body");
    thread.to_owned()
}

#[test]
fn each_thread_serves_its_share_and_keeps_its_connections() {
    let server = Running::with(server(), thread);
    let mut clients: Vec<Client> = (0..60).map(|_| server.connect()).collect();
    let first: Vec<String> = clients.iter_mut().map(ask).collect();
    let again: Vec<String> = clients.iter_mut().map(ask).collect();
    assert_eq!(first, again);
    let threads: HashSet<String> = first.into_iter().collect();
    assert_eq!(threads.len(), 3);
}

#[test]
#[cfg(target_os = "linux")]
fn each_thread_has_a_queue_of_its_own() {
    let server = Running::with(server(), thread);
    let port = format!(":{:04X} ", server.addr().port());
    let sockets = std::fs::read_to_string("/proc/net/tcp").expect("the system tells");
    let listening = |line: &&str| line.contains(&port) && line.contains(" 0A ");
    assert_eq!(sockets.lines().filter(listening).count(), 3);
}

#[test]
fn a_socket_that_cannot_be_spread_is_served_by_all() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("site.sock");
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let bound = server().and_bind(path.as_path()).and_bind(listener);
    let server = Running::with(bound, thread);
    assert_eq!(server.addresses.len(), 3, "each place is told once");
    let path = path.to_str().expect("UTF-8").to_owned();
    let (unix, adopted) = (["--unix-socket", &path, "http://x/"], &server.addresses[2]);
    for _ in 0..20 {
        assert!(curl(&unix).starts_with("ThreadId"));
        assert!(curl(&[&adopted.to_string()]).starts_with("ThreadId"));
    }
    drop(server);
    assert!(!directory.path().join("site.sock").exists());
}

#[test]
fn a_second_server_is_told_that_the_port_is_in_use() {
    let server = Running::with(server(), thread);
    for threads in [Threads::shared(), Threads::per_core().with_count(3)] {
        let second = Server::bind(server.addr())
            .with_threads(threads)
            .with_shutdown(async { tokio::time::sleep(Duration::from_secs(1)).await });
        let error = second.run(thread).expect_err("it is in use").to_string();
        assert!(error.contains("is in use"), "{error}");
    }
}

#[test]
fn a_limit_is_that_of_all_threads_together() {
    let mut limits = Limits::default();
    limits.connections_per_address = Some(2);
    let server = Running::with(server().with_limits(limits), thread);
    let mut clients: Vec<Client> = (0..30).map(|_| server.connect()).collect();
    let mut answered = 0;
    for Client(stream) in &mut clients {
        // One that was turned away may be closed already.
        let _ = stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n");
        let mut byte = [0];
        answered += stream.read(&mut byte).unwrap_or(0);
    }
    assert_eq!(answered, 2);
}

/// An error stream whose program is broken.
struct Broken;

impl ErrorSink for Broken {
    fn report(&self, line: &str) {
        panic!("on purpose: {line}");
    }
}

#[test]
fn a_thread_that_cannot_accept_any_more_ends_the_server() {
    // Which thread gets the first connection, and then reports that there is no room, is the
    // system's choice.
    for _ in 0..10 {
        let mut limits = Limits::default();
        limits.connections = Some(1);
        let (announce, announced) = mpsc::channel();
        let (is_closed, life) = (Arc::new(AtomicBool::new(false)), Lifecycle::new());
        let closing = Arc::clone(&is_closed);
        life.on_stop(async move || closing.store(true, SeqCst));
        let server = server()
            .with_limits(limits)
            .with_error_sink(Broken)
            .with_lifecycle(life)
            .with_announcement(move |addresses| {
                announce.send(addresses.to_vec()).expect("the test waits");
            });
        let serving = std::thread::spawn(move || server.run(thread));
        let addresses = announced.recv().expect("it starts");
        let [Address::Tcp { address, .. }] = &*addresses else {
            panic!("one port: {addresses:?}");
        };
        let _client = TcpStream::connect(address).expect("it listens");
        assert!(eventually(|| serving.is_finished()), "it goes on");
        let served = serving.join().expect("no panic");
        let error = served.expect_err("a thread is missing").to_string();
        assert!(error.contains("does not accept"), "{error}");
        assert!(is_closed.load(SeqCst));
    }
}

#[test]
fn a_stop_closes_every_socket_and_lets_every_thread_answer() {
    let may_end = Arc::<AtomicBool>::default();
    let held = may_end.clone();
    let app = move |request: Request| {
        let held = held.clone();
        async move {
            while request.path_info() == "/held" && !held.load(SeqCst) {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            thread(request).await
        }
    };
    let mut server = Running::with(server(), app);
    let mut idle: Vec<Client> = (0..20).map(|_| server.connect()).collect();
    idle.iter_mut().for_each(|client| drop(ask(client)));
    let mut busy: Vec<Client> = (0..20).map(|_| server.connect()).collect();
    for client in &mut busy {
        client.say("GET /held HTTP/1.1\r\nhost: x\r\n\r\n");
    }
    std::thread::sleep(Duration::from_millis(200));
    server.begin_stop();
    for client in &mut idle {
        assert_eq!(client.rest(), "");
    }
    let is_refused = || TcpStream::connect(server.addr()).is_err();
    assert!(eventually(|| (0..20).all(|_| is_refused())));
    may_end.store(true, SeqCst);
    let mut threads = HashSet::new();
    for client in &mut busy {
        let answer = client.rest();
        assert!(answer.contains("connection: close\r\n"), "{answer}");
        threads.insert(answer.rsplit('\n').next().map(ToOwned::to_owned));
    }
    assert_eq!(threads.len(), 3);
    assert!(server.has_ended());
}

#[test]
fn a_future_that_is_dropped_breaks_every_thread_off() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let mut clients = runtime.block_on(async {
        let listening = server().listen().expect("a free port");
        let address = listening.local_addr().expect("a port");
        let clients = async {
            let connect = move || {
                (0..30)
                    .map(|_| Client::of(TcpStream::connect(address).expect("it listens")))
                    .collect()
            };
            let connecting = tokio::task::spawn_blocking(connect);
            let mut clients: Vec<Client> = connecting.await.expect("they connect");
            tokio::task::spawn_blocking(move || {
                let threads: HashSet<String> = clients.iter_mut().map(ask).collect();
                // The first of the three are those of the runtime around.
                assert!(threads.len() >= 3, "{threads:?}");
                clients
            })
            .await
            .expect("they are answered")
        };
        tokio::select! {
            ended = listening.serve(thread) => panic!("{ended:?}"),
            clients = clients => clients,
        }
    });
    for client in &mut clients {
        assert_eq!(client.ended(), "");
    }
}

/// Clients each request of which is a connection of its own.
fn load(address: &str) -> impl FnOnce() -> usize + use<> {
    let (stop, answered) = (Arc::<AtomicBool>::default(), Arc::<AtomicUsize>::default());
    let clients: Vec<_> = (0..4)
        .map(|_| {
            let (address, stop, answered) = (address.to_owned(), stop.clone(), answered.clone());
            std::thread::spawn(move || {
                while !stop.load(SeqCst) {
                    let stream = TcpStream::connect(&address).expect("somebody listens");
                    let mut client = Client::of(stream);
                    client.say("GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
                    assert!(client.rest().ends_with("done"), "nobody is lost");
                    answered.fetch_add(1, SeqCst);
                }
            })
        })
        .collect();
    move || {
        stop.store(true, SeqCst);
        for client in clients {
            client.join().expect("no connection was lost");
        }
        answered.load(SeqCst)
    }
}

#[test]
fn a_process_with_more_or_fewer_threads_takes_over_and_no_connection_is_lost() {
    for (first, later) in [(4, 2), (1, 3)] {
        let old = Process::with_threads(first, later);
        let end_of_load = load(&old.address);
        let process = || curl(&[&format!("http://{}/process", old.address)]);
        let mut last = process();
        for _ in 0..2 {
            let told = std::process::Command::new("kill")
                .args(["-USR2", &last])
                .status();
            assert!(told.expect("kill is there").success());
            assert!(eventually(|| process() != last));
            std::thread::sleep(Duration::from_millis(700));
            last = process();
        }
        assert!(end_of_load() > 50);
        let told = std::process::Command::new("kill")
            .args(["-TERM", &last])
            .status();
        assert!(told.expect("kill is there").success());
        assert!(eventually(|| TcpStream::connect(&old.address).is_err()));
    }
}
