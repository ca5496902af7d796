//! HTTP/3, seen from outside: over real sockets, with clients that are not ours.
#![cfg(unix)]
#![allow(
    clippy::print_stdout,
    missing_docs,
    unreachable_pub,
    reason = "nothing here is anybody's interface"
)]

mod bodies;
mod certificates;
mod client;
mod exchanges;
mod floods;
mod foreign;
mod limits;
mod malformed;
mod relay;
mod restart;
mod stopping;
#[path = "../server/support.rs"]
#[allow(dead_code, reason = "it is there for more than this")]
mod support;
mod tls;
