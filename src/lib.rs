#![doc = include_str!("../README.md")]

#[cfg(feature = "server")]
mod lint;
#[cfg(feature = "server")]
mod run;

pub use enfilade_core as core;
#[cfg(feature = "middleware")]
pub use enfilade_middleware as middleware;
#[cfg(feature = "server")]
pub use enfilade_server as server;

pub use enfilade_core::{
    App, Error, IntoResponse, Middleware, Mounts, Next, Pipeline, Request, RequestExt, Response,
    Result, Router, from_fn,
};
#[cfg(feature = "server")]
pub use run::{launch, run};
