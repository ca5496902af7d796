//! CGI (RFC 3875): one process a request. [`Cgi`].
//!
//! ```no_run
//! use enfilade_adapters::Cgi;
//! use enfilade_core::{HostError, Request};
//!
//! fn main() -> Result<(), HostError> {
//!     Cgi::new().run(async |_: Request| "hello")
//! }
//! ```
//!
//! What it can carry:
//!
//! | | | |
//! |---|---|---|
//! | bodies of requests stream | yes | as far as the web server does not collect them first; without a length, to the end of the standard input |
//! | bodies of responses stream | yes | |
//! | trailers | no | |
//! | peer, local address, server name | yes | as the web server tells them |
//! | facts of TLS | yes | as the web server tells them; no certificates of clients |
//! | informational responses | no | |
//! | upgrade | no | |
//! | files are sent by the operating system | no | |
//! | a client that leaves drops the app | yes | on SIGTERM, and when something is written that nobody reads |
//! | an app that asks for it goes on without its client | yes | for [a second](Cgi#stopping) |
//! | the process ends after one request | yes | |
//!
//! A response that breaks off ends before its `Content-Length`. Nothing tells one without a length
//! from one that ended, so tell the length where it is known. Apache does not pass it on, and makes
//! a clean end of what broke off.
//!
//! A response with status 200 and a `Location` cannot be delivered behind Apache, which answers with
//! what is there in its place.
//!
//! Fields with which an app would have its web server send a file or another path are left out of
//! responses: `X-Accel-Redirect`, `X-Sendfile` and what begins with it, `X-Lighttpd-Send-`, `X-CGI-`;
//! and `Status`. Those that say how to send this response, such as `X-Accel-Buffering`, pass.
//!
//! # Security
//!
//! The arguments of the process are not looked at: a web server makes them of a query without `=`,
//! so they are the client's (CVE-2012-1823). A program that reads options must not do so where
//! `GATEWAY_INTERFACE` is set. Nor are variables put into the process's environment, or taken out
//! of it: `HTTP_PROXY` there is the client's `Proxy` field, which HTTP clients that look at the
//! environment must be kept from.

use std::{fmt, sync::Arc, time::Duration};

use enfilade_core::{
    App, Capabilities, ErrorSink, Host, HostError, Lifecycle, PathPolicy, Result as AppResult,
    StandardError,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    time::timeout,
};

use crate::{
    answered::rests,
    closing::Closing,
    exchange::{Ended, Exchange},
    gateway::{BadRequest, Import, Style, Variables},
    launch,
    site::{Site, facts},
    stop::{Shutdown, Stop},
};

mod environment;
mod standard;

/// How long an app goes on without its client, where it asked to.
const FINISH_PATIENCE: Duration = Duration::from_secs(1);

/// Hosts an app for the one request that a web server has started this process for.
///
/// The request is in the environment and the standard input, the response goes to the standard
/// output, and errors to the standard error stream, which web servers put into their log. So
/// nothing else may be printed to the standard output.
///
/// The app stands below `SCRIPT_NAME`, the URL of the program, where the path begins with it.
///
/// # Stopping
///
/// The process ends when the response is written, and what is left of the request has been thrown
/// away, for which it takes 2 seconds at most. SIGTERM, SIGINT or
/// [`with_shutdown`](Cgi::with_shutdown) drop the app at once: a web server that sends SIGTERM has
/// nobody left to answer, and Apache sends SIGKILL three seconds later. An app that asked to go on
/// ([`OnDisconnect::Finish`](enfilade_core::OnDisconnect::Finish)) has a second for it. Last, what was registered on
/// the [`Lifecycle`] is closed.
#[must_use = "a host does nothing until it serves an app"]
pub struct Cgi {
    lifecycle: Lifecycle,
    shutdown: Option<Shutdown>,
    stop_deadline: Duration,
    paths: PathPolicy,
    import: Import,
    errors: Arc<dyn ErrorSink>,
}

impl Cgi {
    /// A host for the request that this process was started for.
    #[allow(
        clippy::new_without_default,
        reason = "a host is described, and not filled in"
    )]
    pub fn new() -> Cgi {
        Cgi {
            lifecycle: Lifecycle::new(),
            shutdown: None,
            stop_deadline: Duration::from_secs(2),
            paths: PathPolicy::default(),
            import: Import::new(),
            errors: Arc::new(StandardError),
        }
    }

    /// What of the web server's word is taken. By default, and unless a mount is declared, the app
    /// stands below `SCRIPT_NAME`; `REMOTE_USER` is not looked at. See [`Import`].
    pub fn with_import(mut self, import: Import) -> Cgi {
        self.import = import;
        self
    }

    /// Drops the app when `shutdown` ends, and leaves the process's signals alone. Without it
    /// SIGTERM and SIGINT do.
    pub fn with_shutdown(mut self, shutdown: impl Future<Output = ()> + Send + 'static) -> Cgi {
        self.shutdown = Some(Box::pin(shutdown));
        self
    }

    /// Closes what is registered on `lifecycle` after the request. By default there is nothing to
    /// close.
    pub fn with_lifecycle(mut self, lifecycle: Lifecycle) -> Cgi {
        self.lifecycle = lifecycle;
        self
    }

    /// How long the callbacks of the [`Lifecycle`] may take together: 2 seconds by default, since
    /// Apache kills a program 3 seconds after it has told it to stop.
    pub const fn with_stop_deadline(mut self, deadline: Duration) -> Cgi {
        self.stop_deadline = deadline;
        self
    }

    /// What is done about paths that are not canonical: they are made canonical by default.
    pub const fn with_path_policy(mut self, policy: PathPolicy) -> Cgi {
        self.paths = policy;
        self
    }

    /// Where errors are reported: the standard error stream, by default.
    pub fn with_error_sink(mut self, errors: impl ErrorSink + 'static) -> Cgi {
        self.errors = Arc::new(errors);
        self
    }

    /// The lifecycle whose callbacks this host runs.
    #[must_use]
    pub const fn lifecycle(&self) -> &Lifecycle {
        &self.lifecycle
    }

    /// Builds a runtime, and answers the request with `app`: the body of a `main`. The runtime has
    /// one thread beside the main one.
    ///
    /// # Errors
    ///
    /// As for [`serve`](Cgi::serve), and where no runtime can be built.
    ///
    /// # Panics
    ///
    /// Inside of a tokio runtime: `serve` is for that.
    pub fn run(self, app: impl App + 'static) -> Result<(), HostError> {
        self.launch(async |_: &Lifecycle| Ok(app))
    }

    /// Builds a runtime, starts an app in it, and answers the request with it.
    ///
    /// Whatever `start` opens it registers on the [`Lifecycle`], to be closed after the request, or
    /// at once if the start fails.
    ///
    /// # Errors
    ///
    /// As for [`run`](Cgi::run), and where the app does not start.
    ///
    /// # Panics
    ///
    /// Inside of a tokio runtime.
    pub fn launch<A: App + 'static>(
        self,
        start: impl AsyncFnOnce(&Lifecycle) -> AppResult<A>,
    ) -> Result<(), HostError> {
        let runtime = launch::runtime(Some(1))?;
        let closing = self.closing();
        launch::launch(runtime, closing, start, async |app| self.serve(app).await)
    }

    /// Answers the request with `app`, in the tokio runtime that it is called in.
    ///
    /// # Errors
    ///
    /// Where the process was not started by a web server, or under a name that begins with `nph-`;
    /// where the standard streams cannot be used; where the response broke off. Once a web server
    /// is there, a malformed request is answered and is no error.
    pub async fn serve(self, app: impl App + 'static) -> Result<(), HostError> {
        let closing = self.closing();
        let served = self.serve_unclosed(app).await;
        closing.run().await;
        served
    }

    async fn serve_unclosed(self, app: impl App + 'static) -> Result<(), HostError> {
        let mut stop = Stop::new(self.shutdown)?;
        let variables = environment::check(environment::variables(std::env::vars_os()))?;
        let (mut reader, mut writer) = standard::streams()?;
        let facts = facts("cgi", capabilities(), &self.errors, &self.lifecycle);
        let (rests, mut left) = rests();
        let site =
            Site::new(app, self.paths, self.import.or_script_name(), facts).with_rests(rests);
        let ended = tokio::select! {
            ended = answer(&site, variables, &mut reader, &mut writer) => ended,
            () = stop.told() => Ended::Gone,
        };
        self.lifecycle.begin_stop();
        if let Ok(rest) = left.try_recv() {
            // What it has not done by then is dropped with it.
            let _ = timeout(FINISH_PATIENCE, rest.finish()).await;
        }
        match ended {
            // That the client has left is nobody's error.
            Ended::Whole | Ended::Gone => Ok(()),
            Ended::Cut => Err(HostError::new("the response was cut short")),
        }
    }

    fn closing(&self) -> Closing {
        Closing {
            lifecycle: self.lifecycle.clone(),
            deadline: self.stop_deadline,
            errors: Arc::clone(&self.errors),
        }
    }
}

impl Host for Cgi {
    fn serve(self, app: impl App + 'static) -> impl Future<Output = Result<(), HostError>> + Send {
        Cgi::serve(self, app)
    }
}

impl fmt::Debug for Cgi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Cgi")
    }
}

async fn answer<R, W>(
    site: &Site,
    variables: Result<Variables, BadRequest>,
    reader: &mut R,
    writer: &mut W,
) -> Ended
where
    R: AsyncRead + Unpin + Send,
    W: AsyncWrite + Unpin + Send,
{
    let exchange = Exchange {
        site,
        style: Style::Status,
        is_connection: false,
    };
    match variables {
        Ok(variables) => exchange.run(variables, site.import(), reader, writer).await,
        Err(refused) => {
            exchange
                .refuse(refused, false, Some(0), reader, writer)
                .await
        }
    }
}

fn capabilities() -> Capabilities {
    let mut capabilities = Capabilities::default();
    capabilities.streaming_request = true;
    capabilities.streaming_response = true;
    capabilities.disconnect = true;
    capabilities.finish = true;
    capabilities.run_once = true;
    capabilities
}

#[cfg(test)]
mod tests;
