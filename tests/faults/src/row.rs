//! One fault: [`Row`], and what came of it: [`Line`].

use std::{fmt, future::Future, pin::Pin};

use anyhow::Result;

use crate::bench::Bench;

/// Something that is done to a server.
pub(crate) struct Row {
    /// What to ask for on the command line.
    pub(crate) name: &'static str,
    /// Whether it is quick enough for each test run.
    pub(crate) is_quick: bool,
    pub(crate) run: fn(&Bench) -> Running<'_>,
}

pub(crate) type Running<'a> = Pin<Box<dyn Future<Output = Result<Vec<Line>>> + 'a>>;

/// A figure, beside the one that is wanted.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) done: String,
    pub(crate) figure: String,
    pub(crate) wanted: String,
    pub(crate) verdict: Verdict,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Pass,
    Miss,
    /// What is wanted was missed by a time that other work on the machine decides, too: it is
    /// reported, and fails nothing.
    Slow,
    Skip(String),
}

impl Line {
    /// `holds`: whether the figure is the one that is wanted.
    pub(crate) fn new(
        done: impl Into<String>,
        figure: impl Into<String>,
        wanted: impl Into<String>,
        holds: bool,
    ) -> Line {
        Line {
            done: done.into(),
            figure: figure.into(),
            wanted: wanted.into(),
            verdict: if holds { Verdict::Pass } else { Verdict::Miss },
        }
    }

    /// The same, where the machine decides.
    pub(crate) fn timed(
        done: impl Into<String>,
        figure: impl Into<String>,
        wanted: impl Into<String>,
        holds: bool,
    ) -> Line {
        let mut line = Line::new(done, figure, wanted, holds);
        if !holds {
            line.verdict = Verdict::Slow;
        }
        line
    }

    /// What could not be tried here.
    pub(crate) fn skipped(done: impl Into<String>, why: impl Into<String>) -> Line {
        Line {
            done: done.into(),
            figure: "-".to_owned(),
            wanted: "-".to_owned(),
            verdict: Verdict::Skip(why.into()),
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Verdict::Pass => f.write_str("pass"),
            Verdict::Miss => f.write_str("MISS"),
            Verdict::Slow => f.write_str("missed by time"),
            Verdict::Skip(why) => write!(f, "SKIP: {why}"),
        }
    }
}
