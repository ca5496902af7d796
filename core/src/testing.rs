//! Calling apps in process: [`get`], [`TestRequest`], [`TestResponse`], [`Client`].
//!
//! Nothing listens and nothing needs a runtime of its own: a test host calls the app through the
//! same [`Gateway`](crate::Gateway) as any other host. So paths are canonical, panics are
//! responses, heads are committed after the body's first poll, and what the app reports to the
//! host's error stream can be looked at.
//!
//! | what it carries | |
//! |---|---|
//! | bodies of requests stream | yes |
//! | bodies of responses stream | yes |
//! | trailers | yes |
//! | peer, local address, server name, facts of TLS | as a test says |
//! | informational responses | yes |
//! | upgrade | no |
//! | files are sent by the operating system | no |
//! | a client that leaves drops the app | yes |
//! | an app that asks for it goes on without its client | no |
//! | the process ends after one request | no |
//!
//! ```
//! use enfilade_core::{Error, Request, RequestExt, Result, testing};
//!
//! async fn app(request: Request) -> Result<String> {
//!     match request.path_info() {
//!         "/hello" => Ok(format!("hello {}", request.peer())),
//!         _ => Err(Error::not_found().message("no such page")),
//!     }
//! }
//!
//! # async fn check() {
//! testing::get("/hello")
//!     .peer("192.0.2.1:1000")
//!     .on(&app)
//!     .await
//!     .assert_status(200)
//!     .assert_header("content-type", "text/plain; charset=utf-8")
//!     .assert_text("hello 192.0.2.1");
//!
//! testing::get("/")
//!     .header("accept", "application/json")
//!     .on(&app)
//!     .await
//!     .assert_status(404)
//!     .assert_header("content-type", "application/problem+json");
//! # }
//! ```

mod client;
#[cfg(feature = "form")]
mod form;
mod hints;
mod host;
#[cfg(feature = "json")]
mod json;
mod promised;
mod request;
mod response;

pub use client::Client;
pub use host::Script;
pub use promised::promised;
pub use request::{TestRequest, delete, get, head, options, patch, post, put, request};
pub use response::TestResponse;
