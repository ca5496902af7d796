//! UDP sockets, and what keeps one from being opened.

use std::{
    io::{self, ErrorKind},
    net::{SocketAddr, UdpSocket},
    sync::Arc,
};

use enfilade_core::HostError;
use quinn::{Endpoint, EndpointConfig, ServerConfig, TokioRuntime};
use socket2::{Domain, Protocol, Socket, Type};

/// Speaks QUIC on `socket`.
pub(super) fn endpoint(socket: UdpSocket, config: &ServerConfig) -> io::Result<Endpoint> {
    let own = EndpointConfig::default();
    Endpoint::new(own, Some(config.clone()), socket, Arc::new(TokioRuntime))
}

/// Opens `address`; `[::]` takes IPv4 as well.
pub(super) fn bind(address: SocketAddr) -> io::Result<UdpSocket> {
    let kind = Domain::for_address(address);
    let socket = Socket::new(kind, Type::DGRAM, Some(Protocol::UDP))?;
    if address.is_ipv6() {
        socket.set_only_v6(false)?;
    }
    socket.bind(&address.into())?;
    Ok(socket.into())
}

/// Whether an older process of the program hands its sockets over to this one.
pub(super) fn is_successor() -> Result<bool, HostError> {
    #[cfg(unix)]
    return crate::restart::is_successor();
    #[cfg(not(unix))]
    Ok(false)
}

/// What to do about it.
pub(super) fn refused(address: SocketAddr, error: io::Error) -> HostError {
    let port = address.port();
    let message = match error.kind() {
        ErrorKind::AddrInUse => format!(
            "cannot listen at {address} for HTTP/3: UDP port {port} is in use; stop the program \
             that listens there (`ss -lunp 'sport = :{port}'` names it), or bind another port"
        ),
        ErrorKind::PermissionDenied if port < 1024 => format!(
            "cannot listen at {address} for HTTP/3: UDP port {port} is for privileged programs; \
             grant the right with `setcap cap_net_bind_service=+ep` on the program"
        ),
        _ => format!("cannot listen at {address} for HTTP/3"),
    };
    HostError::new(message).because(error)
}
