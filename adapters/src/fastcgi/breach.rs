//! What a web server may do wrong: [`Breach`].

use std::{error::Error as StdError, fmt};

use super::{pairs::CutPair, record::BadVersion};

/// Why what comes from a web server cannot be understood any further. The connection is closed:
/// where a record begins is no longer known, or what it would mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Breach {
    Version(BadVersion),
    CutPair,
    IdInUse,
    BeginLength,
    StreamOutOfTurn,
    QueryTooLong,
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Breach::Version(version) => return fmt::Display::fmt(version, f),
            Breach::CutPair => return fmt::Display::fmt(&CutPair, f),
            Breach::IdInUse => "BEGIN_REQUEST for a request that has begun already",
            Breach::BeginLength => "BEGIN_REQUEST whose content has not eight bytes",
            Breach::StreamOutOfTurn => "a record of PARAMS or STDIN out of its turn",
            Breach::QueryTooLong => "GET_VALUES that asks for more than there is to know",
        })
    }
}

impl StdError for Breach {}

impl From<BadVersion> for Breach {
    fn from(version: BadVersion) -> Breach {
        Breach::Version(version)
    }
}

impl From<CutPair> for Breach {
    fn from(_: CutPair) -> Breach {
        Breach::CutPair
    }
}
