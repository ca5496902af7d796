//! Where a host listens, whichever it is: [`Place`].

use std::net::TcpListener;
#[cfg(unix)]
use std::os::unix::net::UnixListener;

/// A place to listen at.
#[derive(Debug)]
pub(super) enum Place {
    /// As somebody has written it.
    Written(String),
    /// What somebody else has opened.
    #[cfg_attr(not(unix), allow(dead_code, reason = "it is systemd's"))]
    Tcp(TcpListener),
    #[cfg(unix)]
    Unix(UnixListener),
}

/// The hosts have each a type of their own for it, made of the same things.
macro_rules! into_listen {
    ($listen:ty) => {
        impl From<Place> for $listen {
            fn from(place: Place) -> $listen {
                match place {
                    Place::Written(written) => written.into(),
                    Place::Tcp(listener) => listener.into(),
                    #[cfg(unix)]
                    Place::Unix(listener) => listener.into(),
                }
            }
        }
    };
}

#[cfg(feature = "server")]
into_listen!(enfilade_server::Listen);
#[cfg(all(unix, any(feature = "fastcgi", feature = "scgi", feature = "uwsgi")))]
into_listen!(enfilade_adapters::Listen);
