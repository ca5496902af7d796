//! What a route's pattern matched.

/// The parameters of the routes that a request has passed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Params {}

impl Params {
    pub(crate) const fn new() -> Params {
        Params {}
    }
}
