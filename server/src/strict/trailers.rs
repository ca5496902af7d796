//! What trailers may say: [`are_trailers`].

use enfilade_core::host::{BARRED_FROM_TRAILERS, is_barred_from_trailers};
use http::{HeaderMap, HeaderName};

/// Whether `fields`, which came behind a body, may have come there.
pub(crate) fn are_trailers(fields: &HeaderMap) -> bool {
    let mut names = fields.keys().map(HeaderName::as_str);
    names.all(|name| !is_barred_from_trailers(name) && !name.contains('_'))
}

/// The bytes of the longest name that may not.
pub(super) const LONGEST: usize = {
    let (mut n, mut longest) = (0, 0);
    while n < BARRED_FROM_TRAILERS.len() {
        if BARRED_FROM_TRAILERS[n].len() > longest {
            longest = BARRED_FROM_TRAILERS[n].len();
        }
        n += 1;
    }
    longest
};
