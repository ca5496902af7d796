//! TCP listeners.

use std::{
    io::{self, ErrorKind},
    net::{SocketAddr, TcpListener as StdListener, ToSocketAddrs},
};

use enfilade_core::HostError;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::TcpListener;

use super::unix::BACKLOG;

/// Opens `name`, a host and a port.
pub(super) fn open(name: &str) -> Result<TcpListener, HostError> {
    let refused = |why: &str| HostError::new(format!("cannot listen at {name}: {why}"));
    let address = name
        .to_socket_addrs()
        .map_err(|error| {
            refused(
                "write an address and a port such as 127.0.0.1:9000 or :9000, or a path such as \
                 unix:/run/site.sock",
            )
            .because(error)
        })?
        .next()
        .ok_or_else(|| refused("the name has no address"))?;
    bind(address).map_err(|error| {
        refused(match error.kind() {
            ErrorKind::AddrInUse => "the port is in use; stop what listens there, or bind another",
            ErrorKind::AddrNotAvailable => "it is no address of this machine",
            ErrorKind::PermissionDenied => "this process may not; bind a port from 1024 on",
            _ => "the socket cannot be made",
        })
        .because(error)
    })
}

/// Takes a listener that somebody else has opened.
pub(super) fn adopt(listener: StdListener) -> Result<TcpListener, HostError> {
    prepare(listener.into()).map_err(|error| {
        HostError::new("the TCP listener that was handed over cannot be used").because(error)
    })
}

fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let domain = Domain::for_address(address);
    let socket = Socket::new(domain, Type::STREAM, Some(Protocol::TCP))?;
    if address.is_ipv6() {
        // `[::]` takes IPv4 as well.
        socket.set_only_v6(false)?;
    }
    // A restart need not wait for connections that are winding down.
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    prepare(socket)
}

fn prepare(socket: Socket) -> io::Result<TcpListener> {
    socket.set_nonblocking(true)?;
    // Connections inherit it. A response is written at once, so there is nothing to wait for.
    socket.set_tcp_nodelay(true)?;
    TcpListener::from_std(socket.into())
}
