//! CGI/1.1 (RFC 3875): a process for each request.

use std::{
    ffi::{OsStr, OsString},
    io,
    os::unix::ffi::OsStrExt,
    pin::Pin,
    process::Stdio,
    task::{Context, Poll},
    time::Duration,
};

use bytes::BytesMut;
use tokio::{
    io::AsyncWrite,
    process::{Child, ChildStdin, ChildStdout, Command},
};

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
    (
        Feature::CutUnknownLength,
        "the end of the standard input is the end of the body",
    ),
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
    let stream: Box<dyn Stream> = Box::new(tokio::io::join(stdout, Input(Some(stdin))));
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

/// A pipe that is closed by its end: a `ChildStdin` stays open until it is dropped.
struct Input(Option<ChildStdin>);

impl Input {
    fn pipe(&mut self) -> io::Result<Pin<&mut ChildStdin>> {
        let pipe = self.0.as_mut().ok_or(io::ErrorKind::BrokenPipe)?;
        Ok(Pin::new(pipe))
    }
}

impl AsyncWrite for Input {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.pipe()?.poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.pipe()?.poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0 = None;
        Poll::Ready(Ok(()))
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
