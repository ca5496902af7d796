//! Clients that say what they are told to, right or wrong.

mod flood;
mod frames;
mod http1;
mod load;
mod numbers;
mod restless;
mod source;

pub(crate) use frames::{Http2, block, flag, frame, get, kind, request};
pub(crate) use http1::{Http1, end_of};
pub(crate) use load::Load;
pub(crate) use numbers::Numbers;
pub(crate) use restless::{Restless, Speaks};
pub(crate) use source::{connect_from, narrow};
