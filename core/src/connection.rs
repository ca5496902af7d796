//! What the host knows about a connection: [`Connection`].

use std::{
    fmt,
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    sync::{Arc, Weak},
};

use http::uri::Scheme;

use crate::{ErrorSink, Informational, StandardError, Stopping, call::Wishes};

/// What a host knows about a connection.
///
/// `Default` is the connection of a call without a host: `http`, from nowhere, to `localhost:80`,
/// without capabilities, errors to the standard error stream.
#[non_exhaustive]
pub struct Connection {
    /// `http` or `https`, of the last hop.
    pub scheme: Scheme,
    /// Who is at the other end.
    pub peer: Peer,
    /// The address that was connected to.
    pub local: Peer,
    /// The proxy that spoke for the peer, where the host was told to believe it (the PROXY
    /// protocol).
    pub proxy: Option<Peer>,
    /// The name of the server, without a port: for URLs where a request names no host.
    pub server_name: Arc<str>,
    /// The port of the server.
    pub server_port: u16,
    /// The facts of TLS, where the host itself speaks it.
    pub tls: Option<Arc<Tls>>,
    /// The kind of host: `http`, `fastcgi`, ...
    pub host: &'static str,
    /// What the host can and cannot carry.
    pub capabilities: Capabilities,
    /// The host's error stream.
    pub errors: Arc<dyn ErrorSink>,
    /// Ends when the host begins to stop.
    pub stopping: Stopping,
    /// Who sends early hints, where the host can. The host keeps it alive as long as the
    /// connection; it nearly always owns these facts, and is not to be owned by them.
    pub informational: Option<Weak<dyn Informational>>,
    pub(crate) wishes: Arc<Wishes>,
}

/// The same facts, of another connection: what the requests of this one have asked for stays here.
impl Clone for Connection {
    fn clone(&self) -> Connection {
        Connection {
            scheme: self.scheme.clone(),
            peer: self.peer.clone(),
            local: self.local.clone(),
            proxy: self.proxy.clone(),
            server_name: Arc::clone(&self.server_name),
            server_port: self.server_port,
            tls: self.tls.clone(),
            host: self.host,
            capabilities: self.capabilities,
            errors: Arc::clone(&self.errors),
            stopping: self.stopping.clone(),
            informational: self.informational.clone(),
            wishes: Arc::default(),
        }
    }
}

impl Default for Connection {
    fn default() -> Connection {
        Connection {
            scheme: Scheme::HTTP,
            peer: Peer::Unknown,
            local: Peer::Unknown,
            proxy: None,
            server_name: Arc::from("localhost"),
            server_port: 80,
            tls: None,
            host: "none",
            capabilities: Capabilities::default(),
            errors: Arc::new(StandardError),
            stopping: Stopping::never(),
            informational: None,
            wishes: Arc::default(),
        }
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("scheme", &self.scheme)
            .field("peer", &self.peer)
            .field("local", &self.local)
            .field("proxy", &self.proxy)
            .field("server_name", &self.server_name)
            .field("server_port", &self.server_port)
            .field("tls", &self.tls)
            .field("host", &self.host)
            .field("capabilities", &self.capabilities)
            .finish_non_exhaustive()
    }
}

/// One end of a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Peer {
    /// The host does not know, or there is none.
    Unknown,
    /// An address and a port. IPv4 is IPv4, also on a socket that takes both.
    Inet(SocketAddr),
    /// A Unix socket: its path, where it has one, and who is at the other end.
    Unix {
        /// The socket's path.
        path: Option<PathBuf>,
        /// User, group and process, as the kernel vouches for them.
        credentials: Option<Credentials>,
    },
}

impl Peer {
    /// The end at `address`; an IPv4 address in IPv6 clothes becomes IPv4.
    #[must_use]
    pub fn inet(address: SocketAddr) -> Peer {
        Peer::Inet(SocketAddr::new(address.ip().to_canonical(), address.port()))
    }

    /// The address, where there is one.
    #[must_use]
    pub const fn ip(&self) -> Option<IpAddr> {
        match self {
            Peer::Inet(address) => Some(address.ip()),
            _ => None,
        }
    }
}

/// The address alone; `unix` for a Unix socket, `-` where nothing is known.
impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Peer::Unknown => f.write_str("-"),
            Peer::Inet(address) => fmt::Display::fmt(&address.ip(), f),
            Peer::Unix { .. } => f.write_str("unix"),
        }
    }
}

/// Who is at the other end of a Unix socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Credentials {
    /// User id.
    pub user: u32,
    /// Group id.
    pub group: u32,
    /// Process id, where the system tells it.
    pub process: Option<i32>,
}

/// The facts of a TLS connection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Tls {
    /// `TLSv1.3`, `TLSv1.2`.
    pub version: Option<Arc<str>>,
    /// The protocol that was agreed on, such as `h2`.
    pub alpn: Option<Arc<[u8]>>,
    /// The server name that the client asked for.
    pub sni: Option<Arc<str>>,
    /// The client's certificates in DER, its own first; empty unless it showed and proved some.
    pub client_certificates: Arc<[Vec<u8>]>,
}

/// What a host can carry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Capabilities {
    /// A request's body arrives while the app runs.
    pub streaming_request: bool,
    /// Each frame of a response goes out without waiting for the next.
    pub streaming_response: bool,
    /// Trailers reach the client.
    pub trailers: bool,
    /// Informational responses (1xx) reach the client.
    pub informational: bool,
    /// A connection can be taken over.
    pub upgrade: bool,
    /// A body that is a file is sent by the operating system.
    pub file: bool,
    /// An app is dropped when its client leaves.
    pub disconnect: bool,
    /// An app that asks for it goes on to its end when its client leaves
    /// ([`OnDisconnect::Finish`](crate::OnDisconnect::Finish)).
    pub finish: bool,
    /// The process ends after one request (CGI).
    pub run_once: bool,
}
