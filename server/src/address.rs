//! Where a server listens: [`Address`].

use std::{fmt, net::SocketAddr, path::PathBuf, sync::Arc};

use enfilade_core::{Connection, Peer};
use http::uri::Scheme;

/// Where a server listens. Printed as a URL, as far as there is one, and whether HTTP/3 is spoken
/// there, too.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Address {
    /// An address and a port of the machine.
    #[non_exhaustive]
    Tcp {
        /// Both; the port is the one that the system chose where 0 was asked for.
        address: SocketAddr,
        /// Whether TLS is spoken there.
        tls: bool,
        /// Whether HTTP/3 is spoken at the same port of UDP.
        http3: bool,
    },
    /// A Unix socket.
    #[non_exhaustive]
    Unix {
        /// Its file, where it has one.
        path: Option<PathBuf>,
        /// Whether TLS is spoken there.
        tls: bool,
    },
}

impl Address {
    /// Puts what is the same for all connections into `facts`. `named`: the server's name is there
    /// already.
    pub(crate) fn describe(&self, facts: &mut Connection, named: bool) {
        if let Address::Tcp { tls: true, .. } | Address::Unix { tls: true, .. } = self {
            facts.scheme = Scheme::HTTPS;
        }
        match self {
            Address::Tcp { address, .. } => {
                facts.server_port = address.port();
                if !address.ip().is_unspecified() {
                    facts.local = Peer::inet(*address);
                    if !named {
                        facts.server_name = Arc::from(address.ip().to_canonical().to_string());
                    }
                }
            }
            Address::Unix { path, tls } => {
                facts.server_port = if *tls { 443 } else { 80 };
                facts.local = Peer::Unix {
                    path: path.clone(),
                    credentials: None,
                };
            }
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Address::Tcp {
                address,
                tls,
                http3,
            } => {
                let scheme = if *tls { "https" } else { "http" };
                let more = if *http3 { " (and HTTP/3)" } else { "" };
                write!(f, "{scheme}://{address}{more}")
            }
            Address::Unix { path, .. } => {
                f.write_str("unix:")?;
                path.as_ref()
                    .map_or(Ok(()), |path| write!(f, "{}", path.display()))
            }
        }
    }
}
