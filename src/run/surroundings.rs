//! What a process is started with: [`Surroundings`].

use std::{collections::HashMap, ffi::OsString, process};

use enfilade_core::HostError;

/// The environment, the standard input and the id of a process: all that [`Start`](super::Start)
/// depends on. The arguments are not among it: those of a CGI program are its client's.
#[derive(Debug)]
pub(super) struct Surroundings {
    variables: HashMap<&'static str, OsString>,
    /// Whether the standard input is a socket that listens.
    pub(super) is_socket: bool,
    pub(super) process: u32,
}

impl Surroundings {
    /// Those of this process.
    pub(super) fn here() -> Surroundings {
        let variables = super::start::VARIABLES.into_iter();
        Surroundings {
            variables: variables
                .filter_map(|name| Some((name, std::env::var_os(name)?)))
                .collect(),
            is_socket: is_socket(),
            process: process::id(),
        }
    }

    /// Those of a test: nothing but the standard input and the id.
    #[cfg(test)]
    pub(super) fn of(is_socket: bool, process: u32) -> Surroundings {
        Surroundings {
            variables: HashMap::new(),
            is_socket,
            process,
        }
    }

    #[cfg(test)]
    pub(super) fn with(mut self, name: &'static str, value: impl Into<OsString>) -> Surroundings {
        self.variables.insert(name, value.into());
        self
    }

    /// The variable `name`; an empty one is as good as none.
    pub(super) fn variable(&self, name: &str) -> Result<Option<&str>, HostError> {
        let Some(value) = self.variables.get(name).filter(|value| !value.is_empty()) else {
            return Ok(None);
        };
        let text = value.to_str();
        text.map(Some)
            .ok_or_else(|| HostError::new(format!("{name} is not text: {value:?}")))
    }
}

/// Whether the standard input listens, as the system tells; it is an error where it is no socket.
#[cfg(any(target_os = "android", target_os = "freebsd", target_os = "linux"))]
fn is_socket() -> bool {
    let input = std::io::stdin();
    let listens = socket2::SockRef::from(&input).is_listener();
    listens.is_ok_and(|listens| listens)
}

/// The same where the system does not tell: a socket without a peer (FastCGI 1.0, section 2.2).
#[cfg(all(
    unix,
    not(any(target_os = "android", target_os = "freebsd", target_os = "linux"))
))]
fn is_socket() -> bool {
    let input = std::io::stdin();
    let socket = socket2::SockRef::from(&input);
    let lacks_peer = |error: std::io::Error| error.kind() == std::io::ErrorKind::NotConnected;
    socket.peer_addr().err().is_some_and(lacks_peer)
}

#[cfg(not(unix))]
fn is_socket() -> bool {
    false
}
