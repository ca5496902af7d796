//! CGI/1.1 (RFC 3875): a process for each request.

use std::{
    ffi::{OsStr, OsString},
    os::unix::ffi::OsStrExt,
};

use bytes::BytesMut;

use super::{head::Reading, variables::joined};
use crate::{
    Ask, End, Feature,
    target::{client::Protocol, progress::Event},
};

pub(super) const LACKS: &[(Feature, &str)] = &[
    (Feature::KeepAlive, "a process answers one request"),
    (Feature::OneProcess, "a process answers one request"),
    (Feature::RepeatedFields, "a variable has one value"),
    (
        Feature::BrokenEnd,
        "an output that ends is an answer that ends",
    ),
    (
        Feature::Disconnect,
        "a program learns it only when it writes",
    ),
];

/// The variables of the process.
pub(super) fn environment(ask: &Ask) -> Vec<(OsString, OsString)> {
    joined(ask)
        .into_iter()
        .map(|(name, value)| (OsString::from(name), OsStr::from_bytes(&value).to_owned()))
        .collect()
}

/// What goes through the pipes.
#[derive(Default)]
pub(super) struct Cgi(Reading);

impl Protocol for Cgi {
    fn begin(&mut self, ask: &Ask) -> Vec<u8> {
        self.0.begin(ask);
        Vec::new()
    }

    fn data(&mut self, bytes: &[u8]) -> Vec<u8> {
        bytes.to_vec()
    }

    fn end(&mut self, _: &[(String, String)]) -> Vec<u8> {
        Vec::new()
    }

    fn event(&mut self, received: &mut BytesMut) -> Result<Option<Event>, String> {
        self.0.event(received)
    }

    fn closed(&mut self) -> End {
        self.0.end()
    }

    fn closes(&self) -> bool {
        true
    }
}
