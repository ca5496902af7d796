//! What CGI, FastCGI, SCGI and uwsgi share: from variables to a request, and from a response to a
//! head and the bytes behind it.
//!
//! All four protocols hand a program the meta-variables of CGI (RFC 3875, section 4.1) and take an
//! answer in the form that CGI gave it (section 6). They differ in how both are framed; a host of
//! the family reads and writes frames, and leaves the rest to this module:
//!
//! 1. It collects the [`Variables`] of a request.
//! 2. It makes the request's body: [`incoming`] gives it, and the [`Feed`] to which the host hands
//!    what arrives.
//! 3. [`request_from`] makes the request, as the operator's [`Import`] says; what is malformed is a
//!    [`BadRequest`], which the host answers.
//! 4. The app answers through core's [`Gateway`](enfilade_core::Gateway).
//! 5. [`Outgoing`] gives the head and the bytes to send, or says that the answer broke off.
//!
//! ```
//! use std::sync::Arc;
//!
//! use enfilade_adapters::gateway::{BadRequest, Import, Outgoing, Style, Variables, request_from};
//! use enfilade_core::{Body, Connection, Gateway, Request, RequestExt};
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), BadRequest> {
//! let mut variables = Variables::new();
//! variables.push("REQUEST_METHOD", "GET")?;
//! variables.push("REQUEST_URI", "/shop/tea?cup=2")?;
//! variables.push("SERVER_PROTOCOL", "HTTP/1.1")?;
//!
//! let facts = Connection::default();
//! let errors = Arc::clone(&facts.errors);
//! let import = Import::new().with_mount("/shop");
//! let request = request_from(variables, &import, facts, Body::empty())?;
//!
//! let app = Gateway::new(async |request: Request| request.path_info().to_owned());
//! let mut answer = Outgoing::new(Style::Status, false, app.answer(request).await, errors);
//! assert!(answer.head().starts_with(b"Status: 200 OK\r\n"));
//! assert_eq!(answer.next().await.transpose().ok().flatten().as_deref(), Some(&b"/tea"[..]));
//! # Ok(()) }
//! ```

mod bad_request;
mod connection;
mod fields;
mod head;
mod import;
mod incoming;
mod outgoing;
mod request;
mod target;
mod variables;

pub use bad_request::BadRequest;
pub use head::Style;
pub use import::Import;
pub use incoming::{Feed, incoming};
pub use outgoing::{Cut, Outgoing};
pub use request::{content_length, is_chunked, request_from};
pub use variables::{MAX_BYTES, MAX_VARIABLES, Variables};
