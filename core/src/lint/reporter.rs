//! Where findings go: [`Reporter`] and [`Findings`].

use std::{
    collections::HashSet,
    hash::{DefaultHasher, Hash, Hasher},
    sync::{Arc, Mutex},
};

use super::{Finding, Severity};
use crate::{ErrorSink, lifecycle::lock};

/// Is told what a [`Lint`](super::Lint) finds. A closure is one.
pub trait Reporter: Send + Sync {
    /// Takes a finding, in the middle of the request that it is about.
    fn report(&self, finding: &Finding);
}

impl<F: Fn(&Finding) + Send + Sync> Reporter for F {
    fn report(&self, finding: &Finding) {
        self(finding);
    }
}

/// What was found so far, for tests and tools. A clone shows the same.
#[derive(Clone, Debug, Default)]
pub struct Findings(Arc<Mutex<Vec<Finding>>>);

impl Findings {
    /// Takes what was found so far.
    #[must_use]
    pub fn take(&self) -> Vec<Finding> {
        std::mem::take(&mut lock(&self.0))
    }
}

impl Reporter for Findings {
    fn report(&self, finding: &Finding) {
        lock(&self.0).push(finding.clone());
    }
}

/// Panics at a breach. A host catches that, so it panics once more when it is dropped, with its
/// lint, at the end of a test.
#[derive(Default)]
pub(super) struct Panicking(Mutex<Vec<String>>);

impl Reporter for Panicking {
    fn report(&self, finding: &Finding) {
        if finding.severity() < Severity::Breach {
            return;
        }
        lock(&self.0).push(finding.to_string());
        if !std::thread::panicking() {
            panic!("{finding}");
        }
    }
}

impl Drop for Panicking {
    fn drop(&mut self) {
        let found = lock(&self.0);
        if !found.is_empty() && !std::thread::panicking() {
            panic!("{}", found.join("\n"));
        }
    }
}

/// So many findings are told, that no client fills a log with what it makes up.
const AT_MOST: usize = 1000;

/// Writes each finding once to the error stream of the host.
#[derive(Default)]
pub(super) struct ToErrorStream(Mutex<HashSet<u64>>);

impl ToErrorStream {
    pub(super) fn report(&self, finding: &Finding, errors: &dyn ErrorSink) {
        let mut hasher = DefaultHasher::new();
        (finding.rules(), finding.what(), finding.whose()).hash(&mut hasher);
        let mut told = lock(&self.0);
        if told.len() == AT_MOST || !told.insert(hasher.finish()) {
            return;
        }
        let is_last = told.len() == AT_MOST;
        drop(told);
        errors.report(&format!("lint: {finding}"));
        if is_last {
            errors.report(&format!(
                "lint: these were {AT_MOST} findings; no more are told"
            ));
        }
    }
}
