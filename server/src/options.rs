//! How a server serves, wherever it listens: [`Options`].

use std::{
    io::{self, Write},
    pin::Pin,
    sync::Arc,
    time::Duration,
};

use enfilade_core::{
    Capabilities, Cause, Connection, ErrorSink, Lifecycle, PathPolicy, StandardError,
};
use http::HeaderValue;

use crate::{Address, Limits, Threads};

pub(crate) struct Options {
    pub(crate) lifecycle: Lifecycle,
    pub(crate) shutdown: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
    /// Whether SIGUSR2 restarts the program: by default, where SIGTERM stops it.
    pub(crate) restarts: Option<bool>,
    pub(crate) grace: Duration,
    pub(crate) stop_deadline: Duration,
    pub(crate) half_close: Duration,
    pub(crate) limits: Limits,
    pub(crate) threads: Threads,
    pub(crate) paths: PathPolicy,
    pub(crate) server_name: Option<Arc<str>>,
    pub(crate) server_header: Option<HeaderValue>,
    pub(crate) date: bool,
    pub(crate) early_hints: bool,
    pub(crate) errors: Arc<dyn ErrorSink>,
    pub(crate) announce: Announce,
}

pub(crate) type Announce = Box<dyn FnOnce(&[Address]) + Send>;

impl Default for Options {
    fn default() -> Options {
        Options {
            lifecycle: Lifecycle::new(),
            shutdown: None,
            restarts: None,
            grace: Duration::from_secs(30),
            stop_deadline: Duration::from_secs(10),
            half_close: Duration::from_secs(5),
            limits: Limits::default(),
            threads: Threads::shared(),
            paths: PathPolicy::default(),
            server_name: None,
            server_header: None,
            date: true,
            early_hints: true,
            errors: Arc::new(StandardError),
            announce: Box::new(print),
        }
    }
}

impl Options {
    /// What is the same for all connections.
    pub(crate) fn facts(&self) -> Connection {
        let mut capabilities = Capabilities::default();
        capabilities.streaming_request = true;
        capabilities.streaming_response = true;
        capabilities.trailers = true;
        capabilities.informational = self.early_hints;
        capabilities.upgrade = true;
        capabilities.disconnect = true;
        capabilities.finish = true;

        let mut facts = Connection::default();
        facts.host = "http";
        facts.capabilities = capabilities;
        facts.errors = Arc::clone(&self.errors);
        facts.stopping = self.lifecycle.stopping();
        if let Some(name) = &self.server_name {
            facts.server_name = Arc::clone(name);
        }
        facts
    }

    pub(crate) fn closing(&self) -> Closing {
        Closing {
            lifecycle: self.lifecycle.clone(),
            deadline: self.stop_deadline,
            errors: Arc::clone(&self.errors),
        }
    }
}

/// What is left to do when nothing runs any more.
pub(crate) struct Closing {
    lifecycle: Lifecycle,
    deadline: Duration,
    errors: Arc<dyn ErrorSink>,
}

impl Closing {
    /// Runs the callbacks of the lifecycle, and reports what went wrong.
    pub(crate) async fn run(self) {
        for error in self.lifecycle.stop(tokio::time::sleep(self.deadline)).await {
            self.errors.report(&Cause::new(Box::new(error)).chain());
        }
    }
}

fn print(addresses: &[Address]) {
    let addresses: Vec<String> = addresses.iter().map(Address::to_string).collect();
    // A server without an error stream serves as well.
    let _ = writeln!(io::stderr(), "listening on {}", addresses.join(", "));
}

#[cfg(test)]
mod tests {
    use enfilade_core::testing::promised;

    use super::*;

    #[test]
    fn the_table_of_the_docs_is_what_the_environ_says() {
        let docs = include_str!("lib.rs");
        let mut said = Options::default().facts().capabilities;
        assert_eq!(promised(docs, 1), said);
        // As connections say of themselves, and the conformance kit sees.
        said.upgrade = false;
        assert_eq!([promised(docs, 2), promised(docs, 3)], [said; 2]);
    }
}
