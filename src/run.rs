//! The shortest way to serve an app: [`run`] and [`launch`].

use std::env::VarError;

use enfilade_core::{App, HostError, Lifecycle, Result};
use enfilade_server::Server;

use crate::lint;

/// Serves `app` until the process is told to stop: the body of a `main`.
///
/// Over HTTP on `127.0.0.1:8000`, or on what the environment variable `ENFILADE_LISTEN` says: one
/// place or several, separated by commas, such as `http:[::]:80,http:unix:/run/site.sock`. See
/// [`Listen`](enfilade_server::Listen) for how a place is written.
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
    server()?.launch(start)
}

const LISTEN: &str = "ENFILADE_LISTEN";

fn server() -> Result<Server, HostError> {
    match std::env::var(LISTEN) {
        Ok(places) => listening_at(&places),
        Err(VarError::NotPresent) => Ok(Server::bind("127.0.0.1:8000")),
        Err(error) => Err(HostError::new(format!("{LISTEN} is not text")).because(error)),
    }
}

fn listening_at(places: &str) -> Result<Server, HostError> {
    let mut server: Option<Server> = None;
    for place in places.split(',').map(str::trim) {
        let place = place.strip_prefix("http:").filter(|place| !place.is_empty()).ok_or_else(|| {
            HostError::new(format!(
                "{LISTEN} has {place:?}; write `http:` and an address or a Unix socket, such as \
                 `http:127.0.0.1:8000` or `http:unix:/run/site.sock`, several separated by commas"
            ))
        })?;
        server = Some(match server {
            Some(server) => server.and_bind(place),
            None => Server::bind(place),
        });
    }
    Ok(server.expect("splitting gives one piece at least"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_place_to_listen_says_what_to_write() {
        for places in [
            "",
            "8000",
            "https:127.0.0.1:8000",
            "http:",
            "http:[::]:80,,http:[::]:81",
        ] {
            let error = listening_at(places).expect_err(places).to_string();
            assert!(error.contains("such as `http:127.0.0.1:8000`"), "{error}");
        }
        assert!(listening_at("http:127.0.0.1:8000, http:unix:/run/site.sock").is_ok());
    }
}
