//! The server, as it is described before it starts: [`Server`].

use std::{fmt, sync::Arc, time::Duration};

use enfilade_core::{App, ErrorSink, Host, HostError, Lifecycle, PathPolicy};
use http::HeaderValue;

use crate::{
    Address, Limits, Listen, Listening, Threads,
    cores::Cores,
    door::{Door, Handshake},
    options::{Closing, Options},
};

/// Hosts an app over HTTP/1.1 and HTTP/2.
///
/// Both versions are spoken on each socket: HTTP/2 by prior knowledge or, with TLS, by ALPN. HTTP/3
/// is spoken beside TLS where a listener says so (`Listen::with_http3`, feature `http3`).
///
/// ```no_run
/// # async fn check() -> Result<(), enfilade_core::HostError> {
/// use enfilade_core::Request;
/// use enfilade_server::Server;
///
/// Server::bind("[::]:8000")
///     .and_bind("unix:/run/site.sock")
///     .serve(async |_: Request| "hello")
///     .await
/// # }
/// ```
///
/// # Stopping
///
/// SIGINT, SIGTERM or [`with_shutdown`](Server::with_shutdown) stop it in order: it accepts no
/// more, idle connections are closed, and requests that run have 30 seconds to end; then they are
/// broken off. A second signal breaks them off at once. Last, what was registered on the
/// [`Lifecycle`] is closed.
///
/// While it stops, each answer over HTTP/1.1 says `Connection: close`, and connections without a
/// request stay open for a quarter of a second, since one may be on its way. So does nobody lose
/// one who sends the next when the last is answered.
///
/// # Restarting
///
/// SIGUSR2 starts the program anew, whatever stands at its path by then, with the same arguments
/// and the sockets of this process. Both accept connections until the new one listens; then the
/// old one stops in order. No connection is refused, and no request is lost. If the new process
/// ends before it listens, or does not within a minute, the old one reports it and goes on.
///
/// The path is the one that the system knows the program by, links resolved: replace the file
/// itself. Sockets that another program has opened, such as systemd, are its to hand over again.
/// Of several servers in one process one alone can hand its sockets over; tell the others
/// `without_restart`, and bind what they serve to the one.
/// [`without_restart`](Server::without_restart) leaves the signal alone.
///
/// systemd is told when the server is ready, when it stops, and who took over (`Type=notify`), and
/// that it is alive where it wants to know (`WatchdogSec=`).
#[must_use = "a server does nothing until it serves an app"]
pub struct Server {
    listens: Vec<Listen>,
    options: Options,
}

impl Server {
    /// A server that listens at `place`: see [`Listen`] for what can be written.
    ///
    /// Nothing is opened yet, so what is wrong with it is told when the server starts.
    pub fn bind(place: impl Into<Listen>) -> Server {
        Server {
            listens: vec![place.into()],
            options: Options::default(),
        }
    }

    /// Listens at `place`, too.
    pub fn and_bind(mut self, place: impl Into<Listen>) -> Server {
        self.listens.push(place.into());
        self
    }

    /// Stops when `shutdown` ends, and leaves the process's signals alone. Without it SIGINT and
    /// SIGTERM stop the server.
    pub fn with_shutdown(mut self, shutdown: impl Future<Output = ()> + Send + 'static) -> Server {
        self.options.shutdown = Some(Box::pin(shutdown));
        self
    }

    /// Closes what is registered on `lifecycle` after the last request. By default there is
    /// nothing to close.
    pub fn with_lifecycle(mut self, lifecycle: Lifecycle) -> Server {
        self.options.lifecycle = lifecycle;
        self
    }

    /// Lets SIGUSR2 restart the program, also where [`with_shutdown`](Server::with_shutdown) leaves
    /// other signals alone.
    pub const fn with_restart(mut self) -> Server {
        self.options.restarts = Some(true);
        self
    }

    /// Leaves SIGUSR2 alone. By default it restarts the program where SIGTERM stops it.
    pub const fn without_restart(mut self) -> Server {
        self.options.restarts = Some(false);
        self
    }

    /// How long requests may go on after the server was told to stop: 30 seconds by default.
    pub const fn with_grace(mut self, grace: Duration) -> Server {
        self.options.grace = grace;
        self
    }

    /// How long the callbacks of the [`Lifecycle`] may take together: 10 seconds by default.
    pub const fn with_stop_deadline(mut self, deadline: Duration) -> Server {
        self.options.stop_deadline = deadline;
        self
    }

    /// How long an app may go on without writing for a client that closed its side of an HTTP/1.1
    /// connection: 5 seconds by default.
    ///
    /// Such a client may have gone, or may only have said that it sends no more (`nc` does); TCP
    /// does not tell which. While something can be written to it, it is there. Zero takes it for
    /// gone at once. A connection that was reset drops the app's future at once, unless the client has
    /// sent more that nobody has read yet.
    pub const fn with_half_close(mut self, patience: Duration) -> Server {
        self.options.half_close = patience;
        self
    }

    /// Sends no early hints (103), whatever apps hint. By default they are sent, over all
    /// versions but HTTP/1.0.
    ///
    /// For servers behind a proxy that takes an informational response for the answer, as nginx
    /// before 1.29 does where it speaks HTTP/1.1 to a server: it passes what follows on as if it
    /// were the body, and never finds its end.
    pub const fn without_early_hints(mut self) -> Server {
        self.options.early_hints = false;
        self
    }

    /// What a client may take, of time and of everything else: see [`Limits`] for the defaults.
    pub fn with_limits(mut self, limits: Limits) -> Server {
        self.options.limits = limits;
        self
    }

    /// The threads that serve connections: [`Threads::shared`] by default.
    ///
    /// [`run`](Server::run) and [`launch`](Server::launch) build their runtime by it. In a runtime of
    /// yours, as with [`serve`](Server::serve), its threads are what is shared, and
    /// [`Threads::per_core`] starts all but one beside it; they end with the server.
    pub const fn with_threads(mut self, threads: Threads) -> Server {
        self.options.threads = threads;
        self
    }

    /// What is done about paths that are not canonical: they are made canonical by default.
    pub const fn with_path_policy(mut self, policy: PathPolicy) -> Server {
        self.options.paths = policy;
        self
    }

    /// The name of the server in the environ, for URLs where a request names no host. By default
    /// it is the address that the client connected to, and `localhost` for Unix sockets.
    pub fn with_server_name(mut self, name: impl Into<Arc<str>>) -> Server {
        self.options.server_name = Some(name.into());
        self
    }

    /// The `Server` field of responses that have none. By default there is none: it tells
    /// strangers what to try.
    pub fn with_server_header(mut self, value: HeaderValue) -> Server {
        self.options.server_header = Some(value);
        self
    }

    /// Leaves `Date` to the app, or to a proxy that adds it. By default each response without one
    /// gets it, as RFC 9110, section 6.6.1 asks of whoever has a clock.
    pub const fn without_date(mut self) -> Server {
        self.options.date = false;
        self
    }

    /// Where errors are reported: the standard error stream, by default.
    pub fn with_error_sink(mut self, errors: impl ErrorSink + 'static) -> Server {
        self.options.errors = Arc::new(errors);
        self
    }

    /// Called with the addresses when the server listens. By default it prints them to the
    /// standard error stream, as one line.
    pub fn with_announcement(
        mut self,
        announce: impl FnOnce(&[Address]) + Send + 'static,
    ) -> Server {
        self.options.announce = Box::new(announce);
        self
    }

    /// The lifecycle whose callbacks this server runs.
    #[must_use]
    pub const fn lifecycle(&self) -> &Lifecycle {
        &self.options.lifecycle
    }

    pub(crate) const fn threads(&self) -> Threads {
        self.options.threads
    }

    pub(crate) fn closing(&self) -> Closing {
        self.options.closing()
    }

    /// Opens the sockets. Connections wait in the system's queue until an app is served.
    ///
    /// # Errors
    ///
    /// Where one cannot be opened: the address is in use, is no address of the machine, needs
    /// rights that the process has not; a socket's path or a certificate cannot be used. The
    /// message says what to do.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime with I/O and time enabled.
    pub fn listen(self) -> Result<Listening, HostError> {
        let mut cores = Cores::start(self.options.threads.others())?;
        let (mut doors, mut addresses) = (Vec::new(), Vec::new());
        for listen in self.listens {
            let (door, address) = Door::open(listen, &self.options)?;
            cores.open_beside(&door)?;
            addresses.push(address);
            // Of an older process that had more threads: nobody is lost who waits there.
            let inherited = std::iter::from_fn(|| door.inherited().transpose());
            let inherited: Vec<Door> = inherited.collect::<Result<_, _>>()?;
            doors.push(door);
            doors.extend(inherited);
        }
        let mut handshakes = doors.iter().map(Door::handshake);
        let proves_by_http = |handshake: Arc<dyn Handshake>| !handshake.proofs().is_empty();
        if handshakes.clone().flatten().any(proves_by_http)
            && handshakes.all(|handshake| handshake.is_some())
        {
            return Err(HostError::new(
                "with http-01 an authority comes without TLS: bind a listener for it, too, such as \
                 [::]:80",
            ));
        }
        Ok(Listening::new(doors, cores, addresses, self.options))
    }

    /// Serves `app` until it is told to stop, in the tokio runtime that it is called in.
    ///
    /// Dropping the future breaks everything off.
    ///
    /// # Errors
    ///
    /// As for [`listen`](Server::listen), and where signals cannot be listened to. What was
    /// registered on the [`Lifecycle`] is closed then, too.
    pub async fn serve(self, app: impl App + 'static) -> Result<(), HostError> {
        let closing = self.closing();
        match self.listen() {
            Ok(listening) => listening.serve(app).await,
            Err(error) => {
                closing.run().await;
                Err(error)
            }
        }
    }
}

impl Host for Server {
    fn serve(self, app: impl App + 'static) -> impl Future<Output = Result<(), HostError>> + Send {
        Server::serve(self, app)
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Server").field(&self.listens).finish()
    }
}
