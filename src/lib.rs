#![doc = include_str!("../README.md")]

#[cfg(feature = "_run")]
mod run;

#[cfg(feature = "_adapters")]
pub use enfilade_adapters as adapters;
pub use enfilade_core as core;
#[cfg(feature = "middleware")]
pub use enfilade_middleware as middleware;
#[cfg(feature = "server")]
pub use enfilade_server as server;

pub use enfilade_core::{
    App, Error, IntoResponse, Middleware, Mounts, Next, Pipeline, Request, RequestExt, Response,
    Result, Router, from_fn,
};
#[cfg(feature = "_run")]
pub use run::{launch, run};
