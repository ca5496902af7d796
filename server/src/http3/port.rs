//! The UDP socket beside a TLS listener: [`Port`].

use std::{
    future::pending,
    io::ErrorKind,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use enfilade_core::{Connection, HostError, Peer};
use quinn::{Endpoint, Incoming, ServerConfig};
use tokio::{runtime::Handle, time::sleep};
use tokio_rustls::rustls;

use super::{
    config::server_config,
    serving::{Pending, serve},
    socket::{bind, endpoint, is_successor, refused},
};
use crate::{
    Address, Limits, accept::make_room, breach::Limit, crowd::Full, door::Handshake,
    options::Options, site::Site,
};

/// How many handshakes may be under way before clients have to show that their addresses are their
/// own (RFC 9000, section 8.1.2): a flood from forged ones then costs a packet each, and no more.
const HANDSHAKES: usize = 64;

/// How often a process that takes over looks whether the older one is done with the socket.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// HTTP/3 at a port.
pub(crate) struct Port {
    socket: Mutex<Socketed>,
    address: SocketAddr,
    tls: Arc<dyn Handshake>,
    /// The facts of a connection, but for its peer.
    facts: Connection,
    named: bool,
    limits: Limits,
    /// What connections begin with, and the configuration of TLS that it was made of.
    config: Mutex<Current>,
    pending: Pending,
}

enum Socketed {
    Open(Endpoint),
    /// An older process of the program has it yet.
    Later,
}

struct Current {
    tls: Arc<rustls::ServerConfig>,
    quic: Arc<ServerConfig>,
}

impl Current {
    fn new(tls: Arc<rustls::ServerConfig>, limits: &Limits) -> Result<Current, HostError> {
        let quic = Arc::new(server_config(&tls, limits)?);
        Ok(Current { tls, quic })
    }
}

impl Port {
    /// Opens a UDP socket beside the TLS listener at `address`, and says so there. `facts` are what
    /// its connections have in common.
    pub(crate) fn beside(
        address: &mut Address,
        tls: Option<&Arc<dyn Handshake>>,
        facts: &Connection,
        options: &Options,
    ) -> Result<Port, HostError> {
        let tls = tls.ok_or_else(|| {
            HostError::new("HTTP/3 is spoken beside TLS alone: give the listener `with_tls`, too")
        })?;
        let Address::Tcp { address, http3, .. } = address else {
            return Err(HostError::new(format!(
                "HTTP/3 is spoken over UDP, and not at {address}: bind an address with a port"
            )));
        };
        *http3 = true;
        let named = options.server_name.is_some();
        Port::open(
            *address,
            Arc::clone(tls),
            facts.clone(),
            named,
            &options.limits,
        )
    }

    fn open(
        address: SocketAddr,
        tls: Arc<dyn Handshake>,
        facts: Connection,
        named: bool,
        limits: &Limits,
    ) -> Result<Port, HostError> {
        let current = Current::new(tls.current(), limits)?;
        let socket = match bind(address) {
            Ok(socket) => Socketed::Open(endpoint(socket, &current.quic).map_err(|error| {
                HostError::new(format!("cannot speak QUIC at {address}")).because(error)
            })?),
            Err(error) if error.kind() == ErrorKind::AddrInUse && is_successor()? => {
                Socketed::Later
            }
            Err(error) => return Err(refused(address, error)),
        };
        Ok(Port {
            socket: Mutex::new(socket),
            address,
            tls,
            facts,
            named,
            limits: limits.clone(),
            config: Mutex::new(current),
            pending: Pending::default(),
        })
    }

    /// Accepts connections until it is dropped.
    pub(crate) async fn accept(&self, site: &Arc<Site>) {
        let endpoint = self.endpoint().await;
        site.alternatives.add(self.address.port());
        loop {
            make_room(site).await;
            match endpoint.accept().await {
                Some(incoming) => self.take(incoming, site),
                // Nobody closes it: its socket is lost.
                None => {
                    site.alternatives.remove(self.address.port());
                    self.facts
                        .errors
                        .report("HTTP/3 is served no more: its socket is lost");
                    pending::<()>().await;
                }
            }
        }
    }

    /// The endpoint, when there is one.
    async fn endpoint(&self) -> Endpoint {
        let mut reported = false;
        loop {
            if let Socketed::Open(endpoint) = &*lock(&self.socket) {
                return endpoint.clone();
            }
            sleep(LOOK_AGAIN).await;
            let opened =
                bind(self.address).and_then(|socket| endpoint(socket, &lock(&self.config).quic));
            match opened {
                Ok(endpoint) => *lock(&self.socket) = Socketed::Open(endpoint),
                Err(error) if error.kind() == ErrorKind::AddrInUse => {}
                Err(error) if !std::mem::replace(&mut reported, true) => {
                    let line =
                        format!("HTTP/3 is not served yet: {}", refused(self.address, error));
                    self.facts.errors.report(&line);
                }
                Err(_) => {}
            }
        }
    }

    fn take(&self, incoming: Incoming, site: &Arc<Site>) {
        // Who is counted by address has to show that it is its own.
        let must_show = self.pending.count() >= HANDSHAKES || site.addresses.is_some();
        if must_show && !incoming.remote_address_validated() && incoming.may_retry() {
            // It fails for those alone that may not be asked.
            let _ = incoming.retry();
            return;
        }
        let mut facts = self.facts.clone();
        facts.peer = Peer::inet(incoming.remote_address());
        let place = site.addresses.as_ref().map(|all| all.enter(&facts.peer));
        let place = match place.transpose() {
            Ok(place) => place.flatten(),
            Err(Full) => {
                let limit = Limit::ConnectionsPerAddress;
                site.breaches.report(limit, &site.limits, &facts.peer);
                incoming.refuse();
                return;
            }
        };
        let handshaking = self.pending.begin();
        // What cannot even begin is no connection, and its client is told so by QUIC.
        if let Ok(connecting) = incoming.accept_with(self.current()) {
            let task = site.tasks.register().with_place(place);
            let site = Arc::clone(site);
            let serving = serve(connecting, handshaking, facts, self.named, site, task);
            drop(tokio::spawn(serving));
        }
    }

    /// The configuration for the certificates that are in use now.
    fn current(&self) -> Arc<ServerConfig> {
        let mut current = lock(&self.config);
        let tls = self.tls.current();
        if !Arc::ptr_eq(&tls, &current.tls) {
            match Current::new(tls, &self.limits) {
                Ok(renewed) => *current = renewed,
                Err(error) => {
                    let line = format!("certificates of HTTP/3 stay as they were: {error:?}");
                    self.facts.errors.report(&line);
                }
            }
        }
        Arc::clone(&current.quic)
    }
}

impl Drop for Port {
    fn drop(&mut self) {
        let Socketed::Open(endpoint) = &*lock(&self.socket) else {
            return;
        };
        // Outside of a runtime there are no connections.
        if let Ok(runtime) = Handle::try_current() {
            drop(runtime.spawn(wind_down(endpoint.clone())));
        }
    }
}

/// Lets the connections that are open go on, and tells who comes that there is nobody, so that he
/// goes elsewhere. The socket is closed behind the last of them.
async fn wind_down(endpoint: Endpoint) {
    let refusing = async {
        while let Some(incoming) = endpoint.accept().await {
            incoming.refuse();
        }
    };
    tokio::select! {
        () = endpoint.wait_idle() => {}
        () = refusing => {}
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
