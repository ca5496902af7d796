//! The gateway signature of Enfilade and its composition.
//!
//! An **app** answers requests ([`App`]). A **host** calls an app ([`Host`]). **Middleware** plays
//! both ([`Middleware`]) and stands in a **pipeline** in the order in which a request meets it
//! ([`Pipeline`]). What the host knows about a call is its **environ** ([`Environ`]).
//!
//! This crate has no I/O and no runtime.

mod amend;
mod app;
#[cfg(feature = "blocking")]
mod blocking;
mod body;
mod body_limit;
mod body_pace;
mod call;
mod cascade;
mod connection;
mod early_hints;
mod environ;
mod error;
mod error_sink;
mod field;
mod from_fn;
mod gateway;
mod guard;
pub mod host;
mod lifecycle;
#[cfg(feature = "lint")]
pub mod lint;
mod middleware;
mod mounts;
mod on_disconnect;
mod outcome;
mod params;
mod path;
mod pipeline;
mod rendering;
mod request;
mod response;
mod router;
mod segments;
mod short_name;
pub mod spec;
mod state;
#[cfg(feature = "testing")]
pub mod testing;
#[cfg(feature = "tower")]
mod tower;
pub mod troubleshooting;
mod upgrade;
mod user;

#[cfg(feature = "tower")]
pub use crate::tower::{
    AppService, FitService, FromService, InnerService, Mounted, Tower, from_service, tower,
};
/// The crate whose cookies [`RequestExt::cookies`] gives and responses take.
#[cfg(feature = "cookies")]
pub use ::cookie;
/// The crate whose types [`RequestExt::header`] reads.
#[cfg(feature = "headers")]
pub use ::headers;
pub use amend::{Amend, amend};
pub use app::{App, BoxApp};
#[cfg(feature = "blocking")]
pub use blocking::blocking;
#[cfg(feature = "file")]
pub use body::FileRange;
pub use body::{Body, BodyEnd, BodyError, BodyWatch, BoxError, Ending, ReadError};
pub use body_limit::BodyLimit;
pub use body_pace::{BodyPace, SharedPace};
pub use cascade::Cascade;
pub use connection::{Capabilities, Connection, Credentials, Peer, Tls};
pub use early_hints::{Hinted, Informational};
pub use environ::{DEFAULT_BODY_LIMIT, Environ};
pub use error::{Cause, Error, OrStatus, Result};
pub use error_sink::{ErrorSink, StandardError};
pub use from_fn::{
    FromFn, FromFnWith, MiddlewareFn, MiddlewareFnWith, Next, from_fn, from_fn_with,
};
pub use gateway::Gateway;
pub use guard::{Guard, Panicked};
pub use host::{Host, HostError};
pub use lifecycle::{Lifecycle, StopError, Stopping};
pub use middleware::{Around, BoxMiddleware, Middleware};
pub use mounts::Mounts;
pub use on_disconnect::OnDisconnect;
pub use outcome::Outcome;
pub use path::{PathError, PathPolicy};
pub use pipeline::{Pipeline, Step, Wrap};
#[cfg(feature = "cookies")]
pub use request::Cookies;
pub use request::RequestExt;
#[cfg(feature = "multipart")]
pub use request::{Multipart, Part};
#[cfg(feature = "json")]
pub use response::Json;
pub use response::{Fields, Html, IntoResponse, Redirect};
pub use router::Router;
pub use state::{AppFnWith, WithState, with_state};
pub use upgrade::{Duplex, Io, Upgrade, Upgrading};
pub use user::User;

/// A request: [`http::Request`] with the one [`Body`].
pub type Request = http::Request<Body>;

/// A response: [`http::Response`] with the one [`Body`].
pub type Response = http::Response<Body>;
