//! What the lints of one request share: [`Record`], and [`Trail`], by which they find it.

use std::{
    fmt,
    sync::{Arc, Mutex},
};

use http::Uri;

use super::{
    check::Check,
    exchange::Exchange,
    finding::Finding,
    reporter::{Reporter, ToErrorStream},
};
use crate::{Connection, Environ, ErrorSink, Request, RequestExt, StandardError, lifecycle::lock};

/// Where the findings of a lint go.
#[derive(Clone)]
pub(super) enum Destination {
    ErrorStream(Arc<ToErrorStream>),
    Reporter(Arc<dyn Reporter>),
}

impl Destination {
    pub(super) fn report(&self, finding: &Finding, errors: &dyn ErrorSink) {
        match self {
            Destination::ErrorStream(stream) => stream.report(finding, errors),
            Destination::Reporter(reporter) => reporter.report(finding),
        }
    }
}

/// The two parties that a lint stands between: who calls, and who is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Party {
    Caller,
    Callee,
}

/// What the two are called.
pub(super) struct Parties {
    pub(super) caller: String,
    pub(super) callee: String,
}

impl Parties {
    fn name(&self, party: Party) -> &str {
        match party {
            Party::Caller => &self.caller,
            Party::Callee => &self.callee,
        }
    }
}

/// The findings of one request. It is made by the outermost lint, whose reporter gets them.
///
/// What one lint has found, those outside of it would find again, and would blame on others, so a
/// check is reported once for a request.
pub(super) struct Record {
    destination: Destination,
    connection: Option<Arc<Connection>>,
    request: String,
    found: Mutex<Vec<Check>>,
}

impl Record {
    pub(super) fn new(destination: Destination, request: &Request) -> Record {
        let environ: Option<&Environ> = request.extensions().get();
        Record {
            destination,
            connection: environ.map(Environ::connection_shared),
            request: format!("{} {}", request.method(), request.uri().path()),
            found: Mutex::default(),
        }
    }

    pub(super) fn find(&self, check: Check, whose: &str, what: impl fmt::Display) {
        let mut found = lock(&self.found);
        if found.contains(&check) {
            return;
        }
        found.push(check);
        drop(found);
        let finding = Finding::new(check, what.to_string(), whose.into(), self.request.clone());
        match &self.connection {
            Some(connection) => self.destination.report(&finding, &*connection.errors),
            None => self.destination.report(&finding, &StandardError),
        }
    }
}

/// Where a lint stands in one request: its record, and the parties on both sides.
#[derive(Clone)]
pub(super) struct Stand {
    pub(super) record: Arc<Record>,
    pub(super) parties: Arc<Parties>,
}

impl Stand {
    pub(super) fn find(&self, check: Check, party: Party, what: impl fmt::Display) {
        self.record.find(check, self.parties.name(party), what);
    }

    pub(super) fn find_all(&self, party: Party, found: Vec<(Check, String)>) {
        for (check, what) in found {
            self.find(check, party, what);
        }
    }
}

/// In the extensions of a request: what the lint outside of here has left for the next one.
#[derive(Clone)]
pub(super) struct Trail {
    pub(super) record: Arc<Record>,
    pub(super) seen: Arc<Seen>,
    /// Between the two sides of one middleware: of the innermost, where they are nested.
    pub(super) exchange: Option<Arc<Exchange>>,
}

/// What a request was like where a lint saw it.
pub(super) struct Seen {
    pub(super) uri: Uri,
    pub(super) original: Uri,
    pub(super) split: usize,
    pub(super) has_environ: bool,
}

impl Seen {
    pub(super) fn of(request: &Request) -> Seen {
        Seen {
            uri: request.uri().clone(),
            original: request.original_target().clone(),
            split: request.environ().script_name as usize,
            has_environ: request.extensions().get::<Environ>().is_some(),
        }
    }
}
