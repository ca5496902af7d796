//! The conformance kit of Enfilade: whether a host keeps its half of the contract.
//!
//! A host serves the kit's app, and the kit sends it requests and looks at what comes back. All
//! that whoever writes a host does is to start it:
//!
//! ```no_run
//! use enfilade_conformance::{Http1, Kit};
//! # use enfilade_server::Server as MyHost;
//!
//! # async fn check() -> Result<(), Box<dyn std::error::Error>> {
//! let kit = Kit::new()?;
//! let serving = tokio::spawn(MyHost::bind("127.0.0.1:4000").serve(kit.app()));
//! let report = kit.run(&Http1::new("my-host", "127.0.0.1:4000".parse::<std::net::SocketAddr>()?)).await;
//! serving.abort();
//! println!("{}", report.conforming()?);
//! # Ok(()) }
//! ```

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
#[cfg(unix)]
pub use target::WebServer;
pub use target::{Exchanging, Http1, Http2, InMemory, Place, Target};
pub use trial::Trial;
