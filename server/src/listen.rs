//! Where a server listens, before it does: [`Listen`].

use std::{
    fmt,
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    sync::Arc,
};

use enfilade_core::HostError;

use crate::{door::Handshake, proxy::ProxyProtocol};

/// Where a server listens, and how.
///
/// | written | is |
/// |---|---|
/// | `127.0.0.1:8000`, `[::1]:8000` | one address |
/// | `0.0.0.0:8000` | every IPv4 address of the machine |
/// | `[::]:8000`, `:8000` | every address of the machine, IPv6 and IPv4 |
/// | `localhost:8000` | the first address of the name |
/// | `unix:/run/site.sock`, `/run/site.sock` | a Unix socket |
///
/// Port 0 is any free one; [`Listening::addresses`](crate::Listening::addresses) tells which.
/// Listeners of the standard library are taken as they are.
///
/// ```
/// use enfilade_server::{Listen, Server};
///
/// let server = Server::bind("[::]:8000").and_bind(Listen::at("/run/site.sock").with_mode(0o660));
/// # let _ = server;
/// ```
pub struct Listen {
    pub(crate) place: Place,
    pub(crate) mode: Option<u32>,
    pub(crate) handshake: Option<Prepare>,
    pub(crate) proxies: Option<ProxyProtocol>,
    /// Whether HTTP/3 is spoken at the port, too.
    #[cfg(feature = "http3")]
    pub(crate) http3: bool,
}

/// Makes ready what comes before HTTP, when the server starts.
pub(crate) type Prepare = Box<dyn FnOnce() -> Result<Arc<dyn Handshake>, HostError> + Send>;

#[derive(Debug)]
pub(crate) enum Place {
    /// Host and port, as they were written.
    Name(String),
    Address(SocketAddr),
    Tcp(TcpListener),
    Path(PathBuf),
    #[cfg(unix)]
    Unix(std::os::unix::net::UnixListener),
}

#[cfg(feature = "http3")]
impl Listen {
    /// The same once more, where TCP's port is any and HTTP/3 is to have it, too: its number may be
    /// taken over UDP.
    pub(crate) fn again(&self) -> Option<Listen> {
        let place = match &self.place {
            Place::Name(name) if name.ends_with(":0") => Place::Name(name.clone()),
            Place::Address(address) if address.port() == 0 => Place::Address(*address),
            _ => return None,
        };
        self.http3.then(|| Listen {
            http3: true,
            ..Listen::new(place)
        })
    }
}

impl Place {
    /// Whether somebody else has opened it.
    #[cfg(unix)]
    pub(crate) const fn is_open(&self) -> bool {
        matches!(self, Place::Tcp(_) | Place::Unix(_))
    }
}

impl Listen {
    /// At `place`. What cannot be listened at is an error when the server starts.
    pub fn at(place: impl Into<Listen>) -> Listen {
        place.into()
    }

    const fn new(place: Place) -> Listen {
        Listen {
            place,
            mode: None,
            handshake: None,
            proxies: None,
            #[cfg(feature = "http3")]
            http3: false,
        }
    }

    /// The permissions of a Unix socket's file, such as `0o660`; by default what the process's
    /// umask leaves. Nobody can connect before they are set.
    #[must_use]
    pub const fn with_mode(mut self, mode: u32) -> Listen {
        self.mode = Some(mode);
        self
    }
}

impl fmt::Debug for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Listen({})", self.place)
    }
}

impl From<&str> for Listen {
    fn from(place: &str) -> Listen {
        let path = place
            .strip_prefix("unix:")
            .or_else(|| place.starts_with(['/', '.']).then_some(place));
        Listen::new(match (path, place.strip_prefix(':')) {
            (Some(path), _) => Place::Path(path.into()),
            (None, Some(port)) => Place::Name(format!("[::]:{port}")),
            (None, None) => Place::Name(place.to_owned()),
        })
    }
}

impl From<String> for Listen {
    fn from(place: String) -> Listen {
        Listen::from(place.as_str())
    }
}

impl From<SocketAddr> for Listen {
    fn from(address: SocketAddr) -> Listen {
        Listen::new(Place::Address(address))
    }
}

impl From<&Path> for Listen {
    fn from(path: &Path) -> Listen {
        Listen::new(Place::Path(path.to_owned()))
    }
}

impl From<PathBuf> for Listen {
    fn from(path: PathBuf) -> Listen {
        Listen::new(Place::Path(path))
    }
}

impl From<TcpListener> for Listen {
    fn from(listener: TcpListener) -> Listen {
        Listen::new(Place::Tcp(listener))
    }
}

#[cfg(unix)]
impl From<std::os::unix::net::UnixListener> for Listen {
    fn from(listener: std::os::unix::net::UnixListener) -> Listen {
        Listen::new(Place::Unix(listener))
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Name(name) => f.write_str(name),
            Place::Address(address) => fmt::Display::fmt(address, f),
            Place::Path(path) => write!(f, "unix:{}", path.display()),
            Place::Tcp(_) => f.write_str("a TCP listener"),
            #[cfg(unix)]
            Place::Unix(_) => f.write_str("a Unix listener"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(feature = "http3")]
    #[test]
    fn where_any_port_will_do_another_may_be_tried_for_http3() {
        let again = |place: &str, http3| {
            let mut listen = Listen::from(place);
            listen.http3 = http3;
            listen
                .again()
                .map(|again| (again.place.to_string(), again.http3))
        };
        assert_eq!(again(":0", true), Some(("[::]:0".to_owned(), true)));
        assert_eq!(again("127.0.0.1:0", false), None);
        assert_eq!(again("127.0.0.1:80", true), None);
        let any = Listen::from(SocketAddr::from(([127, 0, 0, 1], 0)));
        assert!(any.again().is_none());
    }

    #[test]
    fn what_is_written_is_understood() {
        for (written, understood) in [
            ("127.0.0.1:80", "127.0.0.1:80"),
            (":80", "[::]:80"),
            ("localhost:80", "localhost:80"),
            ("unix:/run/x.sock", "unix:/run/x.sock"),
            ("unix:x.sock", "unix:x.sock"),
            ("/run/x.sock", "unix:/run/x.sock"),
            ("./x.sock", "unix:./x.sock"),
        ] {
            assert_eq!(Listen::from(written).place.to_string(), understood);
        }
    }
}
