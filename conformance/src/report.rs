//! What came of all cases on one target: [`Report`].

use std::{fmt, fs, io, path::Path};

use serde::{Deserialize, Serialize};

/// What came of all cases on one target.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Report {
    /// The target's name.
    pub target: String,
    /// Each case, in the kit's order, and what came of it.
    pub verdicts: Vec<(String, Verdict)>,
}

/// What came of one case on one target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Verdict {
    /// The host keeps the rule.
    Pass,
    /// The web server in front of the host breaks the rule as is expected of it.
    Deviates {
        /// Why.
        reason: String,
    },
    /// It cannot be tried on this target.
    NotApplicable {
        /// What is missing, and why.
        reason: String,
    },
    /// It is otherwise than it must be.
    Fail {
        /// What was expected.
        expected: String,
        /// What was there instead.
        got: String,
    },
}

impl Report {
    /// Whether nothing failed.
    #[must_use]
    pub fn is_conforming(&self) -> bool {
        self.failures().next().is_none()
    }

    /// The report, if nothing failed.
    ///
    /// # Errors
    ///
    /// The report, if something failed. Its `Debug` is the list of what did.
    pub fn conforming(self) -> Result<Report, NotConforming> {
        if self.is_conforming() {
            Ok(self)
        } else {
            Err(NotConforming(self))
        }
    }

    /// Writes the report into `folder`, from which a [`Matrix`](crate::Matrix) can be read.
    ///
    /// # Errors
    ///
    /// If it cannot be written.
    pub fn save(&self, folder: &Path) -> io::Result<()> {
        fs::create_dir_all(folder)?;
        let file = folder.join(format!("{}.json", self.target));
        fs::write(file, serde_json::to_vec(self)?)
    }

    fn failures(&self) -> impl Iterator<Item = (&str, &str, &str)> {
        self.verdicts
            .iter()
            .filter_map(|(case, verdict)| match verdict {
                Verdict::Fail { expected, got } => Some((&**case, &**expected, &**got)),
                _ => None,
            })
    }

    fn count(&self, of: impl Fn(&Verdict) -> bool) -> usize {
        self.verdicts
            .iter()
            .filter(|(_, verdict)| of(verdict))
            .count()
    }
}

/// One line, and one for each failure.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{}: {} passed, {} deviated, {} not applicable, {} failed",
            self.target,
            self.count(|verdict| *verdict == Verdict::Pass),
            self.count(|verdict| matches!(verdict, Verdict::Deviates { .. })),
            self.count(|verdict| matches!(verdict, Verdict::NotApplicable { .. })),
            self.failures().count(),
        )?;
        for (case, expected, got) in self.failures() {
            writeln!(f, "  {case}\n    expected {expected}\n    got      {got}")?;
        }
        Ok(())
    }
}

/// A host that breaks a rule.
pub struct NotConforming(Report);

impl NotConforming {
    /// What came of all cases.
    #[must_use]
    pub const fn report(&self) -> &Report {
        &self.0
    }
}

impl fmt::Display for NotConforming {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// The same, so that a test that returns it shows what failed.
impl fmt::Debug for NotConforming {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl std::error::Error for NotConforming {}
