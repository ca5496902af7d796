//! The shortest way to serve an app: [`run`] and [`launch`].

use enfilade_core::{App, HostError, Lifecycle, Result};

#[cfg(unix)]
mod activated;
mod alone;
mod hosts;
mod kind;
#[cfg_attr(
    not(feature = "_listen"),
    allow(dead_code, unused_macros, unused_variables, reason = "no host listens")
)]
mod place;
#[cfg_attr(
    not(feature = "_listen"),
    allow(dead_code, unused_macros, unused_variables, reason = "no host listens")
)]
mod ready;
mod signals;
mod start;
mod surroundings;
mod threads;

use kind::Kind;
use place::Place;
use ready::Ready;
use signals::Signals;
use start::Start;
use surroundings::Surroundings;
use threads::Threads;

use crate::lint;

/// Serves `app` until the process is told to stop: the body of a `main`.
///
/// How is chosen by how the process was started, the first that applies:
///
/// | started with | serves | feature |
/// |---|---|---|
/// | `GATEWAY_INTERFACE=CGI/1.1` | one request by CGI | `cgi` |
/// | a socket that listens as its standard input | FastCGI on it | `fastcgi` |
/// | `LISTEN_FDS`, sockets of systemd | on each what it is named after: `http`, `fastcgi`, `scgi`, `uwsgi`, with or without a suffix such as `-admin`; HTTP otherwise | as named |
/// | `AWS_LAMBDA_RUNTIME_API` | the invocations of a Lambda function; with `ENFILADE_LAMBDA=streaming` the answers are streams | `lambda` |
/// | `ENFILADE_LISTEN` | what it says | as it says |
/// | nothing of these | HTTP on `127.0.0.1:8000` | `server` |
///
/// `ENFILADE_LISTEN` is one place or several, separated by commas, such as
/// `http:[::]:80,fastcgi:unix:/run/site.sock`: `http:`, `fastcgi:`, `scgi:` or `uwsgi:`, and an
/// address or a Unix socket. All serve the one app, and stop as one: on SIGINT or SIGTERM each
/// takes no more, requests that run have 30 seconds to end, and a second signal breaks them off.
/// Where all of them speak HTTP, SIGUSR2 has a new process of the program take over without losing
/// a request: see `Server`.
///
/// The arguments of the process are not looked at.
///
/// ```no_run
/// use enfilade::{Request, core::HostError};
///
/// fn main() -> Result<(), HostError> {
///     enfilade::run(async |_: Request| "hello")
/// }
/// ```
///
/// In debug builds a [`Lint`](enfilade_core::lint::Lint) watches the app, and reports breaches of
/// the rule book to the standard error stream; `ENFILADE_LINT` switches it on, `1`, or off, `0`, in
/// any build.
///
/// Work that is spawned or blocking is at home in the runtime that this builds: it is tokio's,
/// with a thread for each processor that the process may use. `ENFILADE_THREADS` says how many
/// threads serve, such as `4`; or `per-core`, or `per-core:4`: then each has connections and
/// sockets of its own, which saves three instructions in a hundred, and a call that blocks holds up
/// all that its thread serves. That is for HTTP alone: see `Threads`. In a runtime of your own, await
/// what a host calls `serve`, such as `Server::serve`.
///
/// # Errors
///
/// Where the app cannot be served as it was asked for; the message says what to do about it.
///
/// # Panics
///
/// Inside of a tokio runtime.
pub fn run(app: impl App + 'static) -> Result<(), HostError> {
    launch(async |_: &Lifecycle| Ok(app))
}

/// Starts an app and serves it, as [`run`] does. What `start` opens it registers on the
/// [`Lifecycle`], to be closed after the last request, or at once if the start fails.
///
/// ```no_run
/// use enfilade::{Request, core::{HostError, Lifecycle}};
///
/// fn main() -> Result<(), HostError> {
///     enfilade::launch(async |life: &Lifecycle| {
///         let greeting = std::fs::read_to_string("greeting.txt")?;
///         life.on_stop(async || eprintln!("goodbye"));
///         Ok(move |_: Request| std::future::ready(greeting.clone()))
///     })
/// }
/// ```
///
/// # Errors
///
/// As for [`run`], and where the app does not start.
///
/// # Panics
///
/// Inside of a tokio runtime.
pub fn launch<A: App + 'static>(
    start: impl AsyncFnOnce(&Lifecycle) -> Result<A>,
) -> Result<(), HostError> {
    if lint::is_wanted()? {
        return serve(async |life: &Lifecycle| start(life).await.map(lint::watched));
    }
    serve(start)
}

fn serve<A: App + 'static>(
    start: impl AsyncFnOnce(&Lifecycle) -> Result<A>,
) -> Result<(), HostError> {
    let surroundings = Surroundings::here();
    let start_as = Start::of(&surroundings)?;
    let threads = || Threads::of(&surroundings);
    match start_as {
        Start::Cgi => alone::cgi(start),
        Start::Lambda { is_streaming } => alone::lambda(is_streaming, start),
        Start::Inherited => {
            let threads = threads()?;
            threads.check(false)?;
            hosts::launch(vec![ready::inherited()?], threads, start)
        }
        Start::Activated(kinds) => listen(sockets(kinds)?, threads()?, start),
        Start::Listening(places) => {
            let places = places.into_iter();
            let places = places.map(|(kind, written)| (kind, Place::Written(written)));
            listen(places.collect(), threads()?, start)
        }
    }
}

fn listen<A: App + 'static>(
    places: Vec<(Kind, Place)>,
    threads: Threads,
    start: impl AsyncFnOnce(&Lifecycle) -> Result<A>,
) -> Result<(), HostError> {
    hosts::launch(at(places, threads)?, threads, start)
}

fn at<A: App + 'static>(
    places: Vec<(Kind, Place)>,
    threads: Threads,
) -> Result<Vec<Ready<A>>, HostError> {
    let http_alone = places.iter().all(|(kind, _)| *kind == Kind::Http);
    threads.check(http_alone)?;
    if http_alone {
        let places = places.into_iter().map(|(_, place)| place);
        return Ok(vec![ready::http(places.collect(), threads)?]);
    }
    let places = places.into_iter();
    places
        .map(|(kind, place)| ready::listening(kind, place))
        .collect()
}

#[cfg(unix)]
fn sockets(kinds: Vec<Kind>) -> Result<Vec<(Kind, Place)>, HostError> {
    activated::sockets(kinds)
}

#[cfg(not(unix))]
fn sockets(_: Vec<Kind>) -> Result<Vec<(Kind, Place)>, HostError> {
    Err(HostError::new(
        "LISTEN_FDS is set, and this system has no systemd: unset it",
    ))
}
