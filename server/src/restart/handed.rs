//! What an older process of the program has handed over to this one.

use std::{
    io::{self, Write},
    net::{SocketAddr, TcpListener},
    os::{
        fd::{AsFd, OwnedFd},
        unix::net::{UnixListener, UnixStream},
    },
    path::Path,
    sync::{Mutex, MutexGuard, OnceLock, PoisonError},
    time::Duration,
};

use enfilade_core::HostError;
use socket2::Socket;

use super::{READY, VARIABLE, pass};

/// The sockets that nobody has taken yet, and where to say that this process is ready.
struct Handed {
    sockets: Mutex<Vec<Socket>>,
    predecessor: UnixStream,
}

/// They come at once, or they do not come.
const PATIENCE: Duration = Duration::from_secs(10);

/// The listener of the old process at `address`; port 0 is any, the first in its order.
pub(crate) fn inherited_tcp(address: SocketAddr) -> Result<Option<TcpListener>, HostError> {
    take(|socket| {
        let own = socket.local_addr().ok().and_then(|own| own.as_socket());
        own.is_some_and(|own| own == address || (address.port() == 0 && own.ip() == address.ip()))
    })
    .map(|socket| socket.map(TcpListener::from))
}

/// The listener of the old process at `path`.
pub(crate) fn inherited_unix(path: &Path) -> Result<Option<UnixListener>, HostError> {
    take(|socket| {
        let own = socket.local_addr();
        own.is_ok_and(|own| own.as_pathname() == Some(path))
    })
    .map(|socket| socket.map(|socket| UnixListener::from(OwnedFd::from(socket))))
}

/// Whether there is an old process, which has its sockets yet.
#[cfg(feature = "http3")]
pub(crate) fn is_successor() -> Result<bool, HostError> {
    handed().map(|handed| handed.is_some())
}

/// Tells the old process, where there is one, that this one listens. What it listened at and this
/// one does not is closed.
pub(crate) fn is_ready() -> Result<(), HostError> {
    let Some(handed) = handed()? else {
        return Ok(());
    };
    lock(handed).clear();
    match (&handed.predecessor).write_all(READY) {
        // It was ended meanwhile, or has been told already.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        told => told.map_err(|error| {
            HostError::new("cannot tell the old process that this one is ready").because(error)
        }),
    }
}

fn take(wanted: impl Fn(&Socket) -> bool) -> Result<Option<Socket>, HostError> {
    let Some(handed) = handed()? else {
        return Ok(None);
    };
    let mut sockets = lock(handed);
    let found = sockets.iter().position(wanted);
    Ok(found.map(|index| sockets.remove(index)))
}

fn lock(handed: &Handed) -> MutexGuard<'_, Vec<Socket>> {
    handed
        .sockets
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
}

fn handed() -> Result<Option<&'static Handed>, HostError> {
    static HANDED: OnceLock<Result<Option<Handed>, String>> = OnceLock::new();
    let parent = std::os::unix::process::parent_id().to_string();
    match HANDED.get_or_init(|| receive(std::env::var(VARIABLE).ok().as_deref(), &parent)) {
        Ok(handed) => Ok(handed.as_ref()),
        Err(why) => Err(HostError::new(why.clone())),
    }
}

fn receive(variable: Option<&str>, parent: &str) -> Result<Option<Handed>, String> {
    // Of a process further up it means nothing here.
    if variable != Some(parent) {
        return Ok(None);
    }
    let received = io::stdin()
        .as_fd()
        .try_clone_to_owned()
        .map(UnixStream::from)
        .and_then(|predecessor| {
            predecessor.set_read_timeout(Some(PATIENCE))?;
            let sockets = pass::receive(&predecessor)?;
            Ok(Handed {
                sockets: Mutex::new(sockets.into_iter().map(Socket::from).collect()),
                predecessor,
            })
        });
    received.map(Some).map_err(|error| {
        format!(
            "the standard input brings no sockets of an older process, as {VARIABLE} says that it \
             does: {error}; unset the variable"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_that_was_not_restarted_looks_for_nothing() {
        assert!(matches!(receive(None, "7"), Ok(None)));
        assert!(matches!(receive(Some("6"), "7"), Ok(None)));
    }

    #[test]
    fn who_claims_a_restart_and_brings_no_sockets_is_told_what_to_do() {
        let Err(why) = receive(Some("7"), "7") else {
            panic!("the standard input of a test brings no sockets");
        };
        assert!(why.contains("unset the variable"), "{why}");
    }
}
