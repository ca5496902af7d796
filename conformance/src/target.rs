//! How a request gets to a host: [`Target`].

use std::{future::Future, pin::Pin};

use crate::{Answer, Ask, Feature};

mod body;
mod client;
#[cfg(unix)]
mod gateway;
mod http1;
mod http2;
#[cfg(feature = "http3")]
mod http3;
mod in_memory;
#[cfg(feature = "lambda")]
mod lambda;
mod progress;
mod stream;
#[cfg(feature = "tls")]
mod tls;

#[cfg(unix)]
pub use gateway::WebServer;
pub use http1::Http1;
pub use http2::Http2;
#[cfg(feature = "http3")]
pub use http3::Http3;
pub use in_memory::InMemory;
#[cfg(feature = "lambda")]
pub use lambda::Lambda;
pub use stream::Place;
#[cfg(feature = "tls")]
pub use tls::Authority;

/// A future of a target, boxed.
pub type Exchanging<'a> = Pin<Box<dyn Future<Output = Vec<Answer>> + 'a>>;

/// A host that runs, and a client of what it speaks.
///
/// The kit has clients for HTTP/1.1, HTTP/2, HTTP/3 and the protocols of web servers, and a stand-in
/// for AWS Lambda; whoever writes a host that speaks one of them needs none of his own.
pub trait Target {
    /// The name in the matrix: words of letters, digits and hyphens.
    fn name(&self) -> &str;

    /// Why `feature` cannot be carried; `None` where it can. By default all can.
    fn lacks(&self, feature: Feature) -> Option<&str> {
        let _ = feature;
        None
    }

    /// The path under which the host's web server has the app: empty, or it begins with `/` and
    /// does not end in it. Empty by default.
    fn prefix(&self) -> &str {
        ""
    }

    /// The `Host` field that reaches the app. `localhost` by default.
    fn host(&self) -> &str {
        "localhost"
    }

    /// Whether the client speaks TLS with the host, or with the web server in front of it. By
    /// default it does not.
    fn is_tls(&self) -> bool {
        false
    }

    /// How many cases may be tried at once. 16 by default.
    fn concurrency(&self) -> usize {
        16
    }

    /// Sends the requests one after the other, over one connection if the target carries
    /// [`Feature::KeepAlive`], and gives as many answers.
    fn exchange(&self, asks: Vec<Ask>) -> Exchanging<'_>;
}
