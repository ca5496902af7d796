//! Where connections come in: [`Door`].

use std::{io, pin::Pin, sync::Arc};

use enfilade_core::{Connection, HostError, Peer};

use crate::{
    address::Address, breach::Limit, connection::Serving, crowd::Full, handshaking::Handshaking,
    listen::Listen, options::Options, site::Site, sniff::Spoken, socket::Socket, stream::Stream,
};

/// An open socket, and what its connections begin with.
pub(crate) struct Door {
    socket: Socket,
    /// The facts of a connection, but for its peer.
    facts: Connection,
    /// Whether the server was given a name.
    named: bool,
    handshake: Option<Arc<dyn Handshake>>,
}

/// What is agreed on before HTTP begins: TLS.
pub(crate) trait Handshake: Send + Sync {
    /// Nothing where it fails: there is nobody to whom it could be told over HTTP.
    fn shake(&self, stream: Stream, facts: Connection) -> Shaking;
}

pub(crate) type Shaking =
    Pin<Box<dyn Future<Output = Option<(Stream, Connection, Spoken)>> + Send>>;

impl Door {
    /// Opens what `listen` describes.
    pub(crate) fn open(
        mut listen: Listen,
        options: &Options,
    ) -> Result<(Door, Address), HostError> {
        let handshake = listen
            .handshake
            .take()
            .map(|prepare| prepare())
            .transpose()?;
        let socket = Socket::open(listen)?;
        let address = socket.address(handshake.is_some()).map_err(|error| {
            HostError::new("cannot find out where the server listens").because(error)
        })?;
        let mut facts = options.facts();
        let named = options.server_name.is_some();
        address.describe(&mut facts, named);
        let door = Door {
            socket,
            facts,
            named,
            handshake,
        };
        Ok((door, address))
    }

    /// Waits for the next connection.
    pub(crate) async fn accept(&self) -> io::Result<(Stream, Connection)> {
        let (stream, mut facts) = self.socket.accept(self.facts.clone()).await?;
        // On a socket for all addresses each connection has its own.
        if let (false, Peer::Unknown, Some(ip)) = (self.named, &self.facts.local, facts.local.ip())
        {
            facts.server_name = Arc::from(ip.to_string());
        }
        Ok((stream, facts))
    }

    /// Serves a connection in a task of its own.
    pub(crate) fn serve(&self, stream: Stream, facts: Connection, site: &Arc<Site>) {
        let place = match &site.addresses {
            None => None,
            Some(addresses) => match addresses.enter(&facts.peer) {
                Ok(place) => place,
                Err(Full) => {
                    let limit = Limit::ConnectionsPerAddress;
                    site.breaches.report(limit, &site.limits, &facts.peer);
                    return;
                }
            },
        };
        let task = site.tasks.register().with_place(place);
        let site = Arc::clone(site);
        match &self.handshake {
            None => drop(tokio::spawn(Serving::new(stream, facts, site, task))),
            Some(handshake) => {
                let peer = facts.peer.clone();
                let shaking = handshake.shake(stream, facts);
                let handshaking = Handshaking::new(shaking, peer, site);
                drop(tokio::spawn(Serving::shaking(handshaking, task)));
            }
        }
    }

    /// Reports what keeps connections from coming in.
    pub(crate) fn report(&self, error: &io::Error) {
        let line = format!("cannot accept connections for the moment: {error}");
        self.facts.errors.report(&line);
    }
}
