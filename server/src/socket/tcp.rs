//! TCP listeners, and what keeps one from being opened.

use std::{
    io::{self, ErrorKind},
    net::{Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs},
};

use enfilade_core::HostError;
use socket2::{Domain, Protocol, SockRef, Socket, Type};
use tokio::net::TcpListener;

#[cfg(unix)]
use crate::restart::inherited_tcp;

/// How many connections the system keeps that nobody has accepted yet.
const BACKLOG: i32 = 1024;

/// Opens `name`, a host and a port.
pub(super) fn open_name(name: &str, beside: bool) -> Result<TcpListener, HostError> {
    let bad = |why: &str| {
        HostError::new(format!(
            "cannot listen at {name:?}: {why}; write an address and a port such as \
             127.0.0.1:8000, [::]:8000 or :8000, or a path such as unix:/run/site.sock"
        ))
    };
    match name.to_socket_addrs().map(|mut found| found.next()) {
        Ok(Some(address)) => open(address, beside),
        Ok(None) => Err(bad("the name has no address")),
        Err(error) if error.kind() == ErrorKind::InvalidInput => {
            Err(bad("this is no address").because(error))
        }
        Err(error) => Err(bad("the name is not known").because(error)),
    }
}

/// Opens `address`; `[::]` takes IPv4 as well. `beside`: whether others will be opened beside it.
pub(super) fn open(address: SocketAddr, beside: bool) -> Result<TcpListener, HostError> {
    let inherited = inherited(address)?;
    if let Some(listener) = inherited {
        return adopt(listener);
    }
    let opened = match bind(address, beside) {
        // A machine without IPv6: all of its addresses are the IPv4 ones.
        Err(error) if address.ip() == Ipv6Addr::UNSPECIFIED && has_no_ipv6(&error) => {
            bind((Ipv4Addr::UNSPECIFIED, address.port()).into(), beside)
        }
        opened => opened,
    };
    opened.map_err(|error| refused(address, error))
}

/// That of an older process of the program, which takes over from it.
fn inherited(address: SocketAddr) -> Result<Option<std::net::TcpListener>, HostError> {
    #[cfg(unix)]
    {
        if let found @ Some(_) = inherited_tcp(address)? {
            return Ok(found);
        }
        // On a machine without IPv6.
        if address.ip() == Ipv6Addr::UNSPECIFIED {
            return inherited_tcp((Ipv4Addr::UNSPECIFIED, address.port()).into());
        }
    }
    Ok(None)
}

/// One more of an older process, at the address of `listener`.
pub(super) fn inherited_beside(listener: &TcpListener) -> Result<Option<TcpListener>, HostError> {
    let Ok(address) = listener.local_addr() else {
        return Ok(None);
    };
    inherited(address)?.map(adopt).transpose()
}

/// One more listener at the address of `listener`, and whether it is the same socket once more.
///
/// Where the system spreads connections over several sockets, it has a queue of its own: threads
/// that wait at one queue wake each other for nothing. `own`: whether this process has opened it.
pub(super) fn another(listener: &TcpListener, own: bool) -> io::Result<(TcpListener, bool)> {
    let socket = SockRef::from(listener);
    if own && is_spread(&socket)? {
        let address = listener.local_addr()?;
        let beside = unbound(address)?;
        spread(&beside)?;
        beside.bind(&address.into())?;
        beside.listen(BACKLOG)?;
        return Ok((prepare(beside)?, false));
    }
    Ok((prepare(socket.try_clone()?)?, true))
}

/// Has the system spread connections over all sockets at the address of `socket` that ask for it.
#[cfg(target_os = "linux")]
fn spread(socket: &Socket) -> io::Result<()> {
    socket.set_reuse_port(true)
}

#[cfg(target_os = "linux")]
fn is_spread(socket: &Socket) -> io::Result<bool> {
    socket.reuse_port()
}

/// Elsewhere the same option has one socket take all.
#[cfg(not(target_os = "linux"))]
fn spread(_: &Socket) -> io::Result<()> {
    Ok(())
}

#[cfg(not(target_os = "linux"))]
fn is_spread(_: &Socket) -> io::Result<bool> {
    Ok(false)
}

/// Takes a listener that somebody else has opened.
pub(super) fn adopt(listener: std::net::TcpListener) -> Result<TcpListener, HostError> {
    prepare(Socket::from(listener)).map_err(|error| {
        HostError::new("the TCP listener that was handed over cannot be used").because(error)
    })
}

fn bind(address: SocketAddr, beside: bool) -> io::Result<TcpListener> {
    let socket = unbound(address)?;
    socket.bind(&address.into())?;
    if beside {
        // Not before: a second program would take a share, and not be told that the port is in use.
        spread(&socket)?;
    }
    socket.listen(BACKLOG)?;
    prepare(socket)
}

fn unbound(address: SocketAddr) -> io::Result<Socket> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::STREAM,
        Some(Protocol::TCP),
    )?;
    if address.is_ipv6() {
        socket.set_only_v6(false)?;
    }
    // A restart need not wait for connections that are winding down. Elsewhere than on Unix it
    // would let two programs share a port.
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    Ok(socket)
}

fn prepare(socket: Socket) -> io::Result<TcpListener> {
    socket.set_nonblocking(true)?;
    // Connections inherit it, which saves a system call for each: a response is written at once,
    // so there is nothing to wait for.
    socket.set_tcp_nodelay(true)?;
    TcpListener::from_std(socket.into())
}

fn has_no_ipv6(error: &io::Error) -> bool {
    error.kind() == ErrorKind::AddrNotAvailable || error.kind() == ErrorKind::Unsupported
}

fn refused(address: SocketAddr, error: io::Error) -> HostError {
    let port = address.port();
    let message = match error.kind() {
        ErrorKind::AddrInUse => format!(
            "cannot listen at {address}: port {port} is in use; stop the program that listens \
             there (`ss -ltnp 'sport = :{port}'` names it), or bind another port (0 is any free one)"
        ),
        ErrorKind::PermissionDenied if port < 1024 => format!(
            "cannot listen at {address}: port {port} is for privileged programs; bind a port from \
             1024 on behind a proxy, or grant the right with \
             `setcap cap_net_bind_service=+ep` on the program"
        ),
        ErrorKind::AddrNotAvailable => format!(
            "cannot listen at {address}: {} is no address of this machine; bind one that it has, \
             or [::]:{port} for all",
            address.ip()
        ),
        _ => format!("cannot listen at {address}"),
    };
    HostError::new(message).because(error)
}
