//! Why keys are refused: [`JwtKeyError`].

use std::{
    error::Error,
    fmt, io,
    path::{Path, PathBuf},
};

/// Why keys for JSON Web Tokens are refused. Says where, and never what a key holds.
#[derive(Debug)]
pub struct JwtKeyError {
    path: Option<PathBuf>,
    problem: Problem,
}

#[derive(Debug)]
enum Problem {
    Read(io::Error),
    Json(serde_json::Error),
    Key(&'static str),
    /// One of a set, counted from 0.
    Nth(usize, &'static str),
}

impl JwtKeyError {
    pub(super) fn read(cause: io::Error) -> JwtKeyError {
        Problem::Read(cause).into()
    }

    pub(super) fn json(cause: serde_json::Error) -> JwtKeyError {
        Problem::Json(cause).into()
    }

    pub(super) fn key(what: &'static str) -> JwtKeyError {
        Problem::Key(what).into()
    }

    pub(super) fn nth(index: usize, what: &'static str) -> JwtKeyError {
        Problem::Nth(index, what).into()
    }

    pub(super) fn at(mut self, path: &Path) -> JwtKeyError {
        self.path = Some(path.to_owned());
        self
    }
}

impl From<Problem> for JwtKeyError {
    fn from(problem: Problem) -> JwtKeyError {
        JwtKeyError {
            path: None,
            problem,
        }
    }
}

impl fmt::Display for JwtKeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(path) = &self.path {
            write!(f, "{}: ", path.display())?;
        }
        match &self.problem {
            Problem::Read(_) => f.write_str("cannot read the keys"),
            Problem::Json(_) => f.write_str("the keys are not JSON"),
            Problem::Key(what) => write!(f, "a key cannot be used: {what}"),
            Problem::Nth(index, what) => write!(f, "keys[{index}] cannot be used: {what}"),
        }
    }
}

impl Error for JwtKeyError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.problem {
            Problem::Read(cause) => Some(cause),
            Problem::Json(cause) => Some(cause),
            Problem::Key(_) | Problem::Nth(..) => None,
        }
    }
}
