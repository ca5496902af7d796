//! Typed parsers of header fields. Each is linear in what it reads, and takes nothing for granted.

pub(crate) mod accept;
pub(crate) mod media_type;
mod quoted;
pub(crate) mod vary;
