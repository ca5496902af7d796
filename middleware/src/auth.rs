//! What the authentications share: reading credentials, what a verification says, and where the
//! identity goes.

mod challenge;
mod constant_time;
mod credentials;
mod identity;
mod scopes;
mod verdict;

pub(crate) use challenge::challenge;
pub(crate) use constant_time::same;
pub(crate) use credentials::{Malformed, credentials, hide_credentials, is_token68};
pub use identity::Identity;
pub(crate) use identity::leave;
pub use scopes::Scopes;
pub use verdict::Verdict;
pub(crate) use verdict::Verifying;
