//! The bundled HTTP server of Enfilade.
//!
//! [`Server`] hosts an app over HTTP/1.1 and HTTP/2, on one port, over TCP, Unix sockets and, with
//! feature `tls`, TLS.
//!
//! ```no_run
//! use enfilade_core::{HostError, Request};
//! use enfilade_server::Server;
//!
//! fn main() -> Result<(), HostError> {
//!     Server::bind("[::]:8000").run(async |_: Request| "hello")
//! }
//! ```
//!
//! What reaches the app, and what does not:
//!
//! | | HTTP/1.1 | HTTP/2 |
//! |---|---|---|
//! | bodies stream, both ways | yes | yes |
//! | trailers of requests | yes | yes |
//! | trailers of responses | with `TE: trailers`, if named in `Trailer` | yes |
//! | upgrade | yes | no |
//! | a client that leaves drops the app's future | see [`Server::with_half_close`] | yes |
//! | informational responses | 100 alone, by itself | no |
//!
//! What a client may take, of time and of everything else, is in [`Limits`]: on by default.

mod accept;
mod address;
mod alarm;
mod breach;
mod budget;
mod connection;
mod crowd;
mod door;
mod drain;
mod exchange;
mod farewell;
mod finish;
mod frames;
mod handshaking;
mod http2;
mod limits;
mod listen;
mod listening;
mod opening;
mod options;
mod outgoing;
mod receiving;
mod refusal;
mod runtime;
mod server;
mod service;
mod session;
mod site;
mod sniff;
mod socket;
mod stop;
mod stream;
mod streams;
mod tasks;
#[cfg(feature = "tls")]
mod tls;
mod traffic;
mod upgrade;
mod waiting;
mod waits;
mod wire;

pub use address::Address;
pub use limits::Limits;
pub use listen::Listen;
pub use listening::Listening;
pub use server::Server;
#[cfg(feature = "tls")]
pub use tls::TlsConfig;
