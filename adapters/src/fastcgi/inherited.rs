//! A socket that a web server has opened before it started the process.

use std::{
    env,
    io::{self, stdin},
    net::{IpAddr, TcpListener},
    os::{
        fd::{AsFd, OwnedFd},
        unix::net::UnixListener,
    },
};

use enfilade_core::HostError;
use socket2::{Domain, Socket};

use super::FastCgi;
use crate::backend::Listen;

/// Who may connect (FastCGI 1.0, section 3.2).
const WEB_SERVERS: &str = "FCGI_WEB_SERVER_ADDRS";

impl FastCgi {
    /// A host that listens at the socket that is its standard input, where mod_fcgid, lighttpd and
    /// spawn-fcgi put it (FastCGI 1.0, section 2.2).
    ///
    /// Where the environment has `FCGI_WEB_SERVER_ADDRS`, addresses with commas between them,
    /// TCP connections from anybody else are closed, as with
    /// [`with_web_servers`](FastCgi::with_web_servers).
    ///
    /// # Errors
    ///
    /// If the standard input is no listening socket, or `FCGI_WEB_SERVER_ADDRS` no addresses.
    pub fn inherited() -> Result<FastCgi, HostError> {
        let listen = stdin()
            .as_fd()
            .try_clone_to_owned()
            .and_then(listener)
            .map_err(|error| {
                HostError::new(
                    "the standard input is no socket that listens; let a web server or spawn-fcgi \
                     start this program, or bind an address",
                )
                .because(error)
            })?;
        let host = FastCgi::bind(listen);
        Ok(match env::var_os(WEB_SERVERS) {
            Some(list) => host.with_web_servers(web_servers(&list.to_string_lossy())?),
            None => host,
        })
    }
}

fn listener(descriptor: OwnedFd) -> io::Result<Listen> {
    let socket = Socket::from(descriptor);
    if !socket.is_listener()? {
        return Err(io::Error::other("it does not listen"));
    }
    Ok(match socket.local_addr()?.domain() {
        Domain::UNIX => UnixListener::from(OwnedFd::from(socket)).into(),
        _ => TcpListener::from(socket).into(),
    })
}

fn web_servers(list: &str) -> Result<Vec<IpAddr>, HostError> {
    list.split(',')
        .map(|address| {
            address.trim().parse().map_err(|error| {
                let what = format!("{WEB_SERVERS} holds {address:?}, where addresses are to be");
                HostError::new(what).because(error)
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn listening_sockets_are_taken_and_others_are_not() {
        let tcp = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = tcp.local_addr().expect("an address");
        let taken = listener(OwnedFd::from(tcp)).expect("it listens");
        assert_eq!(format!("{taken:?}"), "Listen(a TCP listener)");
        let folder = tempfile::tempdir().expect("a folder");
        let unix = UnixListener::bind(folder.path().join("s")).expect("a socket");
        let taken = listener(OwnedFd::from(unix)).expect("it listens");
        assert_eq!(format!("{taken:?}"), "Listen(a Unix listener)");
        drop(taken);
        assert!(
            listener(OwnedFd::from(
                std::net::UdpSocket::bind(address).expect("a port")
            ))
            .is_err()
        );
        let file = std::fs::File::open("/dev/null").expect("it is there");
        assert!(listener(OwnedFd::from(file)).is_err());
    }

    #[test]
    fn a_list_of_web_servers_is_read_whole_or_not_at_all() {
        let read = web_servers("127.0.0.1, ::1").expect("addresses");
        assert_eq!(
            read,
            [
                "127.0.0.1".parse::<IpAddr>().expect("one"),
                "::1".parse().expect("one")
            ]
        );
        for list in ["", "127.0.0.1,", "localhost", "127.0.0.1 ::1"] {
            let error = web_servers(list).expect_err(list).to_string();
            assert!(error.contains(WEB_SERVERS), "{error}");
        }
    }
}
