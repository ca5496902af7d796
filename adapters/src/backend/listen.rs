//! Where a backend listens, before it does: [`Listen`].

use std::{
    fmt,
    net::{SocketAddr, TcpListener},
    os::unix::net::UnixListener,
    path::{Path, PathBuf},
};

/// Where a backend listens, and how.
///
/// | written | is |
/// |---|---|
/// | `127.0.0.1:9000`, `[::1]:9000` | one address |
/// | `[::]:9000`, `:9000` | every address of the machine, IPv6 and IPv4 |
/// | `localhost:9000` | the first address of the name |
/// | `unix:/run/site.sock`, `/run/site.sock` | a Unix socket |
///
/// Port 0 is any free one. Listeners of the standard library are taken as they are.
///
/// ```
/// use enfilade_adapters::Listen;
///
/// let place = Listen::at("/run/site.sock").with_mode(0o660);
/// # let _ = place;
/// ```
pub struct Listen {
    pub(super) place: Place,
    pub(super) mode: Option<u32>,
}

pub(super) enum Place {
    /// Host and port, as they were written.
    Name(String),
    Path(PathBuf),
    Tcp(TcpListener),
    Unix(UnixListener),
}

impl Listen {
    /// At `place`. What cannot be listened at is an error when the host starts.
    pub fn at(place: impl Into<Listen>) -> Listen {
        place.into()
    }

    /// The permissions of a Unix socket's file, such as `0o660`; by default what the process's
    /// umask leaves. Nobody can connect before they are set.
    #[must_use]
    pub const fn with_mode(mut self, mode: u32) -> Listen {
        self.mode = Some(mode);
        self
    }
}

impl From<Place> for Listen {
    fn from(place: Place) -> Listen {
        Listen { place, mode: None }
    }
}

impl From<&str> for Listen {
    fn from(place: &str) -> Listen {
        let path = place
            .strip_prefix("unix:")
            .or_else(|| place.starts_with(['/', '.']).then_some(place));
        match (path, place.strip_prefix(':')) {
            (Some(path), _) => Place::Path(path.into()),
            (None, Some(port)) => Place::Name(format!("[::]:{port}")),
            (None, None) => Place::Name(place.to_owned()),
        }
        .into()
    }
}

impl From<String> for Listen {
    fn from(place: String) -> Listen {
        Listen::from(place.as_str())
    }
}

impl From<SocketAddr> for Listen {
    fn from(address: SocketAddr) -> Listen {
        Place::Name(address.to_string()).into()
    }
}

impl From<&Path> for Listen {
    fn from(path: &Path) -> Listen {
        Place::Path(path.to_owned()).into()
    }
}

impl From<PathBuf> for Listen {
    fn from(path: PathBuf) -> Listen {
        Place::Path(path).into()
    }
}

impl From<TcpListener> for Listen {
    fn from(listener: TcpListener) -> Listen {
        Place::Tcp(listener).into()
    }
}

impl From<UnixListener> for Listen {
    fn from(listener: UnixListener) -> Listen {
        Place::Unix(listener).into()
    }
}

impl fmt::Debug for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Listen({})", self.place)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Name(name) => f.write_str(name),
            Place::Path(path) => write!(f, "unix:{}", path.display()),
            Place::Tcp(_) => f.write_str("a TCP listener"),
            Place::Unix(_) => f.write_str("a Unix listener"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
