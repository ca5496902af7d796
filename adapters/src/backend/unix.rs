//! Unix sockets, and the care for their files.

use std::{
    fs::{self, Metadata, Permissions},
    io::{self, ErrorKind},
    os::unix::{
        fs::{FileTypeExt, MetadataExt, PermissionsExt},
        net::UnixListener as StdListener,
    },
    path::{Path, PathBuf},
};

use enfilade_core::HostError;
use socket2::{Domain, SockAddr, Socket, Type};
use tokio::net::UnixListener;

/// How many connections the system keeps that nobody has accepted yet.
pub(super) const BACKLOG: i32 = 1024;

/// The file of a socket that this process made: it goes with it.
pub(super) struct SocketFile {
    path: PathBuf,
    /// Device and inode: another process may have put its own socket there by now.
    identity: (u64, u64),
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        if fs::symlink_metadata(&self.path).is_ok_and(|file| identity(&file) == self.identity) {
            // If this fails, the next start finds a socket without a listener, and removes it.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Makes a socket at `path`. A file that is there is removed only if it is a socket at which nobody
/// listens any more.
pub(super) fn open(
    path: &Path,
    mode: Option<u32>,
) -> Result<(UnixListener, SocketFile), HostError> {
    let opened = clear(path).and_then(|()| bind(path, mode));
    opened.map_err(|error| {
        let why = match error.kind() {
            ErrorKind::AddrInUse => {
                "another program listens there; stop it, or choose another path"
            }
            ErrorKind::AlreadyExists => "a file that is no socket is there, and was left alone",
            ErrorKind::NotFound => "its directory does not exist; make it first",
            ErrorKind::PermissionDenied => "this process may not write to its directory",
            ErrorKind::InvalidInput => "the path is too long for a socket (about 100 bytes)",
            _ => "the socket cannot be made",
        };
        HostError::new(format!("cannot listen at unix:{}: {why}", path.display())).because(error)
    })
}

/// Takes a listener that somebody else has opened; its file stays theirs.
pub(super) fn adopt(listener: StdListener) -> Result<UnixListener, HostError> {
    listener
        .set_nonblocking(true)
        .and_then(|()| UnixListener::from_std(listener))
        .map_err(|error| {
            HostError::new("the Unix listener that was handed over cannot be used").because(error)
        })
}

fn bind(path: &Path, mode: Option<u32>) -> io::Result<(UnixListener, SocketFile)> {
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    socket.bind(&SockAddr::unix(path)?)?;
    let file = SocketFile {
        path: path.to_owned(),
        identity: identity(&fs::symlink_metadata(path)?),
    };
    // Nobody can connect before `listen`, so the permissions are set before anybody can.
    if let Some(mode) = mode {
        fs::set_permissions(path, Permissions::from_mode(mode))?;
    }
    socket.listen(BACKLOG)?;
    socket.set_nonblocking(true)?;
    Ok((UnixListener::from_std(socket.into())?, file))
}

/// Removes a socket that is left over.
fn clear(path: &Path) -> io::Result<()> {
    let Ok(file) = fs::symlink_metadata(path) else {
        // There is nothing, or `bind` will say what is wrong with the path.
        return Ok(());
    };
    if !file.file_type().is_socket() {
        return Err(ErrorKind::AlreadyExists.into());
    }
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    socket.set_nonblocking(true)?;
    match socket.connect(&SockAddr::unix(path)?) {
        Err(error) if error.kind() == ErrorKind::ConnectionRefused => fs::remove_file(path),
        // A queue that is full is somebody's, too.
        Ok(()) => Err(ErrorKind::AddrInUse.into()),
        Err(error) if error.kind() == ErrorKind::WouldBlock => Err(ErrorKind::AddrInUse.into()),
        Err(error) => Err(error),
    }
}

fn identity(file: &Metadata) -> (u64, u64) {
    (file.dev(), file.ino())
}
