//! The conformance kit of Enfilade: whether a host keeps its half of the contract.
//!
//! A host serves the kit's app, and the kit sends it requests and looks at what comes back. All
//! that whoever writes a host does is to start it:
//!
//! ```no_run
//! use std::net::SocketAddr;
//! use enfilade_conformance::{Http1, Kit};
//! # use enfilade_server::Server as MyHost;
//!
//! #[tokio::main]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let kit = Kit::new()?;
//!     let serving = tokio::spawn(MyHost::bind("127.0.0.1:4000").serve(kit.app()));
//!     let address: SocketAddr = "127.0.0.1:4000".parse()?;
//!     let report = kit.run(&Http1::new("my-host", address)).await;
//!     serving.abort();
//!     eprintln!("{}", report.conforming()?);
//!     Ok(())
//! }
//! ```
//!
//! # What is tried
//!
//! [`cases()`] are requests, each with an app that answers it, what its client does meanwhile, and
//! what must be seen of both; each names the rules of `SPEC.md` that it holds a host to. What no
//! answer can tell, such as that a body was dropped when its client left, the app writes down in
//! the kit's folder. Where it matters that something is not held back, the next piece is only
//! made, or sent, once the one before has arrived at the other end: no case depends on how fast a
//! machine is.
//!
//! [`Kit::differences`] sends requests that nobody wrote, and compares the answers with those of
//! the app itself. [`Kit::stopped`] looks at what a host does when it ends.
//!
//! # On what
//!
//! A [`Target`] is a host that runs, and a client of what it speaks: [`Http1`], [`Http2`], or
//! `WebServer` for CGI, FastCGI, SCGI and the protocol of uWSGI. `Lambda` (feature `lambda`) is what
//! a host on AWS Lambda speaks with, in the place of each kind of sender. [`InMemory`] is the app
//! without a wire. What a protocol or a host cannot carry is a [`Feature`] that its target lacks,
//! with the reason: a case that needs it is not tried, and the report says why.
//!
//! A host may be another process, or be started for each request: its program serves
//! [`Kit::in_folder`]`(..).app()` with the [`folder`](Kit::folder) of the kit that asks. Where a
//! web server stands in front that breaks a rule itself, a [`Deviation`] names what is seen instead
//! and why. Nothing else excuses a failure, and a deviation that does not occur is one.
//!
//! Reports side by side are a [`Matrix`].

mod answer;
mod ask;
mod case;
mod cases;
mod deviation;
mod differential;
mod failure;
mod feature;
mod kit;
mod matrix;
mod mount_table;
mod notes;
mod report;
mod seen;
mod target;
mod trial;

pub use answer::{Answer, End};
pub use ask::{Ask, Framing, Step};
pub use case::Case;
pub use cases::all as cases;
pub use deviation::Deviation;
pub use differential::Difference;
pub use failure::Failure;
pub use feature::Feature;
pub use kit::Kit;
pub use matrix::Matrix;
pub use report::{NotConforming, Report, Verdict};
pub use seen::Seen;
#[cfg(feature = "tls")]
pub use target::Authority;
#[cfg(feature = "http3")]
pub use target::Http3;
#[cfg(feature = "lambda")]
pub use target::Lambda;
#[cfg(unix)]
pub use target::WebServer;
pub use target::{Exchanging, Http1, Http2, InMemory, Place, Target};
pub use trial::Trial;
