//! AWS Lambda: its runtime interface, and who invokes a function over it: [`Lambda`].

use std::{fmt, io, net::SocketAddr};

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use tokio::sync::{mpsc, oneshot};

use super::{
    Exchanging, Target,
    progress::{Event, Progress, Sending},
};
use crate::{Answer, Ask, End, Feature, Framing};

mod event;
mod reply;
mod runtime;

use event::Sender;
use runtime::{Runtime, Told};

/// A stand-in for Lambda, and for what invokes a function: a REST API, an HTTP API, a function URL
/// or a load balancer. Needs a tokio runtime.
///
/// Other than with the rest, it is the host that connects, to [`address`](Lambda::address), and asks
/// for invocations; as many may be answered at once as it asks for.
///
/// What the senders do to a request and to an answer is what AWS documents. They are no proof of
/// what AWS does, but of what the host makes of it.
pub struct Lambda {
    name: String,
    sender: Sender,
    is_streaming: bool,
    runtime: Runtime,
}

impl Lambda {
    /// A REST API, called `name` in the matrix: payloads of format 1.0, below its stage.
    ///
    /// # Errors
    ///
    /// If no port of loopback is free; so for all senders.
    pub async fn rest_api(name: impl Into<String>) -> io::Result<Lambda> {
        Lambda::new(name, Sender::RestApi).await
    }

    /// An HTTP API: payloads of format 2.0, with a decoded path, below its stage.
    ///
    /// # Errors
    ///
    /// If no port of loopback is free.
    pub async fn http_api(name: impl Into<String>) -> io::Result<Lambda> {
        Lambda::new(name, Sender::HttpApi).await
    }

    /// A function URL.
    ///
    /// # Errors
    ///
    /// If no port of loopback is free.
    pub async fn function_url(name: impl Into<String>) -> io::Result<Lambda> {
        Lambda::new(name, Sender::FunctionUrl).await
    }

    /// An Application Load Balancer whose target group has multi-value headers, reached without TLS.
    ///
    /// # Errors
    ///
    /// If no port of loopback is free.
    pub async fn load_balancer(name: impl Into<String>) -> io::Result<Lambda> {
        Lambda::new(name, Sender::LoadBalancer).await
    }

    async fn new(name: impl Into<String>, sender: Sender) -> io::Result<Lambda> {
        Ok(Lambda {
            name: name.into(),
            sender,
            is_streaming: false,
            runtime: Runtime::listen().await?,
        })
    }

    /// Takes answers as streams. By default it takes each whole.
    ///
    /// # Panics
    ///
    /// With an HTTP API or a load balancer, which take none.
    #[must_use]
    pub fn with_streaming(mut self) -> Lambda {
        assert!(
            matches!(self.sender, Sender::RestApi | Sender::FunctionUrl),
            "REST APIs and function URLs take streams"
        );
        self.is_streaming = true;
        self
    }

    /// Where the runtime interface is: what Lambda says in `AWS_LAMBDA_RUNTIME_API`.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.runtime.address()
    }

    async fn answer(&self, ask: &Ask) -> Answer {
        let (begun, told) = oneshot::channel();
        let mut collecting = Collecting {
            lambda: self,
            ask,
            body: Vec::new(),
            begun: Some(begun),
        };
        let progress = Progress::new();
        let receiving = async {
            let end = match told.await {
                Ok(Some(told)) => self.receive(&progress, told).await,
                Ok(None) => {
                    progress.take(Event::Head(413, Vec::new()));
                    End::Clean
                }
                Err(_) => End::Broken("a request that has no end invokes nothing".to_owned()),
            };
            progress.take(Event::End(end));
        };
        progress.run(ask, &mut collecting, receiving, false).await
    }

    async fn receive(&self, progress: &Progress, told: mpsc::Receiver<Told>) -> End {
        let received = if self.is_streaming {
            reply::streamed(progress, told).await
        } else {
            reply::whole(progress, self.sender, told).await
        };
        received.map_or_else(End::Broken, |()| End::Clean)
    }
}

impl Target for Lambda {
    fn name(&self) -> &str {
        &self.name
    }

    fn lacks(&self, feature: Feature) -> Option<&str> {
        let own = match (feature, self.sender) {
            (Feature::StreamingResponse, _) if !self.is_streaming => "the sender takes it whole",
            (Feature::RepeatedFields, Sender::HttpApi | Sender::FunctionUrl) => {
                "an event has one value a field"
            }
            (Feature::SentPath, Sender::HttpApi) => "an HTTP API tells the decoded path",
            (Feature::SentQuery, Sender::RestApi | Sender::LoadBalancer) => {
                "the sender tells parameters in place of a query"
            }
            (Feature::ScriptName, Sender::FunctionUrl) => "a function URL has no prefix",
            (Feature::ScriptName, Sender::LoadBalancer) => "an event of a balancer tells no prefix",
            (Feature::Http10, Sender::LoadBalancer) => "an event of a balancer tells no version",
            _ => return lacks(feature),
        };
        Some(own)
    }

    fn is_tls(&self) -> bool {
        !matches!(self.sender, Sender::LoadBalancer)
    }

    fn exchange(&self, asks: Vec<Ask>) -> Exchanging<'_> {
        Box::pin(async move {
            let answers = stream::iter(&asks).then(|ask| self.answer(ask));
            answers.collect().await
        })
    }
}

/// What no sender carries.
const fn lacks(feature: Feature) -> Option<&'static str> {
    Some(match feature {
        Feature::RawHead => "the sender reads the head",
        Feature::AnyTarget | Feature::OddTarget => "an event has a path",
        Feature::KeepAlive => "an invocation is one request",
        Feature::Expect => "the sender answers it",
        Feature::EarlyHints => "there is no place for them",
        Feature::StreamingRequest | Feature::EarlyAnswer => "an event has the whole request",
        Feature::CutRequest | Feature::CutUnknownLength => "an event has the whole request",
        Feature::RequestTrailers | Feature::Trailers => "there is no place for them",
        Feature::AnyBytes => "an event is JSON, which has text",
        Feature::Upgrade => "the connection is the sender's",
        Feature::Disconnect => "Lambda does not tell",
        Feature::OriginServer => "the sender adds them",
        _ => return None,
    })
}

impl fmt::Debug for Lambda {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lambda")
            .field("name", &self.name)
            .field("sender", &self.sender)
            .finish_non_exhaustive()
    }
}

/// A sender that waits for the whole request.
struct Collecting<'a> {
    lambda: &'a Lambda,
    ask: &'a Ask,
    body: Vec<u8>,
    /// Nothing is told where the sender itself refuses the request.
    begun: Option<oneshot::Sender<Option<mpsc::Receiver<Told>>>>,
}

impl Collecting<'_> {
    fn invoke(&mut self) {
        if let Some(begun) = self.begun.take() {
            let lambda = self.lambda;
            let event = event::of(self.ask, &self.body, lambda.sender).to_string();
            let is_taken = lambda.sender.takes(self.body.len(), event.len());
            let told = is_taken.then(|| lambda.runtime.invoke(event));
            // A client that has left does not wait for it.
            drop(begun.send(told));
        }
    }
}

impl Sending for Collecting<'_> {
    async fn begin(&mut self) -> io::Result<()> {
        if matches!(self.ask.framing, Framing::None | Framing::Length(0)) {
            self.invoke();
        }
        Ok(())
    }

    async fn send(&mut self, bytes: Bytes) -> io::Result<()> {
        self.body.extend_from_slice(&bytes);
        if self.ask.framing == Framing::Length(self.body.len() as u64) {
            self.invoke();
        }
        Ok(())
    }

    async fn cut(&mut self) -> io::Result<()> {
        self.begun = None;
        Ok(())
    }

    async fn end(&mut self, _: Vec<(String, String)>) -> io::Result<()> {
        self.invoke();
        Ok(())
    }
}
