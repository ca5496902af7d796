//! Benchmarks of Enfilade beside its peers.
