//! The PROXY protocol, in which a proxy tells whom it speaks for: [`ProxyProtocol`].

use std::{future::Future, io, pin::Pin, sync::Arc, time::Duration};

use enfilade_core::{Connection, Peer, Tls};
use http::uri::Scheme;
use ipnet::IpNet;
use tokio::{io::AsyncReadExt, time::timeout};

use crate::{Listen, stream::Stream};

mod checksum;
mod header;
mod version_1;
mod version_2;

use header::{Header, Malformed};

/// Which proxies are believed when they tell whom they speak for, by the [PROXY protocol], versions
/// 1 and 2.
///
/// ```
/// use enfilade_server::{Listen, ProxyProtocol, Server};
///
/// let balancers = ProxyProtocol::from_networks(["10.0.0.0/24".parse()?, "fd00::/64".parse()?]);
/// let server = Server::bind(Listen::at("[::]:8000").with_proxy_protocol(balancers));
/// # let _ = server;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// A connection from one of them must begin with the header, within 10 seconds, or is closed. What
/// the header says lands in the environ: the client as [`Connection::peer`], the proxy as
/// [`Connection::proxy`], and, where the proxy has taken TLS off (version 2), scheme `https` and
/// what it tells of the TLS. Health checks (`LOCAL`) keep the proxy's own address.
///
/// Any other connection is served as if there were no such protocol, so nobody can make itself
/// another's address: a header in it is a bad request.
///
/// [PROXY protocol]: https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt
#[derive(Clone, Debug)]
pub struct ProxyProtocol {
    networks: Arc<[IpNet]>,
    unix: bool,
}

impl ProxyProtocol {
    /// Proxies with addresses in `networks`. A Unix socket's clients are not among them.
    pub fn from_networks(networks: impl IntoIterator<Item = IpNet>) -> ProxyProtocol {
        ProxyProtocol {
            networks: networks.into_iter().collect(),
            unix: false,
        }
    }

    /// Believes whoever may connect to a Unix socket, too: its permissions say who that is. By
    /// default nobody there is believed.
    #[must_use]
    pub const fn or_unix(mut self) -> ProxyProtocol {
        self.unix = true;
        self
    }

    /// Whether `peer` is such a proxy.
    pub(crate) fn trusts(&self, peer: &Peer) -> bool {
        match peer {
            Peer::Unix { .. } => self.unix,
            peer => peer
                .ip()
                .is_some_and(|ip| self.networks.iter().any(|network| network.contains(&ip))),
        }
    }
}

impl Listen {
    /// Takes the word of these proxies for whom they speak. By default the PROXY protocol is not
    /// spoken.
    #[must_use]
    pub fn with_proxy_protocol(mut self, proxies: ProxyProtocol) -> Listen {
        self.proxies = Some(proxies);
        self
    }
}

/// How long a proxy may take to say whom it speaks for.
const DEADLINE: Duration = Duration::from_secs(10);

/// A connection on which a proxy has yet to say whom it speaks for; nothing where it does not.
pub(crate) type Greeting = Pin<Box<dyn Future<Output = Option<(Stream, Connection)>> + Send>>;

/// Reads the header, and nothing behind it.
pub(crate) fn greet(mut stream: Stream, mut facts: Connection, named: bool) -> Greeting {
    Box::pin(async move {
        let why = match timeout(DEADLINE, read(&mut stream)).await {
            Ok(Ok(header)) => {
                introduce(header, &mut facts, named);
                return Some((stream, facts));
            }
            // A check whether the port is open.
            Ok(Err(header::SILENT)) => return None,
            Ok(Err(why)) => why,
            Err(_) => Malformed("it did not come in time"),
        };
        let peer = &facts.peer;
        facts.errors.report(&format!(
            "closed a connection of the proxy {peer}: no header of the PROXY protocol: {why}"
        ));
        None
    })
}

async fn read(stream: &mut Stream) -> Result<Header, Malformed> {
    let left = |_: io::Error| Malformed("the connection ended in it");
    let mut start = [0; header::START];
    if stream.read(&mut start[..1]).await.map_err(left)? == 0 {
        return Err(header::SILENT);
    }
    stream.read_exact(&mut start[1..]).await.map_err(left)?;
    if version_2::begins(&start) {
        let mut rest = [0; version_2::FIXED - header::START];
        stream.read_exact(&mut rest).await.map_err(left)?;
        let mut header = [&start[..], &rest].concat();
        let length = version_2::length(&header)?;
        // The length is 16 bits, and bounded further: nothing to fear.
        header.resize(version_2::FIXED + length, 0);
        let rest = &mut header[version_2::FIXED..];
        stream.read_exact(rest).await.map_err(left)?;
        return version_2::parse(&header);
    }
    // Its end can only be seen when it is there, and what comes behind it is not ours.
    let mut line = start.to_vec();
    version_1::check_begin(&line)?;
    while !line.ends_with(b"\n") {
        if line.len() == version_1::LONGEST {
            return Err(Malformed("it is too long"));
        }
        line.push(stream.read_u8().await.map_err(left)?);
    }
    version_1::parse(&line)
}

/// Puts what the proxy says into `facts`. `named`: the server's name is there already.
fn introduce(header: Header, facts: &mut Connection, named: bool) {
    let proxy = std::mem::replace(&mut facts.peer, Peer::Unknown);
    facts.peer = header.source.unwrap_or_else(|| proxy.clone());
    facts.proxy = Some(proxy);
    if let Some(destination) = header.destination {
        if let Peer::Inet(address) = &destination {
            facts.server_port = address.port();
            if !named {
                facts.server_name = Arc::from(address.ip().to_string());
            }
        }
        facts.local = destination;
    }
    if let Some(version) = header.tls_version {
        facts.scheme = Scheme::HTTPS;
        let mut tls = Tls::default();
        tls.version = Some(version);
        tls.alpn = header.alpn;
        tls.sni = header.authority;
        facts.tls = Some(Arc::new(tls));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_believed_who_was_not_named() {
        let proxies = ProxyProtocol::from_networks(["10.0.0.0/24".parse().expect("a network")]);
        let inet = |address: &str| Peer::inet(address.parse().expect("an address"));
        let unix = Peer::Unix {
            path: None,
            credentials: None,
        };
        assert!(proxies.trusts(&inet("10.0.0.7:1")));
        assert!(proxies.trusts(&inet("[::ffff:10.0.0.7]:1")));
        for peer in [
            inet("10.0.1.7:1"),
            inet("[::1]:1"),
            unix.clone(),
            Peer::Unknown,
        ] {
            assert!(!proxies.trusts(&peer), "{peer}");
        }
        assert!(proxies.or_unix().trusts(&unix));
    }
}
