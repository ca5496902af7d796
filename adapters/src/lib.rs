//! Hosts for Enfilade beside the bundled server: one feature each.
//!
//! They are for Unix: the protocols are spoken by web servers there.

#[cfg(all(unix, feature = "lambda"))]
pub mod lambda;
