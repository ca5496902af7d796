//! How long a head may be: [`Lengths`].

/// The most of a head that is read, and of trailers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lengths {
    /// Bytes in all.
    pub(crate) head: usize,
    /// Bytes of the request line, and of each field.
    pub(crate) line: usize,
    /// Bytes of the target.
    pub(crate) target: usize,
    /// Fields.
    pub(crate) fields: usize,
}
