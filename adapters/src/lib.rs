//! Hosts for Enfilade beside the bundled server: one feature each.
//!
//! They are for Unix: the protocols are spoken by web servers there.

#[cfg(all(unix, feature = "fastcgi"))]
pub mod fastcgi;
#[cfg(all(unix, feature = "gateway"))]
pub mod gateway;
