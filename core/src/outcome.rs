//! How a request went: [`Outcome`].

use http::StatusCode;

use crate::Ending;

/// How a request went, as [`Environ::on_finish`](crate::Environ::on_finish) tells when it is over.
///
/// | the client | [`status`](Outcome::status) | [`ending`](Outcome::ending) |
/// |---|---|---|
/// | was handed everything | some | [`Complete`](Ending::Complete) |
/// | saw the body break off, for the app failed | some | [`Failed`](Ending::Failed) |
/// | left within the body | some | [`Dropped`](Ending::Dropped) |
/// | left before the head, and the app was cancelled | none | [`Dropped`](Ending::Dropped) |
/// | left before the head, and the app went on to its end | some | [`Unsent`](Ending::Unsent) |
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Outcome {
    /// That of the response, where there is one.
    pub status: Option<StatusCode>,
    /// The bytes of its body that were handed on.
    pub bytes: u64,
    /// How it ended.
    pub ending: Ending,
}
