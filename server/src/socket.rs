//! Sockets that connections come from: [`Socket`].

use std::{io, path::Path};

use enfilade_core::{Connection, HostError, Peer};
use tokio::net::TcpListener;

use crate::{
    address::Address,
    listen::{Listen, Place},
    stream::Stream,
};

mod tcp;
#[cfg(unix)]
mod unix;

/// An open socket.
pub(crate) enum Socket {
    Tcp(TcpListener),
    #[cfg(unix)]
    Unix(unix::Listener),
}

impl Socket {
    /// Opens what `listen` describes.
    ///
    /// `beside`: whether others will be opened beside it.
    pub(crate) fn open(listen: Listen, beside: bool) -> Result<Socket, HostError> {
        match listen.place {
            Place::Name(name) => tcp::open_name(&name, beside).map(Socket::Tcp),
            Place::Address(address) => tcp::open(address, beside).map(Socket::Tcp),
            Place::Tcp(listener) => tcp::adopt(listener).map(Socket::Tcp),
            #[cfg(unix)]
            Place::Path(path) => unix::Listener::open(&path, listen.mode).map(Socket::Unix),
            #[cfg(unix)]
            Place::Unix(listener) => unix::Listener::adopt(listener).map(Socket::Unix),
            #[cfg(not(unix))]
            Place::Path(path) => Err(HostError::new(format!(
                "cannot listen at unix:{}: this system has no Unix sockets; bind an address",
                path.display()
            ))),
        }
    }

    /// One more at the same address, and whether it is the same socket, so that its connections wait
    /// in one queue. `own`: whether this process has opened it.
    pub(crate) fn another(&self, own: bool) -> io::Result<(Socket, bool)> {
        Ok(match self {
            Socket::Tcp(listener) => {
                let (listener, copied) = tcp::another(listener, own)?;
                (Socket::Tcp(listener), copied)
            }
            #[cfg(unix)]
            Socket::Unix(listener) => (Socket::Unix(listener.another()?), true),
        })
    }

    /// One more at the same address that an older process has handed over.
    pub(crate) fn inherited(&self) -> Result<Option<Socket>, HostError> {
        match self {
            Socket::Tcp(listener) => Ok(tcp::inherited_beside(listener)?.map(Socket::Tcp)),
            #[cfg(unix)]
            Socket::Unix(_) => Ok(None),
        }
    }

    /// Where it listens.
    pub(crate) fn address(&self, tls: bool) -> io::Result<Address> {
        Ok(match self {
            Socket::Tcp(listener) => Address::Tcp {
                address: listener.local_addr()?,
                tls,
                http3: false,
            },
            #[cfg(unix)]
            Socket::Unix(listener) => Address::Unix {
                path: listener.path().map(Path::to_owned),
                tls,
            },
        })
    }

    #[cfg(unix)]
    pub(crate) fn as_fd(&self) -> std::os::fd::BorrowedFd<'_> {
        use std::os::fd::AsFd;
        match self {
            Socket::Tcp(listener) => listener.as_fd(),
            Socket::Unix(listener) => listener.as_fd(),
        }
    }

    /// Takes the file of a Unix socket over from an older process.
    #[cfg(unix)]
    pub(crate) fn own_file(&self) {
        match self {
            Socket::Tcp(_) => {}
            Socket::Unix(listener) => listener.own_file(),
        }
    }

    /// Leaves the file of a Unix socket to another process.
    #[cfg(unix)]
    pub(crate) fn leave_file(&self) {
        match self {
            Socket::Tcp(_) => {}
            Socket::Unix(listener) => listener.leave_file(),
        }
    }

    /// Waits for a connection, and puts its two ends into `facts`.
    pub(crate) async fn accept(&self, mut facts: Connection) -> io::Result<(Stream, Connection)> {
        match self {
            Socket::Tcp(listener) => {
                let (stream, peer) = listener.accept().await?;
                facts.peer = Peer::inet(peer);
                if facts.local == Peer::Unknown {
                    facts.local = Peer::inet(stream.local_addr()?);
                }
                Ok((Stream::Tcp(stream), facts))
            }
            #[cfg(unix)]
            Socket::Unix(listener) => {
                let (stream, peer) = listener.accept().await?;
                facts.peer = peer;
                Ok((Stream::Other(Box::new(stream)), facts))
            }
        }
    }
}
