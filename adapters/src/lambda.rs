//! AWS Lambda: [`Lambda`] hosts an app behind API Gateway, function URLs and load balancers.
//!
//! ```no_run
//! use enfilade_adapters::lambda::Lambda;
//! use enfilade_core::{HostError, Request};
//!
//! fn main() -> Result<(), HostError> {
//!     Lambda::from_env()?.run(async |_: Request| "hello")
//! }
//! ```
//!
//! It speaks Lambda's [runtime interface] of 2018-06-01, so the program is the `bootstrap` of a
//! function on `provided.al2023`. What it can carry:
//!
//! | | | |
//! |---|---|---|
//! | bodies of requests stream | no | |
//! | bodies of responses stream | no | yes with [`with_streaming`](Lambda::with_streaming), behind a function URL or a REST API |
//! | trailers | no | |
//! | peer, server name | yes | as the table below has it |
//! | facts of TLS | no | but for the scheme |
//! | informational responses | no | |
//! | upgrade | no | |
//! | files are sent by the operating system | no | |
//! | a client that leaves drops the app | no | Lambda does not tell |
//! | an app that asks for it goes on without its client | yes | every app does |
//! | the process ends after one request | no | |
//!
//! A request has at most 6 MB as an event, of which base64 leaves 4.5 MB, and 1 MB behind a load
//! balancer. A response that is no stream has at most 6 MiB as JSON, and 1 MiB behind a load balancer;
//! what is larger, or fails before its end, is a 500. A stream that fails is broken off.
//!
//! # What the senders tell
//!
//! | | REST API | HTTP API | function URL | load balancer |
//! |---|---|---|---|---|
//! | path | as sent | decoded, so `%2F` is `/` | as sent | as sent |
//! | query | made anew of its parameters, decoded | as sent | as sent | made anew of its parameters, as sent |
//! | repeated fields | apart | joined by commas | joined by commas | apart, where the target group has multi-value headers |
//! | script name | stage, or base path | stage | none | none |
//! | peer | yes, without a port | yes, without a port | yes, without a port | no |
//! | several `Set-Cookie` | yes | yes | yes | yes |
//! | stream | yes | no | yes | no |
//!
//! An HTTP API with payloads of format 1.0 counts as a REST API, but for its path and streams. On a
//! custom domain with a base path an HTTP API does not tell it: [`Lambda::with_base_path`] does.
//! A load balancer tells the peer in `X-Forwarded-For` alone, and may be set up to pass on what
//! clients write there, so it is left to middleware that knows.
//!
//! Bytes that are no UTF-8 are answered in base64: a REST API passes them on as bytes if `*/*` is
//! among its binary media types.
//!
//! The scheme is `https`, but behind a load balancer, which tells it. [`Invocation::of`] is all
//! that Lambda knows about a request.
//!
//! # Starting and stopping
//!
//! Lambda freezes the process between invocations, so work that is spawned runs on only while
//! others are answered. It stops a function that is no longer needed by SIGTERM, if an extension is
//! registered, and gives it about 300 milliseconds; so the host registers one, `enfilade`, and runs
//! the callbacks of the [`Lifecycle`] then. After a crash or a timeout there is no time for them.
//!
//! SnapStart is not supported: nothing tells an app that it was restored from a snapshot.
//!
//! With `AWS_LAMBDA_MAX_CONCURRENCY`, on managed instances, as many invocations are answered at
//! once.
//!
//! [runtime interface]: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html

use std::{env, fmt, sync::Arc, time::Duration};

use enfilade_core::{
    App, Connection, Error, ErrorSink, Gateway, Host, HostError, Lifecycle, PathPolicy,
    Result as AppResult, StandardError,
};

use crate::{
    closing::Closing,
    launch,
    stop::{Shutdown, Stop},
};

mod answer;
mod api;
mod escape;
mod event;
mod extension;
mod invocation;
mod link;
mod next;
mod pairs;
mod reply;
mod request;
mod serving;
mod streamed;
mod target;
mod working;

pub use aws_lambda_events;
pub use invocation::{EventContext, Invocation};

use api::Api;
use extension::Extension;
use serving::Serving;
use working::Working;

/// Hosts an app on AWS Lambda. See the [module](self) for what it carries.
#[must_use = "a host does nothing until it serves an app"]
pub struct Lambda {
    address: String,
    workers: usize,
    is_streaming: bool,
    base: Option<String>,
    paths: PathPolicy,
    lifecycle: Lifecycle,
    stop_deadline: Duration,
    shutdown: Option<Shutdown>,
    errors: Arc<dyn ErrorSink>,
}

impl Lambda {
    /// A host for the function that this process is, as Lambda describes it in the environment.
    ///
    /// # Errors
    ///
    /// Where `AWS_LAMBDA_RUNTIME_API` is missing: then nothing but Lambda's own programs, or a
    /// stand-in for them, can start the process. Where `AWS_LAMBDA_MAX_CONCURRENCY` is no number.
    pub fn from_env() -> Result<Lambda, HostError> {
        let address = env::var("AWS_LAMBDA_RUNTIME_API").map_err(|error| {
            HostError::new(
                "AWS_LAMBDA_RUNTIME_API does not say where Lambda's runtime interface is; Lambda \
                 sets it, and so do its emulators",
            )
            .because(error)
        })?;
        let lambda = Lambda::at(address);
        match env::var("AWS_LAMBDA_MAX_CONCURRENCY") {
            Ok(count) => count
                .parse()
                .map(|count| lambda.with_concurrency(count))
                .map_err(|error| {
                    let message = format!("AWS_LAMBDA_MAX_CONCURRENCY is {count:?}, no number");
                    HostError::new(message).because(error)
                }),
            Err(_) => Ok(lambda),
        }
    }

    /// A host for the runtime interface at `address`, a host and a port.
    pub fn at(address: impl Into<String>) -> Lambda {
        Lambda {
            address: address.into(),
            workers: 1,
            is_streaming: false,
            base: None,
            paths: PathPolicy::default(),
            lifecycle: Lifecycle::new(),
            stop_deadline: Duration::from_secs(10),
            shutdown: None,
            errors: Arc::new(StandardError),
        }
    }

    /// Answers with streams, where the sender can take them. By default each answer is sent whole.
    ///
    /// It must be so exactly if the sender is set up so: a function URL whose invoke mode is
    /// `RESPONSE_STREAM`, a REST API whose response transfer mode is `STREAM`. The event does not
    /// tell.
    pub const fn with_streaming(mut self) -> Lambda {
        self.is_streaming = true;
        self
    }

    /// The prefix under which clients see the function, such as `/shop`, where the event does not
    /// tell: that of a custom domain's mapping of an HTTP API, or of a rule of a load balancer. By
    /// default it is what the event tells.
    ///
    /// # Panics
    ///
    /// If it does not begin with `/`, or ends with it.
    pub fn with_base_path(mut self, prefix: impl Into<String>) -> Lambda {
        let prefix = prefix.into();
        assert!(
            prefix.starts_with('/') && !prefix.ends_with('/'),
            "a base path begins with `/` and does not end with it, unlike {prefix:?}"
        );
        self.base = Some(prefix);
        self
    }

    /// How many invocations are answered at once, at least 1, which is the default: Lambda sends
    /// more than one at once to managed instances alone.
    pub fn with_concurrency(mut self, invocations: usize) -> Lambda {
        self.workers = invocations.max(1);
        self
    }

    /// What is done about paths that are not canonical: they are made canonical by default.
    pub const fn with_path_policy(mut self, policy: PathPolicy) -> Lambda {
        self.paths = policy;
        self
    }

    /// Stops when `shutdown` ends, and leaves the process's signals alone. Without it SIGINT and
    /// SIGTERM stop the host. Invocations that run are answered, and Lambda itself bounds their
    /// time; a second signal breaks them off.
    pub fn with_shutdown(mut self, shutdown: impl Future<Output = ()> + Send + 'static) -> Lambda {
        self.shutdown = Some(Box::pin(shutdown));
        self
    }

    /// Closes what is registered on `lifecycle` after the last invocation. By default there is
    /// nothing to close.
    pub fn with_lifecycle(mut self, lifecycle: Lifecycle) -> Lambda {
        self.lifecycle = lifecycle;
        self
    }

    /// How long the callbacks of the [`Lifecycle`] may take together: 10 seconds by default, of
    /// which Lambda allows much less.
    pub const fn with_stop_deadline(mut self, deadline: Duration) -> Lambda {
        self.stop_deadline = deadline;
        self
    }

    /// Where errors are reported: the standard error stream by default, which Lambda keeps.
    pub fn with_error_sink(mut self, errors: impl ErrorSink + 'static) -> Lambda {
        self.errors = Arc::new(errors);
        self
    }

    /// The lifecycle whose callbacks this host runs.
    #[must_use]
    pub const fn lifecycle(&self) -> &Lifecycle {
        &self.lifecycle
    }

    /// Answers invocations until it is told to stop, in the tokio runtime that it is called in.
    ///
    /// # Errors
    ///
    /// Where the runtime interface cannot be reached, or breaks its word; then the process should
    /// end, and Lambda starts another. What was registered on the [`Lifecycle`] is closed then, too.
    pub async fn serve(self, app: impl App + 'static) -> Result<(), HostError> {
        let closing = self.closing();
        let served = self.serve_unclosed(app).await;
        closing.run().await;
        served
    }

    /// Builds a runtime, and serves `app` until the host is told to stop: the body of a `main`.
    ///
    /// # Errors
    ///
    /// As for [`serve`](Lambda::serve), and where no runtime can be built.
    ///
    /// # Panics
    ///
    /// Inside of a tokio runtime: `serve` is for that.
    pub fn run(self, app: impl App + 'static) -> Result<(), HostError> {
        self.launch(async |_: &Lifecycle| Ok(app))
    }

    /// Builds a runtime, starts an app in it, and serves it. What `start` opens it registers on the
    /// [`Lifecycle`], to be closed at the end, or at once if the start fails.
    ///
    /// # Errors
    ///
    /// As for [`run`](Lambda::run), and where the app does not start, which Lambda is told, too.
    ///
    /// # Panics
    ///
    /// Inside of a tokio runtime.
    pub fn launch<A: App + 'static>(
        self,
        start: impl AsyncFnOnce(&Lifecycle) -> AppResult<A>,
    ) -> Result<(), HostError> {
        let runtime = launch::runtime(None)?;
        let (closing, mut api) = (self.closing(), self.api());
        let errors = Arc::clone(&self.errors);
        let started = async |life: &Lifecycle| {
            let started = start(life).await;
            if let Err(error) = &started
                && let Err(error) = api.fail_start(&told(error)).await
            {
                errors.report(&format!("Lambda cannot be told: {error:?}"));
            }
            started
        };
        launch::launch(runtime, closing, started, async |app| self.serve(app).await)
    }

    async fn serve_unclosed(mut self, app: impl App + 'static) -> Result<(), HostError> {
        let mut stop = Stop::new(self.shutdown.take())?;
        let extension = self.extend().await;
        let mut working = Working::new(self.serving(app), extension);
        for _ in 0..self.workers {
            working.add(self.api());
        }
        tokio::select! {
            served = working.end() => served,
            () = stop.told() => {
                self.lifecycle.begin_stop();
                tokio::select! {
                    served = working.end() => served,
                    () = stop.told() => Ok(()),
                }
            }
        }
    }

    fn extend(&self) -> impl Future<Output = Option<Extension>> + Send + use<> {
        let errors = Arc::clone(&self.errors);
        let registered = Extension::register(self.api(), Arc::clone(&errors));
        async move {
            let registered = registered.await;
            // A function without it serves as well.
            registered
                .inspect_err(|error| {
                    errors.report(&format!(
                        "no stop callbacks will run: the extension cannot be registered: {error:?}"
                    ));
                })
                .ok()
        }
    }

    fn serving<A: App>(&self, app: A) -> Serving<A> {
        Serving {
            gateway: Gateway::new(app).with_path_policy(self.paths),
            facts: self.facts(),
            base: self.base.clone(),
            is_streaming: self.is_streaming,
        }
    }

    fn api(&self) -> Api {
        Api::at(&self.address, Arc::clone(&self.errors))
    }

    fn closing(&self) -> Closing {
        Closing {
            lifecycle: self.lifecycle.clone(),
            deadline: self.stop_deadline,
            errors: Arc::clone(&self.errors),
        }
    }

    /// What is the same for all invocations. Whether a response streams is not.
    fn facts(&self) -> Connection {
        let mut facts = Connection::default();
        facts.host = "lambda";
        facts.capabilities.finish = true;
        facts.errors = Arc::clone(&self.errors);
        facts.stopping = self.lifecycle.stopping();
        facts
    }
}

impl Host for Lambda {
    fn serve(self, app: impl App + 'static) -> impl Future<Output = Result<(), HostError>> + Send {
        Lambda::serve(self, app)
    }
}

impl fmt::Debug for Lambda {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Lambda").field(&self.address).finish()
    }
}

/// An error as Lambda's operator may see it: with its causes.
fn told(error: &Error) -> String {
    match error.cause() {
        Some(cause) => format!("{error}: {}", cause.chain()),
        None => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_the_docs_is_what_the_environ_says() {
        let facts = Lambda::at("127.0.0.1:9001").facts();
        assert_eq!(
            enfilade_core::testing::promised(include_str!("lambda.rs"), 1),
            facts.capabilities
        );
    }
}
