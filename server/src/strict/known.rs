//! The fields that a client sent last: [`Known`].

use super::head::Framing;

/// The longest fields that are kept.
const LIMIT: usize = 2 * 1024;

/// The fields of a connection's last head, where they were usual, and what they say.
///
/// A client says the same again and again, but for the path; a comparison with what it said last
/// is ten times as cheap as reading it. They are kept from the second request on: who asks once
/// has nothing of it.
#[derive(Debug, Default)]
pub(super) struct Known {
    fields: Vec<u8>,
    framing: Option<Framing>,
    asked: bool,
}

impl Known {
    /// The length of the fields at the start of `bytes`, and what they say, if they are known.
    #[inline(always)]
    pub(super) fn find(&self, bytes: &[u8]) -> Option<(usize, Framing)> {
        let framing = self.framing?;
        let same = bytes.starts_with(&self.fields);
        same.then_some((self.fields.len(), framing))
    }

    /// Keeps none until the next head, nor room for them.
    pub(super) fn forget(&mut self) {
        (self.fields, self.framing) = (Vec::new(), None);
    }

    /// Keeps `fields`, whose last line is empty.
    pub(super) fn keep(&mut self, fields: &[u8], framing: Framing) {
        if std::mem::replace(&mut self.asked, true) && fields.len() <= LIMIT {
            self.fields.clear();
            self.fields.extend_from_slice(fields);
            self.framing = Some(framing);
        }
    }
}
