//! Telling clients of TLS that HTTP/3 is spoken, too (RFC 7838): [`Alternatives`].

use std::sync::{PoisonError, RwLock};

use enfilade_core::Connection;
use http::{HeaderMap, HeaderValue, header, uri::Scheme};

/// The ports at which HTTP/3 is spoken, and what is said of it.
#[derive(Debug, Default)]
pub(crate) struct Alternatives(RwLock<Vec<(u16, HeaderValue)>>);

impl Alternatives {
    /// HTTP/3 is spoken at `port`: for a day, which clients forget when it does not work.
    pub(super) fn add(&self, port: u16) {
        let value = format!("h3=\":{port}\"; ma=86400");
        let value = HeaderValue::try_from(value).expect("it is plain text");
        let mut ports = self.0.write().unwrap_or_else(PoisonError::into_inner);
        ports.push((port, value));
    }

    /// HTTP/3 is spoken at `port` no more.
    pub(super) fn remove(&self, port: u16) {
        let mut ports = self.0.write().unwrap_or_else(PoisonError::into_inner);
        ports.retain(|(own, _)| *own != port);
    }

    /// Tells who speaks TLS at such a port, and not HTTP/3 already. What the app says goes before.
    pub(crate) fn announce(&self, facts: &Connection, headers: &mut HeaderMap) {
        let ports = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if ports.is_empty() || facts.scheme != Scheme::HTTPS {
            return;
        }
        let alpn = facts.tls.as_ref().and_then(|tls| tls.alpn.as_deref());
        let found = ports.iter().find(|(port, _)| *port == facts.server_port);
        if let (Some((_, value)), true) = (found, alpn != Some(b"h3")) {
            headers.entry(header::ALT_SVC).or_insert(value.clone());
        }
    }
}
