//! A host behind a web server that reaches it over sockets: [`Backend`].

use std::{fmt, io::Write, sync::Arc, time::Duration};

use enfilade_core::{
    App, Capabilities, ErrorSink, Host, HostError, Lifecycle, PathPolicy, Result as AppResult,
    StandardError,
};

use crate::{
    answered::rests,
    closing::Closing,
    gateway::Import,
    launch,
    site::{Site, facts},
    stop::{Shutdown, Stop},
};

mod address;
mod door;
mod listen;
mod run;
mod stream;
mod tcp;
#[cfg(any(feature = "scgi", feature = "uwsgi"))]
mod unfinished;
mod unix;

pub use address::Address;
use door::Door;
pub use listen::Listen;
pub(crate) use stream::{Reader, Writer};
#[cfg(any(feature = "scgi", feature = "uwsgi"))]
pub(crate) use unfinished::Unfinished;

/// Hosts an app behind a web server that reaches it over TCP or Unix sockets, in one of the
/// protocols of the CGI family: [`Scgi`](crate::Scgi), [`Uwsgi`](crate::Uwsgi) and their kin are
/// backends.
///
/// # Stopping
///
/// SIGINT, SIGTERM or [`with_shutdown`](Backend::with_shutdown) stop it in order: it takes the
/// connections that wait already and no more, and requests that run have 30 seconds to end; then
/// they are broken off. A second signal breaks them off at once. Last, what was registered on the
/// [`Lifecycle`] is closed.
///
/// # Security
///
/// Whoever can connect is believed: these protocols have no authentication, and a peer says by
/// itself who its client is. Listen on a Unix socket with a narrow
/// [mode](Listen::with_mode), or on a loopback address.
#[must_use = "a host does nothing until it serves an app"]
pub struct Backend<P> {
    pub(crate) protocol: P,
    listens: Vec<Listen>,
    options: Options,
}

/// A protocol that a [`Backend`] speaks.
pub trait Protocol: Default + Send + Sync + 'static {
    /// What the environ calls the host, and addresses begin with: `scgi`.
    const NAME: &'static str;

    /// What it can carry.
    fn capabilities(&self) -> Capabilities;

    /// Serves a connection, to its end.
    fn serve(&self, reader: Reader, writer: Writer, site: &Site)
    -> impl Future<Output = ()> + Send;
}

struct Options {
    lifecycle: Lifecycle,
    shutdown: Option<Shutdown>,
    grace: Duration,
    stop_deadline: Duration,
    paths: PathPolicy,
    import: Import,
    errors: Arc<dyn ErrorSink>,
    announce: Announce,
}

type Announce = Box<dyn FnOnce(&[Address]) + Send>;

impl<P: Protocol> Backend<P> {
    /// A host that listens at `place`: see [`Listen`] for what can be written.
    ///
    /// Nothing is opened yet, so what is wrong with it is told when the host starts.
    pub fn bind(place: impl Into<Listen>) -> Backend<P> {
        Backend {
            protocol: P::default(),
            listens: vec![place.into()],
            options: Options {
                lifecycle: Lifecycle::new(),
                shutdown: None,
                grace: Duration::from_secs(30),
                stop_deadline: Duration::from_secs(10),
                paths: PathPolicy::default(),
                import: Import::new(),
                errors: Arc::new(StandardError),
                announce: Box::new(print),
            },
        }
    }

    /// Listens at `place`, too.
    pub fn and_bind(mut self, place: impl Into<Listen>) -> Backend<P> {
        self.listens.push(place.into());
        self
    }

    /// What of the web server's word is taken, and below which prefix the app stands. By default
    /// the app stands at the root, and `REMOTE_USER` is not looked at: see [`Import`].
    pub fn with_import(mut self, import: Import) -> Backend<P> {
        self.options.import = import;
        self
    }

    /// Stops when `shutdown` ends, and leaves the process's signals alone. Without it SIGINT and
    /// SIGTERM stop the host.
    pub fn with_shutdown(
        mut self,
        shutdown: impl Future<Output = ()> + Send + 'static,
    ) -> Backend<P> {
        self.options.shutdown = Some(Box::pin(shutdown));
        self
    }

    /// Closes what is registered on `lifecycle` after the last request. By default there is
    /// nothing to close.
    pub fn with_lifecycle(mut self, lifecycle: Lifecycle) -> Backend<P> {
        self.options.lifecycle = lifecycle;
        self
    }

    /// How long requests may go on after the host was told to stop: 30 seconds by default.
    pub const fn with_grace(mut self, grace: Duration) -> Backend<P> {
        self.options.grace = grace;
        self
    }

    /// How long the callbacks of the [`Lifecycle`] may take together: 10 seconds by default.
    pub const fn with_stop_deadline(mut self, deadline: Duration) -> Backend<P> {
        self.options.stop_deadline = deadline;
        self
    }

    /// What is done about paths that are not canonical: they are made canonical by default.
    pub const fn with_path_policy(mut self, policy: PathPolicy) -> Backend<P> {
        self.options.paths = policy;
        self
    }

    /// Where errors are reported: the standard error stream, by default.
    pub fn with_error_sink(mut self, errors: impl ErrorSink + 'static) -> Backend<P> {
        self.options.errors = Arc::new(errors);
        self
    }

    /// Called with the addresses when the host listens. By default it prints them to the standard
    /// error stream, as one line.
    pub fn with_announcement(
        mut self,
        announce: impl FnOnce(&[Address]) + Send + 'static,
    ) -> Backend<P> {
        self.options.announce = Box::new(announce);
        self
    }

    /// The lifecycle whose callbacks this host runs.
    #[must_use]
    pub const fn lifecycle(&self) -> &Lifecycle {
        &self.options.lifecycle
    }

    /// Builds a runtime, and serves `app` until the host is told to stop: the body of a `main`.
    ///
    /// # Errors
    ///
    /// As for [`serve`](Backend::serve), and where no runtime can be built.
    ///
    /// # Panics
    ///
    /// Inside of a tokio runtime: `serve` is for that.
    pub fn run(self, app: impl App + 'static) -> Result<(), HostError> {
        self.launch(async |_: &Lifecycle| Ok(app))
    }

    /// Builds a runtime, starts an app in it, and serves the app until the host is told to stop.
    ///
    /// Whatever `start` opens it registers on the [`Lifecycle`], to be closed after the last
    /// request, or at once if the start fails.
    ///
    /// # Errors
    ///
    /// As for [`run`](Backend::run), and where the app does not start.
    ///
    /// # Panics
    ///
    /// Inside of a tokio runtime.
    pub fn launch<A: App + 'static>(
        self,
        start: impl AsyncFnOnce(&Lifecycle) -> AppResult<A>,
    ) -> Result<(), HostError> {
        let runtime = launch::runtime(None)?;
        let closing = self.closing();
        launch::launch(runtime, closing, start, async |app| self.serve(app).await)
    }

    /// Serves `app` until the host is told to stop, in the tokio runtime that it is called in.
    ///
    /// Dropping the future breaks everything off.
    ///
    /// # Errors
    ///
    /// Where a socket cannot be opened, or signals cannot be listened to. The message says what to
    /// do. What was registered on the [`Lifecycle`] is closed then, too.
    pub async fn serve(self, app: impl App + 'static) -> Result<(), HostError> {
        let closing = self.closing();
        let served = self.serve_unclosed(app).await;
        closing.run().await;
        served
    }

    async fn serve_unclosed(self, app: impl App + 'static) -> Result<(), HostError> {
        let Backend {
            protocol,
            listens,
            options,
        } = self;
        let stop = Stop::new(options.shutdown)?;
        let doors = listens
            .into_iter()
            .map(|listen| Door::open(listen, P::NAME))
            .collect::<Result<Vec<_>, _>>()?;
        let capabilities = protocol.capabilities();
        let facts = facts(P::NAME, capabilities, &options.errors, &options.lifecycle);
        let (rests, left) = rests();
        let site = Site::new(app, options.paths, options.import, facts).with_rests(rests);
        let addresses: Vec<_> = doors.iter().map(|door| door.address().clone()).collect();
        (options.announce)(&addresses);
        run::Run {
            protocol: Arc::new(protocol),
            site: Arc::new(site),
            left,
            stop,
            lifecycle: options.lifecycle,
            grace: options.grace,
        }
        .serve(doors)
        .await;
        Ok(())
    }

    fn closing(&self) -> Closing {
        Closing {
            lifecycle: self.options.lifecycle.clone(),
            deadline: self.options.stop_deadline,
            errors: Arc::clone(&self.options.errors),
        }
    }
}

impl<P: Protocol> Host for Backend<P> {
    fn serve(self, app: impl App + 'static) -> impl Future<Output = Result<(), HostError>> + Send {
        Backend::serve(self, app)
    }
}

impl<P> fmt::Debug for Backend<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Backend").field(&self.listens).finish()
    }
}

fn print(addresses: &[Address]) {
    let addresses: Vec<String> = addresses.iter().map(Address::to_string).collect();
    // A host without an error stream serves as well.
    let _ = writeln!(std::io::stderr(), "listening on {}", addresses.join(", "));
}
