//! A server whose sockets are open: [`Listening`].

use std::{fmt, net::SocketAddr, sync::Arc};

use enfilade_core::{App, Host, HostError};

use crate::{
    address::Address, cores::Cores, door::Door, drain::Run, options::Options, reload::Reload,
    site::Site, stop::Stop, takeover::Takeover, upkeep::Upkeep,
};

/// A server whose sockets are open, so that its addresses are known. Made by
/// [`Server::listen`](crate::Server::listen).
///
/// ```no_run
/// # async fn check() -> Result<(), enfilade_core::HostError> {
/// use enfilade_core::Request;
/// use enfilade_server::Server;
///
/// let listening = Server::bind("127.0.0.1:0").listen()?;
/// eprintln!("port {}", listening.local_addr().expect("a TCP address").port());
/// listening.serve(async |_: Request| "hello").await
/// # }
/// ```
pub struct Listening {
    doors: Vec<Door>,
    cores: Cores,
    addresses: Vec<Address>,
    options: Options,
}

impl Listening {
    pub(crate) const fn new(
        doors: Vec<Door>,
        cores: Cores,
        addresses: Vec<Address>,
        options: Options,
    ) -> Listening {
        Listening {
            doors,
            cores,
            addresses,
            options,
        }
    }

    /// Where the server listens, in the order in which it was told.
    #[must_use]
    pub fn addresses(&self) -> &[Address] {
        &self.addresses
    }

    /// The first address with a port.
    #[must_use]
    pub fn local_addr(&self) -> Option<SocketAddr> {
        self.addresses.iter().find_map(|address| match address {
            Address::Tcp { address, .. } => Some(*address),
            Address::Unix { .. } => None,
        })
    }

    /// Serves `app` until it is told to stop. See [`Server::serve`](crate::Server::serve).
    ///
    /// # Errors
    ///
    /// Where signals cannot be listened to, and where a thread does not accept connections any more,
    /// after all others have been answered.
    pub async fn serve(self, app: impl App + 'static) -> Result<(), HostError> {
        let Listening {
            doors,
            mut cores,
            addresses,
            mut options,
        } = self;
        let closing = options.closing();
        let stop = match options.shutdown.take() {
            Some(future) => Ok(Stop::When(Some(future))),
            None => Stop::by_signals(),
        };
        let handshakes: Vec<_> = doors.iter().filter_map(Door::handshake).collect();
        let prepared = stop.and_then(|stop| {
            let by_signals = matches!(stop, Stop::Signals(_));
            let restarts = options.restarts.unwrap_or(by_signals);
            let takeover = Takeover::prepare(restarts, Arc::clone(&options.errors))?;
            let reload = Reload::new(
                handshakes.clone(),
                by_signals || restarts,
                Arc::clone(&options.errors),
            )?;
            takeover.ready(&doors)?;
            Ok((stop, takeover, reload))
        });
        let ended = match prepared {
            Ok((stop, takeover, reload)) => {
                let proofs = handshakes.iter().flat_map(|shake| shake.proofs());
                let errors = &options.errors;
                let works = handshakes.iter().flat_map(|shake| shake.works(errors));
                let upkeep = Upkeep::new(works.collect(), Arc::clone(errors));
                let run = Run {
                    site: Arc::new(Site::new(app, &options, proofs.collect())),
                    stop,
                    takeover,
                    lifecycle: &options.lifecycle,
                    grace: options.grace,
                    errors: &*options.errors,
                };
                (options.announce)(&addresses);
                run.serve(doors, &mut cores, reload, upkeep).await
            }
            Err(error) => Err(error),
        };
        closing.run().await;
        // What callbacks need may run there.
        drop(cores);
        ended
    }
}

impl Host for Listening {
    fn serve(self, app: impl App + 'static) -> impl Future<Output = Result<(), HostError>> + Send {
        Listening::serve(self, app)
    }
}

impl fmt::Debug for Listening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Listening").field(&self.addresses).finish()
    }
}
