//! Without hyper no connection can be taken over.

use crate::{Request, Response};

pub(super) struct Takeover;

impl Takeover {
    pub(super) const POSSIBLE: bool = false;

    pub(super) const fn offer(_: &mut Request) -> Takeover {
        Takeover
    }

    pub(super) const fn begin(self, _: &Response) {}
}
