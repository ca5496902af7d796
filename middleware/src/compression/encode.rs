//! What an encoder does, whichever the coding: [`Encode`].

use super::coding::EncodeError;

/// An encoder of one body after the other.
pub(super) trait Encode: Send {
    /// Takes some of `input` and writes some of its encoding to `output`, neither of which is
    /// empty, except that `input` is where nothing is left to encode.
    fn step(&mut self, input: &[u8], output: &mut [u8], aim: Aim) -> Result<Step, EncodeError>;

    /// Forgets the body at hand, to encode another; `false` where a new encoder is as good.
    fn reset(&mut self) -> bool;
}

/// What an encoder is to do with its input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Aim {
    /// Take it, and write when it pays.
    Feed,
    /// Write all of it, so that a decoder can give all of it.
    Flush,
    /// Write all of it, and the end.
    Finish,
}

/// What an encoder did.
#[derive(Debug, Clone, Copy)]
pub(super) struct Step {
    /// Bytes taken of the input.
    pub(super) read: usize,
    /// Bytes written to the output.
    pub(super) written: usize,
    /// Whether the aim is reached: all is taken, and for the other two all is written.
    pub(super) done: bool,
}
