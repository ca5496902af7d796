//! A record as an event of the `tracing` crate.

use std::fmt;

use http::HeaderValue;
use tracing::{Level, event, field::display};

use super::{
    Record,
    escape::write_hex,
    format::{micros, version},
};

/// Emits `record`. What is not known has no value; what a client sent is escaped, as not every
/// subscriber does it.
pub(super) fn emit(record: &Record) {
    event!(
        target: "enfilade::access",
        Level::INFO,
        peer = display(record.peer()),
        user = record.user().map(|user| display(Escaped(user.name().as_bytes()))),
        id = record.id().map(display),
        mount = record.mount().map(|mount| display(Escaped(mount.as_bytes()))),
        method = record.method().as_str(),
        target = display(Escaped(record.target().as_bytes())),
        version = version(record),
        status = record.status().map(|status| status.as_u16()),
        bytes = record.bytes(),
        total_us = micros(record.total()),
        first_byte_us = record.first_byte().map(micros),
        referer = field(record.referer()),
        agent = field(record.agent()),
        outcome = record.outcome().as_str(),
        cause = record.cause().map(|cause| display(Chain(cause.chain()))),
    );
}

fn field(value: Option<&HeaderValue>) -> Option<tracing::field::DisplayValue<Escaped<'_>>> {
    value.map(|value| display(Escaped(value.as_bytes())))
}

/// Text as an access log writes it: printable ASCII.
struct Escaped<'a>(&'a [u8]);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = Vec::with_capacity(self.0.len());
        write_hex(self.0, &mut text);
        f.write_str(&String::from_utf8_lossy(&text))
    }
}

struct Chain(String);

impl fmt::Display for Chain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&Escaped(self.0.as_bytes()), f)
    }
}
