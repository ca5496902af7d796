//! Middleware for Enfilade: one file each, one public type with one method each.

#[cfg(feature = "access-log")]
mod access_log;
#[cfg(feature = "auth")]
mod auth;
#[cfg(feature = "auth")]
mod basic_auth;
#[cfg(feature = "auth")]
mod bearer_auth;
#[cfg(feature = "compression")]
mod compression;
#[cfg(feature = "compression")]
mod field;
#[cfg(feature = "request-id")]
mod request_id;
#[cfg(feature = "set-header")]
mod set_header;
#[cfg(feature = "timeout")]
mod timeout;

#[cfg(feature = "access-log")]
pub use access_log::{AccessLog, Format, LogFile, Outcome, Record};
#[cfg(feature = "auth")]
pub use auth::{Identity, Scopes, Verdict};
#[cfg(feature = "auth")]
pub use basic_auth::{BasicAuth, Htpasswd, HtpasswdError};
#[cfg(feature = "auth")]
pub use bearer_auth::BearerAuth;
#[cfg(feature = "jwt")]
pub use bearer_auth::{Claims, Jwt, JwtKeyError};
#[cfg(feature = "compression")]
pub use compression::{Coding, Compression};
pub use enfilade_core::User;
#[cfg(feature = "request-id")]
pub use request_id::{RequestId, RequestIdValue};
#[cfg(feature = "set-header")]
pub use set_header::{OfRequest, OfResponse, SetHeader};
#[cfg(feature = "timeout")]
pub use timeout::{TimedOut, Timeout};
