//! A program that is served by `enfilade::launch`, in a process of its own.

use std::{
    io::{BufRead, BufReader, Read},
    net::TcpListener,
    os::{fd::OwnedFd, unix::net::UnixListener},
    process::{Child, ChildStderr, Command, Stdio},
};

use enfilade::{
    Request, RequestExt,
    core::{HostError, Lifecycle},
};

/// Tells a process that it is the program, and not its tests.
pub(crate) const PROGRAM: &str = "ENFILADE_TESTS_RUN_THE_PROGRAM";

/// Takes its time to go.
struct Farewell;

impl Drop for Farewell {
    fn drop(&mut self) {
        std::thread::sleep(std::time::Duration::from_millis(100));
        eprintln!("gone");
    }
}

/// Answers with the host and the split of the path; `/wait` takes its time, and
/// `/linger` stays.
async fn whereabouts(request: Request) -> String {
    let host = request.environ().connection().host;
    if request.path_info() == "/wait" {
        eprintln!("begun");
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    }
    if request.path_info() == "/linger" {
        let _farewell = Farewell;
        eprintln!("begun");
        std::future::pending::<()>().await;
    }
    format!(
        "{host}: {} + {}.",
        request.script_name(),
        request.path_info()
    )
}

pub(crate) fn main() -> Result<(), HostError> {
    enfilade::launch(async |life: &Lifecycle| {
        life.on_stop(async || eprintln!("closed"));
        Ok(whereabouts)
    })
}

/// The program, as it is going to be started.
pub(crate) struct Program(Command);

impl Program {
    pub(crate) fn new() -> Program {
        let path = std::env::current_exe().expect("a path");
        Program::started_by(Command::new(path))
    }

    /// Started by a shell, which first runs `script`.
    pub(crate) fn after(script: &str) -> Program {
        let mut shell = Command::new("sh");
        let path = std::env::current_exe().expect("a path");
        shell.args(["-c", &format!("{script} exec \"$0\" \"$@\"")]);
        shell.arg(path);
        Program::started_by(shell)
    }

    fn started_by(mut command: Command) -> Program {
        for (name, _) in std::env::vars_os() {
            let name = name.to_string_lossy();
            if ["ENFILADE_", "LISTEN_", "AWS_"]
                .iter()
                .any(|ours| name.starts_with(ours))
            {
                command.env_remove(&*name);
            }
        }
        command
            .args(["--exact", "the_program", "--nocapture"])
            .env(PROGRAM, "1")
            .env_remove("RUST_BACKTRACE")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        Program(command)
    }

    pub(crate) fn with(mut self, name: &str, value: &str) -> Program {
        self.0.env(name, value);
        self
    }

    pub(crate) fn with_input(mut self, input: impl Into<OwnedFd>) -> Program {
        self.0.stdin(input.into());
        self
    }

    pub(crate) fn start(mut self) -> Running {
        let mut child = self.0.spawn().expect("it starts");
        let errors = BufReader::new(child.stderr.take().expect("it is piped"));
        Running { child, errors }
    }
}

/// The program, while it runs.
pub(crate) struct Running {
    child: Child,
    errors: BufReader<ChildStderr>,
}

impl Running {
    /// The next line of its error stream.
    pub(crate) fn line(&mut self) -> String {
        let mut line = String::new();
        self.errors.read_line(&mut line).expect("text");
        line.trim_end().to_owned()
    }

    pub(crate) fn terminate(&self) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args(["-TERM", &id]).status();
        assert!(sent.expect("kill is there").success());
    }

    /// Its standard output, what is left of its error stream, and whether it ended well.
    pub(crate) fn end(mut self) -> (String, String, bool) {
        let (mut output, mut errors) = (String::new(), String::new());
        self.errors.read_to_string(&mut errors).expect("text");
        let mut stdout = self.child.stdout.take().expect("it is piped");
        stdout.read_to_string(&mut output).expect("text");
        let ended = self.child.wait().expect("it ends");
        (output, errors, ended.success())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // A test that failed leaves nothing behind.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// A port that listens, and its address.
pub(crate) fn tcp() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    (listener, address)
}

/// A Unix socket that listens, below `folder`.
pub(crate) fn unix(folder: &tempfile::TempDir) -> (UnixListener, std::path::PathBuf) {
    let path = folder.path().join("socket");
    (UnixListener::bind(&path).expect("a socket"), path)
}
