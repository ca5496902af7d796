//! A host in a process: this test program once more.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::PathBuf,
    process::{Child, ChildStderr, Command, Stdio},
};

pub struct Process {
    pub child: Child,
    lines: BufReader<ChildStderr>,
}

impl Process {
    /// Runs the test `name`, which is a host where the environment says so.
    pub fn start(name: &str, environment: &[(&str, &str)], input: Stdio, output: Stdio) -> Process {
        let command = Command::new(std::env::current_exe().expect("a path"));
        Process::run(command, name, environment, input, output)
    }

    /// The same, by a command that runs this program.
    fn run(
        mut command: Command,
        name: &str,
        environment: &[(&str, &str)],
        input: Stdio,
        output: Stdio,
    ) -> Process {
        let mut child = command
            .args(["--exact", name, "--nocapture"])
            .envs(environment.iter().copied())
            .stdin(input)
            .stdout(output)
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts");
        let lines = BufReader::new(child.stderr.take().expect("it is piped"));
        Process { child, lines }
    }

    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill")
            .args([&format!("-{name}"), &self.child.id().to_string()])
            .status()
            .expect("kill is there");
        assert!(sent.success());
    }

    /// The next line that it says; none at its end.
    pub fn line(&mut self) -> String {
        let mut line = String::new();
        self.lines.read_line(&mut line).expect("text");
        line.trim_end().to_owned()
    }

    /// What it still says, and whether it ended well.
    pub fn end(mut self) -> (String, bool) {
        let mut rest = String::new();
        self.lines.read_to_string(&mut rest).expect("text");
        let status = self.child.wait().expect("it ended");
        (rest, status.success())
    }

    /// The most memory that it has had, in bytes.
    pub fn peak_memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()));
        let status = status.expect("it runs");
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB"));
        let kilobytes: u64 = kilobytes.expect("a size").parse().expect("a number");
        kilobytes * 1024
    }
}

/// The protocols over sockets.
#[derive(Clone, Copy, Debug)]
pub enum Spoken {
    Scgi,
    Uwsgi,
}

impl Spoken {
    pub const ALL: [Spoken; 2] = [Spoken::Scgi, Spoken::Uwsgi];

    pub const fn name(self) -> &'static str {
        match self {
            Spoken::Scgi => "scgi",
            Spoken::Uwsgi => "uwsgi",
        }
    }

    /// What a web server sends in front of a body of `length` bytes.
    pub fn packet(self, method: &str, target: &str, length: u64) -> Vec<u8> {
        let pairs = [
            ("CONTENT_LENGTH", &*length.to_string()),
            ("SCGI", "1"),
            ("REQUEST_METHOD", method),
            ("REQUEST_URI", target),
            ("SERVER_PROTOCOL", "HTTP/1.1"),
        ];
        match self {
            Spoken::Scgi => {
                let pairs = pairs.map(|(name, value)| format!("{name}\0{value}\0"));
                let block = pairs.concat();
                format!("{}:{block},", block.len()).into_bytes()
            }
            Spoken::Uwsgi => {
                let texts = pairs.iter().flat_map(|(name, value)| [*name, *value]);
                let sized = texts.map(|text| {
                    let size = u16::try_from(text.len()).expect("short").to_le_bytes();
                    [&size, text.as_bytes()].concat()
                });
                let block = sized.collect::<Vec<_>>().concat();
                let size = u16::try_from(block.len()).expect("short").to_le_bytes();
                [&[0, size[0], size[1], 0], &block[..]].concat()
            }
        }
    }
}

/// A host that listens, and where.
pub struct Backend {
    pub process: Process,
    pub spoken: Spoken,
    pub address: String,
}

impl Backend {
    pub fn start(spoken: Spoken) -> Backend {
        Backend::run(spoken, Command::new(Backend::program()))
    }

    /// One that may open only so many files.
    pub fn with_files(spoken: Spoken, count: usize) -> Backend {
        let mut command = Command::new("prlimit");
        command.arg(format!("--nofile={count}"));
        command.arg(Backend::program());
        Backend::run(spoken, command)
    }

    fn program() -> PathBuf {
        std::env::current_exe().expect("a path")
    }

    fn run(spoken: Spoken, command: Command) -> Backend {
        let name = "backends::a_process_that_serves";
        let environment = [("SPOKEN", spoken.name())];
        let mut process = Process::run(command, name, &environment, Stdio::null(), Stdio::null());
        let line = process.line();
        let address = line.strip_prefix(&format!("listening on {}:", spoken.name()));
        Backend {
            spoken,
            address: address.expect(&line).to_owned(),
            process,
        }
    }

    /// A connection on which a request was sent, but for its body.
    pub fn request(&self, method: &str, target: &str, length: u64) -> TcpStream {
        let mut stream = TcpStream::connect(&self.address).expect("it listens");
        let packet = self.spoken.packet(method, target, length);
        stream.write_all(&packet).expect("it reads");
        stream
    }
}

/// All that comes, and the error at its end, if there is one.
pub fn all(mut stream: impl Read) -> (String, Option<std::io::ErrorKind>) {
    let mut bytes = Vec::new();
    let error = stream.read_to_end(&mut bytes).err();
    let text = String::from_utf8(bytes).expect("text");
    (text, error.map(|error| error.kind()))
}
