//! Benchmarks of Enfilade beside its peers.
//!
//! `compose/run` measures composition alone, in one process; `http/run` measures servers over
//! sockets; `load` puts a running server under load. Each says on top what it needs and prints a
//! table.

pub mod compose;
pub mod http;
