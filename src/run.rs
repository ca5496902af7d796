//! The shortest way to serve an app: [`run`] and [`launch`].

use enfilade_core::{App, HostError, Lifecycle, Result};
use enfilade_server::Server;

/// Serves `app` until the process is told to stop: the body of a `main`.
///
/// Over HTTP on `127.0.0.1:8000`, or on what the environment variable `ENFILADE_BIND` says: one
/// place or several, separated by commas, such as `[::]:80,unix:/run/site.sock`.
///
/// ```no_run
/// use enfilade::{Request, core::HostError};
///
/// fn main() -> Result<(), HostError> {
///     enfilade::run(async |_: Request| "hello")
/// }
/// ```
///
/// Work that is spawned or blocking is at home in the runtime that this builds: it is tokio's,
/// with a thread for each core. In a runtime of your own, await
/// [`Server::serve`](enfilade_server::Server::serve).
///
/// # Errors
///
/// Where the server cannot start; the message says what to do about it.
///
/// # Panics
///
/// Inside of a tokio runtime.
pub fn run(app: impl App + 'static) -> Result<(), HostError> {
    server().run(app)
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
    server().launch(start)
}

fn server() -> Server {
    let places = std::env::var("ENFILADE_BIND").unwrap_or_default();
    let mut places = places
        .split(',')
        .map(str::trim)
        .filter(|place| !place.is_empty());
    let first = Server::bind(places.next().unwrap_or("127.0.0.1:8000"));
    places.fold(first, Server::and_bind)
}
