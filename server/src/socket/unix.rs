//! Unix sockets, and the care for their files.

use std::{
    fs::{self, Metadata, Permissions},
    io::{self, ErrorKind},
    os::{
        fd::{AsFd, BorrowedFd},
        unix::{
            fs::{FileTypeExt, MetadataExt, PermissionsExt},
            net::UnixListener as StdListener,
        },
    },
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering::Relaxed},
};

use enfilade_core::{Credentials, HostError, Peer};
use socket2::{Domain, SockAddr, Socket, Type};
use tokio::net::{UnixListener, UnixStream};

use crate::restart::inherited_unix;

/// How many connections the system keeps that nobody has accepted yet.
const BACKLOG: i32 = 1024;

/// A Unix socket that listens; its file, where this process made it, goes with it.
pub(crate) struct Listener {
    listener: UnixListener,
    path: Option<PathBuf>,
    /// Device and inode of the file that is ours to remove.
    ours: Option<(u64, u64)>,
    /// Whether the file belongs to a process that has taken over.
    left: AtomicBool,
}

impl Listener {
    /// Makes a socket at `path`. A file that is there is removed only if it is a socket at which
    /// nobody listens any more.
    pub(super) fn open(path: &Path, mode: Option<u32>) -> Result<Listener, HostError> {
        let refused = |why: String| {
            HostError::new(format!("cannot listen at unix:{}: {why}", path.display()))
        };
        if let Some(listener) = inherited_unix(path)? {
            return Listener::inherit(listener, path, mode);
        }
        clear(path).map_err(|(why, error)| {
            let refusal = refused(why);
            match error {
                Some(error) => refusal.because(error),
                None => refusal,
            }
        })?;
        bind(path, mode).map_err(|error| refused(advice(path, &error)).because(error))
    }

    /// Takes the listener of an older process. Its file stays that process's until this one has
    /// taken over: see [`own_file`](Listener::own_file).
    fn inherit(
        listener: StdListener,
        path: &Path,
        mode: Option<u32>,
    ) -> Result<Listener, HostError> {
        let file = fs::symlink_metadata(path);
        if let (Some(mode), Ok(_)) = (mode, &file) {
            fs::set_permissions(path, Permissions::from_mode(mode)).map_err(|error| {
                let path = path.display();
                HostError::new(format!("cannot set the permissions of unix:{path}")).because(error)
            })?;
        }
        let mut listener = Listener::adopt(listener)?;
        listener.ours = file.ok().map(|file| identity(&file));
        listener.leave_file();
        Ok(listener)
    }

    /// Takes a listener that somebody else has opened; its file stays theirs.
    pub(super) fn adopt(listener: StdListener) -> Result<Listener, HostError> {
        let path = listener
            .local_addr()
            .ok()
            .and_then(|address| address.as_pathname().map(Path::to_owned));
        listener
            .set_nonblocking(true)
            .and_then(|()| UnixListener::from_std(listener))
            .map(|listener| Listener {
                listener,
                path,
                ours: None,
                left: AtomicBool::new(false),
            })
            .map_err(|error| {
                HostError::new("the Unix listener that was handed over cannot be used")
                    .because(error)
            })
    }

    /// The same once more, for another thread, without a care for the file.
    pub(super) fn another(&self) -> io::Result<Listener> {
        let listener = self.listener.as_fd().try_clone_to_owned()?;
        Ok(Listener {
            listener: UnixListener::from_std(listener.into())?,
            path: self.path.clone(),
            ours: None,
            left: AtomicBool::new(false),
        })
    }

    /// Leaves the file to a process that has taken over.
    pub(super) fn leave_file(&self) {
        self.left.store(true, Relaxed);
    }

    /// Removes the file at the end, where it is this process's or was inherited.
    pub(super) fn own_file(&self) {
        self.left.store(false, Relaxed);
    }

    pub(super) fn as_fd(&self) -> BorrowedFd<'_> {
        self.listener.as_fd()
    }

    pub(super) fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    pub(super) async fn accept(&self) -> io::Result<(UnixStream, Peer)> {
        let (stream, address) = self.listener.accept().await?;
        let credentials = stream.peer_cred()?;
        let peer = Peer::Unix {
            path: address.as_pathname().map(Path::to_owned),
            credentials: Some(Credentials {
                user: credentials.uid(),
                group: credentials.gid(),
                process: credentials.pid(),
            }),
        };
        Ok((stream, peer))
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let (Some(path), Some(ours)) = (&self.path, self.ours) else {
            return;
        };
        // Another process may have put its own socket there by now.
        if !self.left.load(Relaxed)
            && fs::symlink_metadata(path).is_ok_and(|file| identity(&file) == ours)
        {
            // If this fails, the next start finds a socket without a listener, and removes it.
            let _ = fs::remove_file(path);
        }
    }
}

fn bind(path: &Path, mode: Option<u32>) -> io::Result<Listener> {
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    socket.bind(&SockAddr::unix(path)?)?;
    let listening = listen(socket, path, mode);
    if listening.is_err() {
        fs::remove_file(path)?;
    }
    let (listener, ours) = listening?;
    Ok(Listener {
        listener,
        path: Some(path.to_owned()),
        ours: Some(ours),
        left: AtomicBool::new(false),
    })
}

/// Nobody can connect before `listen`, so the permissions are set before anybody can.
fn listen(
    socket: Socket,
    path: &Path,
    mode: Option<u32>,
) -> io::Result<(UnixListener, (u64, u64))> {
    let ours = identity(&fs::symlink_metadata(path)?);
    if let Some(mode) = mode {
        fs::set_permissions(path, Permissions::from_mode(mode))?;
    }
    socket.listen(BACKLOG)?;
    socket.set_nonblocking(true)?;
    Ok((UnixListener::from_std(socket.into())?, ours))
}

/// Removes a socket that is left over; says what else stands in the way.
fn clear(path: &Path) -> Result<(), (String, Option<io::Error>)> {
    let Ok(file) = fs::symlink_metadata(path) else {
        // There is nothing, or `bind` will say what is wrong with the path.
        return Ok(());
    };
    if !file.file_type().is_socket() {
        let why = "a file that is no socket is there, and was left alone; choose another path, or \
                   remove it";
        return Err((why.to_owned(), None));
    }
    match knock(path) {
        // A queue that is full is somebody's, too.
        Ok(()) => Err((
            "another program listens there; stop it, or choose another path".to_owned(),
            None,
        )),
        Err(error) if error.kind() == ErrorKind::ConnectionRefused => fs::remove_file(path)
            .map_err(|error| {
                let why = "the socket that is left over there cannot be removed; remove it, or \
                           choose another path";
                (why.to_owned(), Some(error))
            }),
        Err(error) => Err((
            "a socket is there, and whether anybody listens at it cannot be found out; remove it \
             if nobody does, or choose another path"
                .to_owned(),
            Some(error),
        )),
    }
}

/// Finds out whether anybody listens, without waiting for a place in the queue.
fn knock(path: &Path) -> io::Result<()> {
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    socket.set_nonblocking(true)?;
    match socket.connect(&SockAddr::unix(path)?) {
        Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(()),
        connected => connected,
    }
}

fn advice(path: &Path, error: &io::Error) -> String {
    let directory = path.parent().unwrap_or(path).display();
    match error.kind() {
        ErrorKind::NotFound => format!("the directory {directory} does not exist; make it first"),
        ErrorKind::PermissionDenied => format!(
            "this process may not write to the directory {directory}; give it the right, or choose \
             another path"
        ),
        ErrorKind::InvalidInput => {
            "the path is too long for a socket (about 100 bytes); choose a shorter one".to_owned()
        }
        _ => "the socket cannot be made".to_owned(),
    }
}

fn identity(file: &Metadata) -> (u64, u64) {
    (file.dev(), file.ino())
}
