//! Why a file of accounts is refused: [`HtpasswdError`].

use std::{
    error::Error,
    fmt, io,
    path::{Path, PathBuf},
};

/// Why a file of accounts is refused. Says where, and never what a line holds.
#[derive(Debug)]
pub struct HtpasswdError {
    path: Option<PathBuf>,
    problem: Problem,
}

#[derive(Debug)]
pub(super) enum Problem {
    Read(io::Error),
    /// A line, counted from 1, and what is in it that must not be.
    Line {
        line: usize,
        what: &'static str,
    },
    Random(getrandom::Error),
}

impl HtpasswdError {
    pub(super) fn new(path: Option<&Path>, problem: Problem) -> HtpasswdError {
        let path = path.map(Path::to_owned);
        HtpasswdError { path, problem }
    }

    /// The line that is refused, counted from 1, if it is one.
    #[must_use]
    pub fn line(&self) -> Option<usize> {
        match self.problem {
            Problem::Line { line, .. } => Some(line),
            Problem::Read(_) | Problem::Random(_) => None,
        }
    }
}

impl fmt::Display for HtpasswdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(path) = &self.path {
            write!(f, "{}: ", path.display())?;
        }
        match self.problem {
            Problem::Read(_) => f.write_str("cannot read the accounts"),
            Problem::Line { line, what } => {
                write!(f, "line {line}: {what}; make the line with `htpasswd -B`")
            }
            Problem::Random(_) => f.write_str("the system has no random bytes"),
        }
    }
}

impl Error for HtpasswdError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.problem {
            Problem::Read(cause) => Some(cause),
            Problem::Random(cause) => Some(cause),
            Problem::Line { .. } => None,
        }
    }
}
