//! The server, seen from outside: over real sockets, with real clients.
#![allow(
    dead_code,
    missing_docs,
    unreachable_pub,
    reason = "nothing here is anybody's interface"
)]

mod protocols;
mod support;
