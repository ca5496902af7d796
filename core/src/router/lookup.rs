//! How a request finds its route.

use std::sync::Arc;

use http::Method;

use super::{endpoint::Otherwise, pattern::Pattern, routes::Routes};
use crate::{
    BoxApp, Environ, Error, Request, Response,
    params::{Passed, Spans},
};

/// Where in a router a request is.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    entry: u32,
    /// `None` for a method without an app.
    endpoint: Option<u16>,
    /// How many groups it has entered.
    pub(super) door: u16,
}

impl Routes {
    /// Finds what `request` is for and notes it in its environ; a mount moves the split.
    pub(super) fn enter(self: &Arc<Self>, request: &mut Request) -> Option<Place> {
        let mut spans = Spans::new();
        let path = request.uri().path();
        // As `path_info` has it, which cannot trust that nobody rewrote the path.
        let split = Environ::of(request.extensions()).script_name as usize;
        let start = if path.is_char_boundary(split) {
            split
        } else {
            0
        };
        let (entry, prefix) = if let Some((prefix, entry)) = self.mounts.find(&path[start..]) {
            (*entry, prefix)
        } else {
            // At the very prefix of its mount, a router is asked for its root.
            let at_prefix = start == path.len();
            let (path, start) = if at_prefix { ("/", 0) } else { (path, start) };
            let found = self.patterns.find(path.as_bytes(), start, &mut spans);
            (*found.or(self.rest.as_ref())?, 0)
        };
        let place = Place {
            entry,
            endpoint: self.entries[entry as usize].choose(request.method()),
            door: 0,
        };
        let environ = Environ::of_mut(request.extensions_mut());
        let passed = Passed {
            routes: Arc::clone(self),
            place,
            script_name: environ.script_name,
        };
        environ.params.pass(passed, spans);
        environ.descend(prefix);
        Some(place)
    }

    /// What stands at `place`: the next group's middleware, or the app.
    pub(super) fn app(&self, place: Place) -> &BoxApp {
        let endpoint = self.entries[place.entry as usize].endpoint(place.endpoint);
        match endpoint.doors.get(usize::from(place.door)) {
            Some(door) => &door.app,
            None => &endpoint.app,
        }
    }

    /// The answer where nothing matched: 404, or what the routes can do, where `OPTIONS *` asks
    /// for it (RFC 9110, section 9.3.7).
    #[cold]
    pub(super) fn unmatched(&self, request: &Request) -> Response {
        if request.method() == Method::OPTIONS && request.uri().path() == "*" {
            let endpoints = self.entries.iter().flat_map(|entry| &entry.endpoints);
            return Otherwise::new(endpoints).answer(request);
        }
        Error::not_found().response_to(request)
    }

    pub(crate) fn pattern(&self, place: Place) -> &Pattern {
        &self.entries[place.entry as usize].pattern
    }

    /// The names of its routes.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.names.keys().map(|name| &**name)
    }

    /// The pattern of the route that is called `name`.
    pub(super) fn named(&self, name: &str) -> Option<&Pattern> {
        let named = self.names.get(name)?;
        Some(&self.entries[named.entry as usize].pattern)
    }
}
