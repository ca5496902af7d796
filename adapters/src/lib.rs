//! Hosts for Enfilade beside the bundled server: one feature each.
//!
//! They are for Unix: the protocols are spoken by web servers there.

#[cfg(all(unix, feature = "_socket"))]
mod backend;
#[cfg(all(unix, feature = "fastcgi"))]
pub mod fastcgi;
#[cfg(all(unix, feature = "gateway"))]
pub mod gateway;
mod launch;
mod site;
mod stop;

pub use backend::{Address, Backend, Listen};
pub use fastcgi::FastCgi;
