//! Restarting without losing a connection: [`Restart`].
//!
//! The process starts its program anew and hands the sockets over that it listens at. Both accept
//! connections until the new one says that it is ready; then the old one stops in order. If the new
//! one does not come so far, the old one goes on, and nobody has noticed.
//!
//! The sockets pass over a Unix socket (`SCM_RIGHTS`), which is the standard input of the new
//! process: so no number of a descriptor has to be trusted.

use std::{
    ffi::OsString,
    io,
    os::{fd::OwnedFd, unix::net::UnixStream},
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::Duration,
};

use enfilade_core::HostError;
use tokio::{io::AsyncReadExt, time::timeout};

use crate::door::Door;

mod handed;
mod pass;

#[cfg(feature = "http3")]
pub(crate) use handed::is_successor;
pub(crate) use handed::{inherited_tcp, inherited_unix, is_ready};

/// Tells a new process that its standard input brings sockets: the id of the process that hands
/// them over, which is its parent's, so that no child of its own takes it for itself.
const VARIABLE: &str = "ENFILADE_RESTART";

/// What the new process says when it listens.
const READY: &[u8] = b"ready";

/// How long the new process may take until it is ready.
const PATIENCE: Duration = Duration::from_secs(60);

/// How the program was started, so that it can be started again: another one may be at its path by
/// then, and is meant.
pub(crate) struct Restart {
    program: io::Result<PathBuf>,
    arguments: Vec<OsString>,
}

impl Restart {
    /// To be called when the server starts: later, the path of a program that was replaced is not
    /// known any more.
    pub(crate) fn prepare() -> Restart {
        Restart {
            program: std::env::current_exe(),
            arguments: std::env::args_os().skip(1).collect(),
        }
    }

    /// Starts the program anew with the sockets of `doors`, and waits until it is ready. Gives the
    /// id of the new process.
    ///
    /// Where this is dropped, the new process is ended: whoever was told to stop in the meantime
    /// does not want another one.
    ///
    /// # Errors
    ///
    /// Where it does not start, ends before it is ready, or takes too long, in which case it is
    /// ended.
    pub(crate) async fn run(&self, doors: &[&Door]) -> Result<u32, HostError> {
        let program = self.program.as_ref().map_err(|error| {
            HostError::new("the path of the program is not known").because(error.to_string())
        })?;
        let sockets: Vec<_> = doors
            .iter()
            .filter_map(|door| door.hand_over().transpose())
            .collect::<Result<_, _>>()?;
        let (ours, theirs) = UnixStream::pair()
            .map_err(|error| HostError::new("no socket to hand sockets over").because(error))?;
        let child = Command::new(program)
            .args(&self.arguments)
            .env(VARIABLE, std::process::id().to_string())
            // It names this process, and would keep the new one from feeding the watchdog.
            .env_remove("WATCHDOG_PID")
            .stdin(Stdio::from(OwnedFd::from(theirs)))
            .spawn()
            .map_err(|error| {
                HostError::new(format!("cannot start {}", program.display())).because(error)
            })?;
        let mut successor = Successor(Some(child));
        let answer = async {
            pass::send(&ours, &sockets)?;
            ours.set_nonblocking(true)?;
            let mut answer = Vec::new();
            tokio::net::UnixStream::from_std(ours)?
                .take(READY.len() as u64)
                .read_to_end(&mut answer)
                .await?;
            Ok::<_, io::Error>(answer)
        };
        let why = match timeout(PATIENCE, answer).await {
            Ok(Ok(answer)) if answer == READY => {
                doors.iter().for_each(|door| door.leave_file());
                return Ok(successor.take_over());
            }
            Ok(Ok(_)) => "it ended before it listened".to_owned(),
            Ok(Err(error)) => format!("the sockets cannot be handed over: {error}"),
            Err(_) => format!("it did not listen within {PATIENCE:?}"),
        };
        Err(HostError::new(format!(
            "the new process of {} did not take over: {why} ({}); this one goes on",
            program.display(),
            successor.end()
        )))
    }
}

/// A new process, which is ended unless it takes over.
struct Successor(Option<Child>);

impl Successor {
    /// Lets it live. Gives its id.
    fn take_over(&mut self) -> u32 {
        self.0.take().map_or(0, |child| child.id())
    }

    /// Ends it, and says how it ended.
    fn end(&mut self) -> String {
        let Some(mut child) = self.0.take() else {
            return "it has ended".to_owned();
        };
        // It fails where the process has ended by itself.
        let _ = child.kill();
        match child.wait() {
            Ok(status) => status.to_string(),
            Err(error) => format!("how it ended is not known: {error}"),
        }
    }
}

impl Drop for Successor {
    fn drop(&mut self) {
        self.end();
    }
}
