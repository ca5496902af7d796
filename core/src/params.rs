//! What the routes have matched that a request has passed.

use std::{fmt, str::FromStr, sync::Arc};

use percent_encoding::percent_decode_str;
use smallvec::SmallVec;

use crate::{
    Error, Result,
    router::{Place, Routes},
};

#[cfg(feature = "params")]
mod deserialize;

/// The routes that a request has passed, the outermost first, and where in the path their
/// parameters are. Two routes and four parameters cost no allocation.
#[derive(Clone, Default)]
pub(crate) struct Params {
    passed: SmallVec<[Passed; 2]>,
    spans: Spans,
}

/// A route that a request has passed. The names of its parameters are the route's, shared.
#[derive(Clone)]
pub(crate) struct Passed {
    pub(crate) routes: Arc<Routes>,
    pub(crate) place: Place,
    /// The length of the script name of the router that it belongs to.
    pub(crate) script_name: u32,
}

pub(crate) type Spans = SmallVec<[Span; 4]>;

/// From where to where, in bytes of the path.
#[derive(Clone, Copy)]
pub(crate) struct Span(u32, u32);

impl Span {
    /// `http` holds no path of 64 KiB.
    pub(crate) const fn new(start: usize, end: usize) -> Span {
        Span(start as u32, end as u32)
    }

    /// The piece of `path`, where it has one.
    pub(crate) fn of(self, path: &str) -> Option<&str> {
        path.get(self.0 as usize..self.1 as usize)
    }
}

impl Params {
    pub(crate) const fn new() -> Params {
        Params {
            passed: SmallVec::new_const(),
            spans: SmallVec::new_const(),
        }
    }

    /// Adds a route, with the places of its parameters in the order of their names.
    pub(crate) fn pass(&mut self, passed: Passed, spans: Spans) {
        self.passed.push(passed);
        if self.spans.is_empty() {
            self.spans = spans;
        } else {
            self.spans.extend(spans);
        }
    }

    /// The routes that were passed, the outermost first.
    pub(crate) fn passed(&self) -> &[Passed] {
        &self.passed
    }

    /// The route that was passed last.
    pub(crate) fn last_mut(&mut self) -> Option<&mut Passed> {
        self.passed.last_mut()
    }

    /// The value of the parameter `name` in `path`.
    pub(crate) fn get<T>(&self, path: &str, name: &str) -> Result<T>
    where
        T: FromStr<Err: fmt::Display>,
    {
        // The innermost route's, where two have the name.
        let (_, span) = self
            .spans()
            .filter(|(known, _)| *known == name)
            .last()
            .ok_or_else(|| Mistake::Unknown {
                name: name.to_owned(),
                known: self.spans().map(|(known, _)| known.to_owned()).collect(),
            })?;
        text(path, name, span)?
            .parse()
            .map_err(|error| unfit(name, error))
    }

    /// The names, in the order in which they stand in the path, and their places.
    fn spans(&self) -> impl Iterator<Item = (&str, Span)> {
        let routes = self.passed.iter();
        let names = routes.flat_map(|passed| passed.routes.pattern(passed.place).names());
        names.zip(self.spans.iter().copied())
    }
}

/// The text at `span` of `path`, decoded.
fn text<'a>(path: &'a str, name: &str, span: Span) -> Result<std::borrow::Cow<'a, str>> {
    let raw = span.of(path).ok_or(Mistake::Rewritten)?;
    percent_decode_str(raw)
        .decode_utf8()
        .map_err(|_| unfit(name, "it is not UTF-8"))
}

/// What a client is told about a value.
fn unfit(name: &str, problem: impl fmt::Display) -> Error {
    Error::bad_request().message(format!("path parameter `{name}`: {problem}"))
}

/// What is wrong with an app, and not with a request: a 500.
#[derive(Debug)]
enum Mistake {
    Unknown { name: String, known: Vec<String> },
    Rewritten,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Mistake::Unknown { name, known } if known.is_empty() => {
                write!(f, "no path parameter `{name}`: the route has none")
            }
            Mistake::Unknown { name, known } => {
                let known = known.join("`, `");
                write!(f, "no path parameter `{name}`: the route has `{known}`")
            }
            Mistake::Rewritten => f.write_str("the path was rewritten behind the route"),
        }
    }
}

impl std::error::Error for Mistake {}

/// The patterns of the routes.
impl fmt::Debug for Params {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let passed = self.passed.iter();
        f.debug_list()
            .entries(passed.map(|passed| passed.routes.pattern(passed.place).text()))
            .finish()
    }
}
