//! One pattern of a router, with its apps.

use std::{fmt, sync::Arc};

use http::Method;

use super::{endpoint::Endpoint, group::Door, pattern::Pattern};

/// One pattern, or one mount, with the apps that are there.
#[derive(Clone)]
pub(super) struct Entry {
    pub(super) pattern: Pattern,
    pub(super) is_mount: bool,
    pub(super) endpoints: Vec<Endpoint>,
    /// What answers to the methods without an app.
    otherwise: Endpoint,
}

impl Entry {
    pub(super) fn new(pattern: Pattern, is_mount: bool, first: Endpoint) -> Entry {
        Entry {
            pattern,
            is_mount,
            otherwise: Endpoint::otherwise(&first, &[]),
            endpoints: vec![first],
        }
    }

    /// Adds an app for another method.
    pub(super) fn add(&mut self, endpoint: Endpoint) -> Result<(), String> {
        let same = |there: &&Endpoint| there.method == endpoint.method;
        if let Some(there) = self.endpoints.iter().find(same) {
            return Err(format!("there is an app already, from {}", there.place));
        }
        self.endpoints.push(endpoint);
        self.refresh();
        Ok(())
    }

    /// Puts a group's middleware in front.
    pub(super) fn put_behind(&mut self, door: &Arc<Door>) {
        for endpoint in &mut self.endpoints {
            endpoint.doors.insert(0, Arc::clone(door));
        }
        self.refresh();
    }

    fn refresh(&mut self) {
        if let [first, others @ ..] = &self.endpoints[..] {
            self.otherwise = Endpoint::otherwise(first, others);
        }
    }

    /// The endpoint for `method`; `None` for the one that has no app for it.
    pub(super) fn choose(&self, method: &Method) -> Option<u16> {
        let of = |method: Option<&Method>| {
            let mut endpoints = self.endpoints.iter();
            endpoints.position(|endpoint| endpoint.method.as_ref() == method)
        };
        of(Some(method))
            .or_else(|| of((method == Method::HEAD).then_some(&Method::GET)))
            .or_else(|| of(None))
            .and_then(|place| u16::try_from(place).ok())
    }

    pub(super) fn endpoint(&self, choice: Option<u16>) -> &Endpoint {
        choice.map_or(&self.otherwise, |place| &self.endpoints[usize::from(place)])
    }

    /// Whether all its paths are below `prefix`.
    pub(super) fn is_below(&self, prefix: &str) -> bool {
        let rest = self.pattern.literal_start().strip_prefix(prefix);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}

/// For messages: what it is, and where it was written.
impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if self.is_mount { "mount" } else { "route" };
        write!(f, "the {kind} `{}`", self.pattern.text())?;
        self.endpoints
            .first()
            .map_or(Ok(()), |first| write!(f, " from {}", first.place))
    }
}
