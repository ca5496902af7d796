//! A server in a thread of its own, and clients that talk to it byte by byte.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    process::Command,
    sync::{Arc, Mutex, mpsc},
    thread::JoinHandle,
    time::Duration,
};

use enfilade_core::{
    App, ErrorSink, Pipeline,
    lint::{Findings, Lint},
};
use enfilade_server::{Address, Listen, Server};
use tokio::sync::oneshot;

/// A server that runs until it is dropped.
pub struct Running {
    pub addresses: Vec<Address>,
    pub errors: Errors,
    /// What a lint between the server and the app finds. Many of the apps here are broken on
    /// purpose; the server is not.
    findings: Findings,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Running {
    pub fn start(app: impl App + 'static) -> Running {
        Running::with(Server::bind("127.0.0.1:0"), app)
    }

    pub fn at(place: impl Into<Listen>, app: impl App + 'static) -> Running {
        Running::with(Server::bind(place), app)
    }

    pub fn with(server: Server, app: impl App + 'static) -> Running {
        let errors = Errors::default();
        let (lint, findings) = Lint::collecting();
        let app = Pipeline::new().with(lint).app(app);
        let (stop, stopped) = oneshot::channel();
        let (announce, announced) = mpsc::channel();
        let server = server
            .with_error_sink(errors.clone())
            .with_announcement(move |addresses| {
                announce.send(addresses.to_vec()).expect("the test waits");
            })
            .with_shutdown(async {
                // A sender that is dropped stops the server as well.
                let _ = stopped.await;
            });
        let thread = std::thread::spawn(move || server.run(app).expect("it serves"));
        Running {
            addresses: announced.recv().expect("it starts"),
            errors,
            findings,
            stop: Some(stop),
            thread: Some(thread),
        }
    }

    pub fn addr(&self) -> SocketAddr {
        self.addresses
            .iter()
            .find_map(|address| match address {
                Address::Tcp { address, .. } => Some(*address),
                _ => None,
            })
            .expect("it listens at a port")
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.addr())
    }

    pub fn connect(&self) -> Client {
        Client::of(TcpStream::connect(self.addr()).expect("it listens"))
    }

    /// Tells the server to stop, and does not wait for it.
    pub fn begin_stop(&mut self) {
        drop(self.stop.take());
    }

    /// Whether the server has ended, within two seconds.
    pub fn has_ended(&self) -> bool {
        let thread = self.thread.as_ref().expect("it was not stopped");
        eventually(|| thread.is_finished())
    }

    pub fn stop(&mut self) {
        self.begin_stop();
        if let Some(thread) = self.thread.take() {
            let ended = thread.join();
            if !std::thread::panicking() {
                ended.expect("the server ended in order");
                let mut found = self.findings.take().into_iter();
                let breach = found.find(|found| found.whose() == "the host");
                assert!(breach.is_none(), "{breach:#?}");
            }
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop();
    }
}

/// What was reported.
#[derive(Clone, Default)]
pub struct Errors(Arc<Mutex<Vec<String>>>);

impl Errors {
    pub fn lines(&self) -> Vec<String> {
        self.0.lock().expect("nobody panicked").clone()
    }
}

impl ErrorSink for Errors {
    fn report(&self, line: &str) {
        self.0
            .lock()
            .expect("nobody panicked")
            .push(line.to_owned());
    }
}

/// A client that says what it is told to.
pub struct Client(pub TcpStream);

impl Client {
    pub fn of(stream: TcpStream) -> Client {
        stream
            .set_read_timeout(Some(Duration::from_secs(10)))
            .expect("a timeout");
        Client(stream)
    }

    pub fn say(&mut self, text: &str) {
        self.0.write_all(text.as_bytes()).expect("it listens");
    }

    /// All that comes until the server closes.
    pub fn rest(&mut self) -> String {
        let mut all = Vec::new();
        self.0.read_to_end(&mut all).expect("the server closes");
        String::from_utf8_lossy(&all).into_owned()
    }

    /// The same, also where the server breaks off, since it has not read all.
    pub fn ended(&mut self) -> String {
        let mut all = Vec::new();
        // What came before is there in any case.
        let _ = self.0.read_to_end(&mut all);
        String::from_utf8_lossy(&all).into_owned()
    }

    /// What comes until it ends in `end`.
    pub fn until(&mut self, end: &str) -> String {
        let (mut all, mut byte) = (Vec::new(), [0]);
        while !all.ends_with(end.as_bytes()) {
            let read = self.0.read(&mut byte);
            let got = String::from_utf8_lossy(&all).into_owned();
            match read {
                Ok(1) => all.push(byte[0]),
                other => panic!("{other:?} after {got:?}, before {end:?}"),
            }
        }
        String::from_utf8_lossy(&all).into_owned()
    }

    /// A head, and as many bytes of a body as it says.
    pub fn response(&mut self) -> String {
        let head = self.until("\r\n\r\n");
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "))
            .map_or(0, |length| length.parse().expect("a number"));
        let mut body = vec![0; length];
        self.0.read_exact(&mut body).expect("a body");
        head + &String::from_utf8_lossy(&body)
    }
}

/// What curl prints.
pub fn curl(arguments: &[&str]) -> String {
    let output = Command::new("curl")
        .args(["--silent", "--show-error", "--max-time", "10"])
        .args(arguments)
        .output()
        .expect("curl is there");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text + &String::from_utf8_lossy(&output.stderr)
}

/// Whether `holds` comes true within two seconds.
pub fn eventually(mut holds: impl FnMut() -> bool) -> bool {
    (0..200).any(|_| {
        if !holds() {
            std::thread::sleep(Duration::from_millis(10));
        }
        holds()
    })
}
