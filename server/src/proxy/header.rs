//! What a header of the PROXY protocol says.

use std::{fmt, sync::Arc};

use enfilade_core::Peer;

/// As many bytes as tell the versions apart, and no more than the shortest header has.
pub(super) const START: usize = 12;

/// Nothing was sent at all.
pub(super) const SILENT: Malformed = Malformed("nothing was sent");

/// What a proxy says of the connection that it speaks for.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Header {
    /// The client. Nothing where the proxy speaks for itself, or does not know.
    pub(super) source: Option<Peer>,
    /// Where the client has connected to.
    pub(super) destination: Option<Peer>,
    /// The version of TLS, where the client spoke it.
    pub(super) tls_version: Option<Arc<str>>,
    pub(super) alpn: Option<Arc<[u8]>>,
    /// The name that the client asked for.
    pub(super) authority: Option<Arc<str>>,
}

/// What is wrong with a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Malformed(pub(super) &'static str);

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}
