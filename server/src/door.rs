//! Where connections come in: [`Door`].

use std::{io, pin::Pin, sync::Arc};

use enfilade_core::{Connection, ErrorSink, HostError, Peer};

#[cfg(feature = "http3")]
use crate::http3::Port;
use crate::{
    address::Address,
    breach::Limit,
    connection::Serving,
    crowd::Full,
    listen::Listen,
    options::Options,
    proofs::Proofs,
    proxy::{ProxyProtocol, greet},
    site::Site,
    sniff::Spoken,
    socket::Socket,
    stream::Stream,
    upkeep::Work,
};

/// An open socket, and what its connections begin with.
pub(crate) struct Door {
    socket: Socket,
    /// The facts of a connection, but for its peer.
    facts: Connection,
    /// Whether the server was given a name.
    named: bool,
    handshake: Option<Arc<dyn Handshake>>,
    proxies: Option<ProxyProtocol>,
    /// Where HTTP/3 is spoken.
    #[cfg(feature = "http3")]
    http3: Option<Port>,
    /// Whether somebody else has opened the socket.
    #[cfg(unix)]
    adopted: bool,
    /// Whether another door has the same socket.
    #[cfg(unix)]
    copied: bool,
}

/// What is agreed on before HTTP begins: TLS.
pub(crate) trait Handshake: Send + Sync {
    /// Nothing where it fails: there is nobody to whom it could be told over HTTP.
    fn shake(&self, stream: Stream, facts: Connection) -> Shaking;

    /// Reads again what it was made of, where that has changed or is `forced`. What cannot be used
    /// is an error, and changes nothing.
    fn reload(&self, forced: bool) -> Result<(), HostError>;

    /// What is answered in place of the app.
    fn proofs(&self) -> Vec<Arc<dyn Proofs>>;

    /// What there is to do while the server accepts connections.
    fn works(&self, errors: &Arc<dyn ErrorSink>) -> Vec<Work>;

    /// The configuration that is in use now.
    #[cfg(feature = "http3")]
    fn current(&self) -> Arc<tokio_rustls::rustls::ServerConfig>;
}

pub(crate) type Shaking =
    Pin<Box<dyn Future<Output = Option<(Stream, Connection, Spoken)>> + Send>>;

/// How many of the ports that the system chooses may be taken over UDP.
#[cfg(feature = "http3")]
const ANY_PORT_TRIES: usize = 8;

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
        let proxies = listen.proxies.take();
        #[cfg(feature = "http3")]
        for _ in 0..ANY_PORT_TRIES {
            let Some(again) = listen.again() else {
                break;
            };
            let opened = Door::open_at(listen, handshake.clone(), proxies.clone(), options);
            if opened.is_ok() {
                return opened;
            }
            listen = again;
        }
        Door::open_at(listen, handshake, proxies, options)
    }

    fn open_at(
        listen: Listen,
        handshake: Option<Arc<dyn Handshake>>,
        proxies: Option<ProxyProtocol>,
        options: &Options,
    ) -> Result<(Door, Address), HostError> {
        #[cfg(feature = "http3")]
        let http3 = listen.http3;
        #[cfg(unix)]
        let adopted = listen.place.is_open();
        let beside = options.threads.others() > 0;
        let socket = Socket::open(listen, beside)?;
        let tls = handshake.is_some();
        #[allow(unused_mut, reason = "HTTP/3 is a feature")]
        let mut address = socket.address(tls).map_err(|error| {
            HostError::new("cannot find out where the server listens").because(error)
        })?;
        let mut facts = options.facts();
        let named = options.server_name.is_some();
        address.describe(&mut facts, named);
        #[cfg(feature = "http3")]
        let http3 = match http3 {
            true => Some(Port::beside(
                &mut address,
                handshake.as_ref(),
                &facts,
                options,
            )?),
            false => None,
        };
        let door = Door {
            socket,
            facts,
            named,
            handshake,
            proxies,
            #[cfg(feature = "http3")]
            http3,
            #[cfg(unix)]
            adopted,
            #[cfg(unix)]
            copied: false,
        };
        Ok((door, address))
    }

    /// One more at the same address, for another thread, in whose runtime this is called.
    pub(crate) fn another(&self) -> Result<Door, HostError> {
        if let Some(inherited) = self.inherited()? {
            return Ok(inherited);
        }
        #[cfg(unix)]
        let adopted = self.adopted;
        #[cfg(not(unix))]
        let adopted = true;
        let (socket, copied) = self
            .socket
            .another(!adopted)
            .map_err(|error| HostError::new("cannot listen for one more thread").because(error))?;
        Ok(self.beside(socket, copied))
    }

    /// One more at the same address that an older process has handed over.
    pub(crate) fn inherited(&self) -> Result<Option<Door>, HostError> {
        let inherited = self.socket.inherited()?;
        Ok(inherited.map(|socket| self.beside(socket, false)))
    }

    #[cfg_attr(not(unix), allow(unused_variables, reason = "nothing is handed over"))]
    fn beside(&self, socket: Socket, copied: bool) -> Door {
        Door {
            socket,
            facts: self.facts.clone(),
            named: self.named,
            handshake: self.handshake.clone(),
            proxies: self.proxies.clone(),
            // One thread alone speaks it.
            #[cfg(feature = "http3")]
            http3: None,
            #[cfg(unix)]
            adopted: self.adopted,
            #[cfg(unix)]
            copied,
        }
    }

    /// Where HTTP/3 is spoken beside it.
    #[cfg(feature = "http3")]
    pub(crate) const fn http3(&self) -> Option<&Port> {
        self.http3.as_ref()
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
        let proxies = self.proxies.as_ref();
        let serving = if proxies.is_some_and(|proxies| proxies.trusts(&facts.peer)) {
            Serving::greeting(
                greet(stream, facts, self.named),
                self.handshake.clone(),
                site,
                task,
            )
        } else {
            Serving::new(stream, facts, self.handshake.as_deref(), site, task)
        };
        drop(tokio::spawn(serving));
    }

    /// What may have to be read again while the server runs.
    pub(crate) fn handshake(&self) -> Option<Arc<dyn Handshake>> {
        self.handshake.clone()
    }

    /// The socket, for a process that takes over; nothing where another door has the same.
    ///
    /// # Errors
    ///
    /// Where somebody else has opened it: whoever that was would have to hand it over again.
    #[cfg(unix)]
    pub(crate) fn hand_over(&self) -> Result<Option<std::os::fd::BorrowedFd<'_>>, HostError> {
        if self.adopted {
            return Err(HostError::new(
                "a socket of this server was opened by another program; restart it there \
                 (systemd keeps its sockets open over `systemctl restart`)",
            ));
        }
        Ok((!self.copied).then(|| self.socket.as_fd()))
    }

    /// Takes the file of a Unix socket over, where an older process has handed it over.
    #[cfg(unix)]
    pub(crate) fn own_file(&self) {
        self.socket.own_file();
    }

    /// Leaves the file of a Unix socket to the process that has taken over.
    #[cfg(unix)]
    pub(crate) fn leave_file(&self) {
        self.socket.leave_file();
    }

    /// Reports what keeps connections from coming in.
    pub(crate) fn report(&self, error: &io::Error) {
        let line = format!("cannot accept connections for the moment: {error}");
        self.facts.errors.report(&line);
    }
}
