//! Where a backend listens: [`Address`].

use std::{fmt, net::SocketAddr, path::PathBuf};

/// Where a backend listens. Printed with its protocol in front: `scgi:127.0.0.1:9000`,
/// `scgi:unix:/run/site.sock`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    pub(super) protocol: &'static str,
    pub(super) socket: SocketAddress,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum SocketAddress {
    Tcp(SocketAddr),
    Unix(Option<PathBuf>),
}

impl Address {
    /// The address and the port, where there is one; the port is the one that the system chose
    /// where 0 was asked for.
    #[must_use]
    pub const fn tcp(&self) -> Option<SocketAddr> {
        match self.socket {
            SocketAddress::Tcp(address) => Some(address),
            SocketAddress::Unix(_) => None,
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.protocol)?;
        match &self.socket {
            SocketAddress::Tcp(address) => write!(f, "{address}"),
            SocketAddress::Unix(Some(path)) => write!(f, "unix:{}", path.display()),
            SocketAddress::Unix(None) => f.write_str("unix:"),
        }
    }
}
