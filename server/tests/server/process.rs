//! A server in a process of its own: for signals, and to see what it takes.

use std::{
    future::pending,
    io::{BufRead, BufReader, Read},
    process::{Child, Command, Stdio},
    time::Duration,
};

use enfilade_core::{Lifecycle, Request, RequestExt};
use enfilade_server::{Server, Threads};

use crate::support::curl;

#[test]
#[ignore = "run by the tests with signals"]
fn a_process_that_serves() {
    let restarted = std::env::var_os("ENFILADE_RESTART").is_some();
    if restarted && std::env::var_os(FAILS_WHEN_RESTARTED).is_some() {
        std::process::exit(3);
    }
    let life = Lifecycle::new();
    life.on_stop(async || eprintln!("closed"));
    let threads = std::env::var(THREADS)
        .ok()
        .map_or_else(Threads::shared, |counts| {
            let mut counts = counts
                .split(' ')
                .map(|count| count.parse().expect("a number"));
            let count = counts.nth(usize::from(restarted)).expect("two numbers");
            Threads::per_core().with_count(count)
        });
    let served = Server::bind("127.0.0.1:0")
        .with_threads(threads)
        .with_lifecycle(life)
        .run(async |request: Request| match request.path_info() {
            "/never" => pending::<&'static str>().await,
            "/process" => std::process::id().to_string().leak(),
            "/slow" => {
                tokio::time::sleep(Duration::from_millis(300)).await;
                "done"
            }
            _ => "done",
        });
    eprintln!("ended: {served:?}");
}

/// How many threads there are, each for itself, at first and when restarted.
const THREADS: &str = "THREADS";
const FAILS_WHEN_RESTARTED: &str = "FAILS_WHEN_RESTARTED";

/// This test program once more, as a server.
pub struct Process {
    pub child: Child,
    lines: BufReader<std::process::ChildStderr>,
    pub address: String,
}

impl Process {
    pub fn start() -> Process {
        Process::run(Command::new(Process::program()))
    }

    /// A process with `first` threads, each for itself, whose successors have `later` ones.
    pub fn with_threads(first: usize, later: usize) -> Process {
        let mut command = Command::new(Process::program());
        command.env(THREADS, format!("{first} {later}"));
        Process::run(command)
    }

    /// A process whose successors end at once.
    pub fn failing_when_restarted() -> Process {
        let mut command = Command::new(Process::program());
        command.env(FAILS_WHEN_RESTARTED, "yes");
        Process::run(command)
    }

    /// A process that may open only so many files.
    pub fn with_files(count: usize) -> Process {
        let mut command = Command::new("prlimit");
        command.arg(format!("--nofile={count}"));
        command.arg(Process::program());
        Process::run(command)
    }

    fn program() -> std::path::PathBuf {
        std::env::current_exe().expect("a path")
    }

    fn run(mut command: Command) -> Process {
        let mut child = command
            .args(["--exact", "process::a_process_that_serves"])
            .args(["--nocapture", "--ignored"])
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts");
        let mut lines = BufReader::new(child.stderr.take().expect("it is piped"));
        let mut line = String::new();
        lines.read_line(&mut line).expect("it announces itself");
        let address = line.trim().strip_prefix("listening on http://");
        Process {
            child,
            address: address.expect("an address").to_owned(),
            lines,
        }
    }

    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill")
            .args([&format!("-{name}"), &self.child.id().to_string()])
            .status()
            .expect("kill is there");
        assert!(sent.success());
    }

    pub fn request(&self, path: &str) -> std::thread::JoinHandle<String> {
        let url = format!("http://{}{path}", self.address);
        let client = std::thread::spawn(move || curl(&[&url]));
        std::thread::sleep(Duration::from_millis(150));
        client
    }

    /// What it still says, and whether it ended well.
    pub fn end(mut self) -> (String, bool) {
        let mut rest = String::new();
        self.lines.read_to_string(&mut rest).expect("text");
        let status = self.child.wait().expect("it ended");
        (rest, status.success())
    }
}
