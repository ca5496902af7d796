//! Real web servers in front of Enfilade's hosts.
//!
//! The configurations beside this package say how to deploy behind nginx, Apache httpd, lighttpd
//! and HAProxy. [`Front`] starts one of them as it stands there, but for ports and folders;
//! [`record`] takes down what each of them sends.

pub mod app;
mod deviations;
pub mod dump;
mod front;
pub mod record;
mod settings;
mod web_server;

pub use deviations::{DEVIATIONS, lacks};
pub use front::{Front, NotStarted};
pub use web_server::{Door, Protocol, WEB_SERVERS, WebServer};
