//! CGI/1.1 (RFC 3875): a process for each request.

use std::{
    ffi::{OsStr, OsString},
    io,
    os::unix::ffi::OsStrExt,
    process::Stdio,
    time::Duration,
};

use bytes::BytesMut;
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use super::{head::Reading, variables::joined};
use crate::{
    Answer, Ask, End, Feature,
    target::{
        client::{Client, Protocol},
        progress::Event,
        stream::Stream,
    },
};

pub(super) const LACKS: &[(Feature, &str)] = &[
    (Feature::KeepAlive, "a process answers one request"),
    (Feature::OneProcess, "a process answers one request"),
    (Feature::RepeatedFields, "a variable has one value"),
    (
        Feature::BrokenEnd,
        "an output that ends is an answer that ends",
    ),
];

/// The variables of the process.
pub(super) fn environment(ask: &Ask) -> Vec<(OsString, OsString)> {
    joined(ask)
        .into_iter()
        .map(|(name, value)| (OsString::from(name), OsStr::from_bytes(&value).to_owned()))
        .collect()
}

/// Runs the program for one request.
pub(super) async fn run(mut command: Command, ask: Ask) -> Vec<Answer> {
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    command.stderr(Stdio::null()).kill_on_drop(true);
    let (mut child, stdin, stdout) = match start(command) {
        Ok(started) => started,
        Err(error) => return vec![Answer::broken(error)],
    };
    let stream: Box<dyn Stream> = Box::new(tokio::io::join(stdout, stdin));
    let answers = Client::new(Cgi::default(), stream)
        .exchange(vec![ask])
        .await;
    let left = answers.iter().any(|answer| answer.end == End::Left);
    if left && let Some(id) = child.id() {
        // As web servers do when a client has left; they kill it later.
        let told = Command::new("kill").arg(id.to_string()).status().await;
        if let Err(error) = told {
            return vec![Answer::broken(format_args!("kill: {error}"))];
        }
    }
    // One that does not end is killed.
    let _ = tokio::time::timeout(PATIENCE, child.wait()).await;
    answers
}

/// How long a program may go on after its output, as with Apache.
const PATIENCE: Duration = Duration::from_secs(3);

fn start(mut command: Command) -> io::Result<(Child, ChildStdin, ChildStdout)> {
    let mut child = command.spawn()?;
    match (child.stdin.take(), child.stdout.take()) {
        (Some(stdin), Some(stdout)) => Ok((child, stdin, stdout)),
        _ => Err(io::Error::other("the program has no pipes")),
    }
}

/// What goes through the pipes.
#[derive(Default)]
pub(super) struct Cgi(Reading);

impl Protocol for Cgi {
    fn begin(&mut self, ask: &Ask) -> Vec<u8> {
        self.0.begin(ask);
        Vec::new()
    }

    fn data(&mut self, bytes: &[u8]) -> Vec<u8> {
        bytes.to_vec()
    }

    fn end(&mut self, _: &[(String, String)]) -> Vec<u8> {
        Vec::new()
    }

    fn event(&mut self, received: &mut BytesMut) -> Result<Option<Event>, String> {
        self.0.event(received)
    }

    fn closed(&mut self) -> End {
        self.0.end()
    }

    fn closes(&self) -> bool {
        true
    }
}
