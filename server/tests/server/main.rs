//! The server, seen from outside: over real sockets, with real clients.
#![cfg(unix)]
#![allow(
    clippy::print_stdout,
    missing_docs,
    unreachable_pub,
    reason = "nothing here is anybody's interface"
)]

mod failures;
mod floods;
mod frames;
mod framing;
mod limits;
mod listeners;
mod memory;
mod process;
mod protocols;
mod startup;
mod stopping;
mod support;
#[cfg(feature = "tls")]
mod tls;
mod upgrade;
