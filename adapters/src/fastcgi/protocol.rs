//! The protocol, as a [`Backend`] speaks it: [`FastCgiProtocol`].

use std::{
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use enfilade_core::{Capabilities, Error, PathPolicy, Request};
use tokio::{task::yield_now, time::sleep};

use super::{
    rules::{Role, Rules},
    serving::{Gone, Serving},
};
use crate::{
    answered::{Answered, Rests},
    backend::{Protocol, Reader, Writer},
    site::Site,
};

/// FastCGI 1.0, for [`FastCgi`](super::FastCgi).
pub struct FastCgiProtocol {
    pub(super) rules: Rules,
    /// How long one request may hold up the others on its connection.
    pub(super) stall: Duration,
    pub(super) authorizer: Option<Authorizer>,
    /// Who may connect over TCP, where not everybody may.
    pub(super) web_servers: Option<Vec<IpAddr>>,
    running: Arc<AtomicUsize>,
}

/// An app that plays the Authorizer.
pub(super) type Authorizer =
    Box<dyn Fn(Request, PathPolicy, Option<Rests>) -> Answered + Send + Sync>;

/// A request that counts against the bound on them, until it is dropped.
pub(super) struct Permit(Arc<AtomicUsize>);

/// How long a request that was begun before the host stops may take to send its parameters, and a
/// connection to send its first: what was sent before is here by then.
const LAST_PATIENCE: Duration = Duration::from_secs(1);

impl Default for FastCgiProtocol {
    fn default() -> FastCgiProtocol {
        FastCgiProtocol {
            rules: Rules::default(),
            stall: Duration::from_secs(5),
            authorizer: None,
            web_servers: None,
            running: Arc::default(),
        }
    }
}

impl FastCgiProtocol {
    /// The answer of the app that plays `role`.
    ///
    /// # Errors
    ///
    /// Where there is no such app.
    pub(super) fn answer(
        &self,
        site: &Site,
        role: Role,
        request: Request,
    ) -> Result<Answered, Error> {
        match (role, &self.authorizer) {
            (Role::Responder, _) => Ok(site.answer(request)),
            (Role::Authorizer, Some(app)) => Ok(app(request, site.paths(), site.rests())),
            // The rules let no such request come. It could not pass if it did.
            (Role::Authorizer, None) => Err(Error::status(500)),
        }
    }

    /// Counts one more request, where there is room for it.
    pub(super) fn permit(&self) -> Option<Permit> {
        // Made first, so that it is given back either way.
        let permit = Permit(Arc::clone(&self.running));
        let before = self.running.fetch_add(1, Relaxed);
        (before < self.rules.requests).then_some(permit)
    }

    /// Who has connected and may not.
    fn stranger(&self, reader: &Reader) -> Option<IpAddr> {
        let (Some(web_servers), Reader::Tcp(half)) = (&self.web_servers, reader) else {
            return None;
        };
        // Whoever has left by now does not matter, and is nobody.
        let unknown = IpAddr::from([0, 0, 0, 0]);
        let peer = half
            .peer_addr()
            .map_or(unknown, |peer| peer.ip().to_canonical());
        (!web_servers.contains(&peer)).then_some(peer)
    }
}

impl Protocol for FastCgiProtocol {
    const NAME: &'static str = "fastcgi";

    fn capabilities(&self) -> Capabilities {
        let mut capabilities = Capabilities::default();
        capabilities.streaming_request = true;
        capabilities.streaming_response = true;
        capabilities.disconnect = true;
        capabilities.finish = true;
        capabilities
    }

    async fn serve(&self, reader: Reader, writer: Writer, site: &Site) {
        if let Some(peer) = self.stranger(&reader) {
            let line = format!("a connection from {peer} was closed: it is no web server of ours");
            return site.errors().report(&line);
        }
        let mut serving = Serving::new(reader, writer, self, site);
        match run(&mut serving, site).await {
            Ok(()) => serving.close().await,
            // What ran for it is dropped with it.
            Err(Gone::Closed) => {}
            Err(Gone::Broken(count)) => site.errors().report(&format!(
                "{count} requests were broken off with another one on their connection"
            )),
            Err(Gone::Breach(breach)) => {
                let line = format!("a connection that speaks no FastCGI was closed: {breach}");
                site.errors().report(&line);
            }
        }
    }
}

/// Serves a connection to its end, or for a while longer when the host stops.
async fn run(serving: &mut Serving<'_>, site: &Site) -> Result<(), Gone> {
    tokio::select! {
        biased;
        served = serving.run() => return served,
        () = site.facts().stopping.clone() => {}
    }
    // What has arrived is read only when the runtime has looked for it.
    yield_now().await;
    serving.stop();
    tokio::select! {
        biased;
        served = serving.run() => return served,
        () = sleep(LAST_PATIENCE) => {}
    }
    serving.stop_at_once();
    serving.run().await
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_in_the_documentation_says_what_the_environ_does() {
        let promised = enfilade_core::testing::promised(include_str!("../fastcgi.rs"), 1);
        assert_eq!(promised, FastCgiProtocol::default().capabilities());
    }
}
