//! What is wrong with a request: [`Refusal`].

use std::fmt;

/// Why a request is refused, and with which status.
///
/// The words are the same for the client and for the log. They name what is wrong and repeat
/// nothing of what was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) why: &'static str,
}

impl Refusal {
    pub(crate) const fn new(status: u16, why: &'static str) -> Refusal {
        Refusal { status, why }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.why, self.status)
    }
}

impl std::error::Error for Refusal {}

pub(crate) const LONG_LINE: Refusal = Refusal::new(414, "the request line is too long");
pub(crate) const LONG_TARGET: Refusal = Refusal::new(414, "the target is too long");
pub(crate) const LONG_HEAD: Refusal = Refusal::new(431, "the head is too long");
pub(crate) const LONG_FIELD: Refusal = Refusal::new(431, "a field is too long");
pub(crate) const MANY_FIELDS: Refusal = Refusal::new(431, "there are too many fields");
pub(crate) const LONG_TRAILERS: Refusal = Refusal::new(431, "the trailers are too long");
pub(crate) const MANY_TRAILERS: Refusal = Refusal::new(431, "there are too many trailers");

/// A request that two programs could read differently.
pub(crate) const fn bad(why: &'static str) -> Refusal {
    Refusal::new(400, why)
}
