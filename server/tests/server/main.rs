//! The server, seen from outside: over real sockets, with real clients.
#![cfg(unix)]
#![allow(
    clippy::print_stdout,
    missing_docs,
    unreachable_pub,
    reason = "nothing here is anybody's interface"
)]

#[cfg(feature = "acme")]
mod acme;
mod answers;
mod early_hints;
mod failures;
mod floods;
mod frames;
mod framing;
mod http2;
mod leaving;
mod limits;
mod listeners;
mod memory;
mod process;
mod protocols;
mod proxy;
mod restart;
mod startup;
mod stopping;
mod strict;
mod strict_bodies;
mod strict_http2;
mod support;
mod threads;
#[cfg(feature = "tls")]
mod tls;
mod upgrade;
