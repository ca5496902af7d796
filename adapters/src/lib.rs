//! Hosts for Enfilade beside the bundled server: one feature each.
//!
//! They are for Unix: the protocols are spoken by web servers there.

#[cfg(all(unix, any(feature = "cgi", feature = "_socket")))]
mod answered;
#[cfg(all(unix, feature = "_socket"))]
mod backend;
#[cfg(all(unix, any(feature = "gateway", feature = "lambda")))]
mod caught;
#[cfg(all(unix, feature = "cgi"))]
pub mod cgi;
#[cfg(all(unix, any(feature = "cgi", feature = "lambda", feature = "_socket")))]
mod closing;
#[cfg(all(unix, any(feature = "cgi", feature = "scgi", feature = "uwsgi")))]
mod exchange;
#[cfg(all(unix, feature = "fastcgi"))]
pub mod fastcgi;
#[cfg(all(unix, feature = "gateway"))]
pub mod gateway;
#[cfg(all(unix, any(feature = "gateway", feature = "lambda")))]
mod host_name;
#[cfg(all(unix, feature = "lambda"))]
pub mod lambda;
#[cfg(all(unix, any(feature = "cgi", feature = "lambda", feature = "_socket")))]
mod launch;
#[cfg(all(unix, any(feature = "gateway", feature = "lambda")))]
mod measured;
#[cfg(all(unix, feature = "scgi"))]
pub mod scgi;
#[cfg(all(unix, any(feature = "cgi", feature = "_socket")))]
mod site;
#[cfg(all(unix, any(feature = "cgi", feature = "lambda", feature = "_socket")))]
mod stop;
#[cfg(all(unix, feature = "uwsgi"))]
pub mod uwsgi;

#[cfg(all(unix, feature = "_socket"))]
pub use backend::{Address, Backend, Listen};
#[cfg(all(unix, feature = "cgi"))]
pub use cgi::Cgi;
#[cfg(all(unix, feature = "fastcgi"))]
pub use fastcgi::FastCgi;
#[cfg(all(unix, feature = "lambda"))]
pub use lambda::Lambda;
#[cfg(all(unix, feature = "scgi"))]
pub use scgi::Scgi;
#[cfg(all(unix, feature = "uwsgi"))]
pub use uwsgi::Uwsgi;
