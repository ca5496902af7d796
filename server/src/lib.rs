//! The bundled HTTP server of Enfilade.
//!
//! [`Server`] hosts an app over HTTP/1.1 and HTTP/2, on one port, over TCP, Unix sockets and, with
//! feature `tls`, TLS; with feature `acme` it gets its certificates by itself, and with feature
//! `http3` HTTP/3 can be spoken beside TLS.
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
//! What it carries:
//!
//! | | HTTP/1.1 | HTTP/2 | HTTP/3 |
//! |---|---|---|---|
//! | bodies of requests stream | yes | yes | yes |
//! | bodies of responses stream | yes | yes | yes |
//! | trailers | yes | yes | yes |
//! | peer, local address, server name | yes | yes | yes |
//! | facts of TLS | yes | yes | yes |
//! | informational responses | yes | yes | yes |
//! | upgrade | yes | no | no |
//! | files are sent by the operating system | no | no | no |
//! | a client that leaves drops the app | yes | yes | yes |
//! | an app that asks for it goes on without its client | yes | yes | yes |
//! | the process ends after one request | no | no | no |
//!
//! Over HTTP/1.1 trailers of responses go out where the client says `TE: trailers` and `Trailer`
//! names them, and a client that closes its side has left after [`Server::with_half_close`]. 100 is
//! said when the app reads a body that its client waits with, and 103 where the app hints; over
//! HTTP/3 there is 103 alone.
//!
//! What a client may take, of time and of everything else, is in [`Limits`]: on by default.
//!
//! # What is refused
//!
//! A request that two programs could read differently reaches no app: it is answered with a line
//! that names what is wrong, in its turn behind the requests before it, the connection closes
//! behind the answer, and nothing that follows is read as a request. The error stream has one line
//! a second about it at most, with the number of those that had none.
//!
//! | refused, over HTTP/1 | with |
//! |---|---|
//! | a bare line feed or carriage return, any other control, more than one empty line before | 400 |
//! | a field in two lines, a space before its colon, an empty name or one that is no token | 400 |
//! | a method that is no token, a target with a fragment or one that is no URI | 400 |
//! | `*` but with OPTIONS, `host:port` but with CONNECT, other schemes than http and https | 400 |
//! | no `Host` with HTTP/1.1, two, one that is no host, one that differs from the target's | 400 |
//! | two `Content-Length`, one that is not 1 to 16 digits, one beside `Transfer-Encoding` | 400 |
//! | `Transfer-Encoding` twice, with HTTP/1.0, or with `chunked` twice or not last | 400 |
//! | a body of CONNECT | 400 |
//! | names that differ by `_` and `-` alone | 400 |
//! | chunk sizes that are not 1 to 16 digits, extensions but names with or without values | 400 |
//! | extensions above 4 KiB in a body | 400 |
//! | trailers that frame, route or authenticate a message, or whose names have `_` | 400 |
//! | a target, or a request line, above 8 KiB | 414 |
//! | an `Expect` that is not `100-continue`, once | 417 |
//! | a field above 8 KiB, a head or trailers above 32 KiB or 100 fields | 431 |
//! | other transfer codings | 501 |
//! | other versions | 505 |
//!
//! Over HTTP/2 the stream alone is refused: with 400 where `Host` is not the `:authority`, there is
//! neither, or one is no host, where `Content-Length` is repeated, for `*` but with OPTIONS, and for
//! trailers as above; with 417 for `Expect`; and by a reset for what is malformed (RFC 9113, section
//! 8.1.1): fields of the connection, a length that is not that of the DATA.
//!
//! Over HTTP/3 it is the same, and what breaks the frames or the coding of fields closes the
//! connection, as RFC 9114 and RFC 9204 say. `Host` beside another `:authority` is malformed.
//!
//! Other fields whose names have `_` are dropped: behind CGI and its relatives they would come as
//! those with `-`, and an app should find the same behind every host.
//!
//! A body that an app does not read is read to its end, if that is 64 KiB and a second away at
//! most, so that the connection can be used again. Otherwise the connection closes behind the
//! answer. Where a client may still be sending then, what it sends is thrown away for two seconds,
//! so that it can read the answer.

mod accept;
mod address;
mod admission;
mod alarm;
mod answered;
mod breach;
mod budget;
mod connection;
mod cores;
mod crowd;
mod date;
mod door;
mod drain;
mod exchange;
mod farewell;
mod finish;
mod frames;
mod gate;
mod handshaking;
mod head_out;
mod hints;
mod http2;
mod http2_head;
#[cfg(feature = "http3")]
mod http3;
mod leftover;
mod limits;
mod listen;
mod listening;
mod opening;
mod options;
mod outgoing;
mod proofs;
mod proxy;
mod receiving;
mod refusal;
mod refusing;
mod reload;
#[cfg(unix)]
mod restart;
mod runtime;
mod server;
mod service;
mod session;
mod site;
mod sniff;
mod socket;
mod source;
mod stage;
mod stop;
mod stream;
mod streams;
mod strict;
#[cfg(unix)]
mod supervisor;
#[cfg_attr(not(unix), path = "takeover_elsewhere.rs")]
mod takeover;
mod tasks;
mod threads;
#[cfg(feature = "tls")]
mod tls;
mod traffic;
mod upgrade;
mod upkeep;
mod waiting;
mod waits;
mod wire;

pub use address::Address;
pub use limits::Limits;
pub use listen::Listen;
pub use listening::Listening;
pub use proxy::ProxyProtocol;
pub use server::Server;
pub use threads::Threads;
#[cfg(feature = "tls")]
pub use tls::TlsConfig;
#[cfg(feature = "acme")]
pub use tls::{Acme, Challenge};
