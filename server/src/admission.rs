//! What the check of a connection's bytes has found out: [`Admission`].

use std::sync::{
    OnceLock,
    atomic::{AtomicBool, Ordering::Relaxed},
};

use http::{HeaderMap, Method};

use crate::strict::Refusal;

/// What the one who reads the bytes tells those who answer requests, and they to it.
#[derive(Debug, Default)]
pub(crate) struct Admission {
    head: OnceLock<Refusal>,
    body: OnceLock<Refusal>,
    underscore: AtomicBool,
    switched: AtomicBool,
}

impl Admission {
    /// The next head is refused.
    pub(crate) fn refuse_head(&self, refusal: Refusal) {
        let _ = self.head.set(refusal);
    }

    /// The body that is being received is refused.
    pub(crate) fn refuse_body(&self, refusal: Refusal) {
        let _ = self.body.set(refusal);
    }

    /// Why `request` is refused, which stands for a head that was.
    #[inline]
    pub(crate) fn refused_head<B>(&self, request: &http::Request<B>) -> Option<Refusal> {
        let refusal = self.head.get()?;
        let stands_for_it = request.uri().path() == "*" && *request.method() == Method::GET;
        stands_for_it.then_some(*refusal)
    }

    #[inline]
    pub(crate) fn refused_body(&self) -> Option<Refusal> {
        self.body.get().copied()
    }

    /// A name with `_` has come.
    pub(crate) fn see_underscore(&self) {
        self.underscore.store(true, Relaxed);
    }

    /// Whether a name with `_` has come with this request or another one.
    #[inline]
    pub(crate) fn has_seen_underscore(&self) -> bool {
        self.underscore.load(Relaxed)
    }

    /// Another protocol is spoken from now on.
    pub(crate) fn switch(&self) {
        self.switched.store(true, Relaxed);
    }

    pub(crate) fn has_switched(&self) -> bool {
        self.switched.load(Relaxed)
    }
}

/// Removes the fields whose names have `_`: where names become variables, as they do with CGI, they
/// would be those with `-`, and an app should find the same behind every host.
pub(crate) fn drop_underscores(headers: &mut HeaderMap) {
    let names = headers.keys().filter(|name| name.as_str().contains('_'));
    let names: Vec<_> = names.cloned().collect();
    for name in names {
        headers.remove(name);
    }
}
