//! Both directions between this gateway and [tower](https://docs.rs/tower).
//!
//! | from | to | by |
//! |---|---|---|
//! | a tower `Layer` | a step of a [`Pipeline`](crate::Pipeline), at any place | [`tower(layer)`](crate::tower()) |
//! | a tower `Service`, such as an axum `Router` | an [`App`](crate::App) | [`from_service(service)`](crate::from_service) |
//! | an [`App`](crate::App) | a tower `Service`, and hyper's | [`AppService::new(app)`](AppService) |
//!
//! # What an `AppService` carries
//!
//! It is a host, of which the server around it is a part.
//!
//! | | HTTP/1.1 | HTTP/2 |
//! |---|---|---|
//! | bodies of requests stream | yes | yes |
//! | bodies of responses stream | yes | yes |
//! | trailers | yes | yes |
//! | peer, local address, server name, facts of TLS | by [`AppService::with_connection`] | the same |
//! | informational responses | no | no |
//! | upgrade | yes | no |
//! | files are sent by the operating system | no | no |
//! | a client that leaves drops the app | yes | yes |
//! | an app that asks for it goes on without its client | no | no |
//! | the process ends after one request | no | no |
//!
//! Upgrades need feature `hyper`. Trailers go out as the app gives them: which of them come too late
//! there ([`is_barred_from_trailers`](crate::host::is_barred_from_trailers)) is the server's to know.
//!
//! # Readiness
//!
//! An app has none: it takes what comes, and waits inside of `respond`. Each request gets its own
//! clone of a tower service, which is made ready and called, once; so limits that are shared by
//! clones limit, and nothing is called that was not ready.

mod app_service;
mod failure;
mod fit_service;
mod from_service;
#[cfg(feature = "hyper")]
mod hyper;
mod inner;
mod layer;
mod mounted;
#[cfg(not(feature = "hyper"))]
mod no_hyper;
mod prefix;

#[cfg(feature = "hyper")]
use self::hyper as takeover;
#[cfg(not(feature = "hyper"))]
use self::no_hyper as takeover;
pub use app_service::AppService;
pub use fit_service::FitService;
pub use from_service::{FromService, from_service};
use inner::Answer;
pub use inner::InnerService;
pub use layer::{Tower, tower};
pub use mounted::Mounted;
