//! All cases, in groups.

use crate::Case;

mod ends;
mod requests;
mod responses;

/// All cases, in the order of the matrix.
#[must_use]
pub fn all() -> Vec<Case> {
    [requests::cases(), responses::cases(), ends::cases()]
        .into_iter()
        .flatten()
        .collect()
}
