//! Whether a body is what somebody wants to read.

use super::told::told;
use crate::{Error, Request, Result, field::media_type::MediaType};

/// 415 unless the body is what `fits` takes; `expected` is its name.
pub(super) fn expect(
    request: &Request,
    expected: &str,
    fits: impl Fn(&MediaType<'_>) -> bool,
) -> Result<()> {
    match MediaType::of(request.headers()) {
        Some(media_type) if fits(&media_type) => Ok(()),
        Some(other) => Err(Error::status(415).message(told(format_args!(
            "the body must be {expected}, and the Content-Type is {}",
            other.essence()
        )))),
        None => Err(Error::status(415).message(format!(
            "the body must be {expected}, and the request has no single Content-Type"
        ))),
    }
}
