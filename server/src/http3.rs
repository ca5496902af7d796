//! HTTP/3 (RFC 9114), over QUIC by quinn, beside a TLS listener.
//!
//! A [`Port`] accepts connections. [`serving`] agrees on TLS; [`driver`] runs a connection and its
//! requests in one task; [`request`] answers one. h3 speaks the protocol: SETTINGS, GOAWAY, the
//! coding of fields. It is given what [`inbound`] and [`control`] let pass, so that it holds no
//! more than it should, and sees nothing that two programs could read differently. What [`service`]
//! makes of a request is the same for all versions.
//!
//! [`service`]: crate::service

use crate::Listen;

mod alternatives;
mod answer;
mod config;
mod control;
mod driver;
mod fate;
mod frames;
mod head;
mod hints;
mod inbound;
mod link;
mod outbound;
mod port;
mod request;
mod section;
mod serving;
mod socket;
mod transport;
mod upload;

pub(crate) use alternatives::Alternatives;
pub(crate) use port::Port;

impl Listen {
    /// Speaks HTTP/3 here as well: over UDP, at the address and the port of the TLS listener. Off
    /// by default.
    ///
    /// ```no_run
    /// use enfilade_server::{Listen, Server, TlsConfig};
    ///
    /// let tls = TlsConfig::from_pem("chain.pem", "key.pem");
    /// let server = Server::bind(Listen::at("[::]:443").with_tls(tls).with_http3());
    /// # let _ = server;
    /// ```
    ///
    /// Certificates, names and what is asked of clients are those of TLS, also when they are
    /// renewed. Answers over HTTP/1.1 and HTTP/2 say that it is there (`Alt-Svc`, RFC 7838), unless
    /// the app says something else; clients that cannot reach it stay where they are. Early data
    /// (0-RTT) is not taken: whoever has seen it could send it again.
    ///
    /// [`Limits`](crate::Limits) says what holds for HTTP/3: what holds for HTTP/2. The peer in the
    /// environ is the address that the handshake came from, also when the client moves on.
    ///
    /// The UDP socket is opened by this process, also where another program has opened the TCP
    /// listener. Clients come to it directly: a proxy in front of TCP, and what it says (PROXY
    /// protocol), is not in their way.
    ///
    /// # Restarting
    ///
    /// Two processes cannot share a UDP socket: each would get packets of the other's connections.
    /// So the old process keeps it until its connections over HTTP/3 have ended, within the grace,
    /// and takes no new ones; the new process opens it then, and says only then that HTTP/3 is
    /// there. Meanwhile clients use HTTP/2, which loses nothing. The new process needs the right to
    /// bind the port.
    ///
    /// # Errors
    ///
    /// When the server starts: without TLS, without TLS 1.3, at a Unix socket, and where the UDP
    /// port is in use or needs rights that the process has not.
    #[must_use]
    pub const fn with_http3(mut self) -> Listen {
        self.http3 = true;
        self
    }
}
