//! What a lint has found: [`Finding`].

use std::fmt;

use super::check::Check;

/// How bad a [`Finding`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Severity {
    /// It breaks a SHOULD of the rule book, or works here and not on every host.
    Warning,
    /// It breaks a MUST of the rule book.
    Breach,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Severity::Warning => "warning",
            Severity::Breach => "breach",
        })
    }
}

/// What a [`Lint`](super::Lint) has found: which rule, by whom, what, and how to mend it.
///
/// `Display` writes all of it in one line. What comes from the request or the response is in it as
/// it was, so whoever writes it to a terminal escapes control characters, as every
/// [`ErrorSink`](crate::ErrorSink) does.
#[derive(Clone, Debug)]
pub struct Finding {
    check: Check,
    what: String,
    whose: String,
    request: String,
}

impl Finding {
    pub(super) const fn new(check: Check, what: String, whose: String, request: String) -> Finding {
        Finding {
            check,
            what,
            whose,
            request,
        }
    }

    /// How bad it is.
    #[must_use]
    pub const fn severity(&self) -> Severity {
        self.check.severity
    }

    /// The rules of [`spec`](crate::spec) that are broken, such as `A4`, the one that says it most
    /// plainly first.
    #[must_use]
    pub const fn rules(&self) -> &'static [&'static str] {
        self.check.rules
    }

    /// What was seen, in a sentence.
    #[must_use]
    pub fn what(&self) -> &str {
        &self.what
    }

    /// Who broke the rule: the host, the app, or a middleware by its name.
    #[must_use]
    pub fn whose(&self) -> &str {
        &self.whose
    }

    /// The method and the path of the request; empty for what concerns no single one.
    #[must_use]
    pub fn request(&self) -> &str {
        &self.request
    }

    /// What to do about it.
    #[must_use]
    pub const fn mend(&self) -> &'static str {
        self.check.mend
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Finding { what, whose, .. } = self;
        let rules = self.rules().join(", ");
        write!(f, "{} of rule {rules} by {whose}", self.severity())?;
        if !self.request.is_empty() {
            write!(f, " at {}", self.request)?;
        }
        write!(f, ": {what}; to mend it: {}", self.mend())
    }
}
