//! Hosts in processes of their own: for signals, for what a client sees, and for what they take.
#![allow(unreachable_pub)]
#![cfg(all(unix, feature = "cgi", feature = "scgi", feature = "uwsgi"))]

mod app;
mod backends;
mod cgi;
#[cfg(feature = "lambda")]
mod lambda;
mod memory;
mod sockets;
mod support;
