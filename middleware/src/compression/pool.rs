//! Idle encoders and room to write, kept for each thread.
//!
//! A new gzip state is 300 KiB of fresh memory: page faults, clearing, and giving it back took a
//! third of the time of a small response.

use std::cell::RefCell;

use super::{
    Coding,
    coding::EncodeError,
    encode::{Aim, Encode, Step},
};

/// Idle encoders that a thread keeps. Most sites use two codings; streams come and go in bursts.
const MAX_IDLE: usize = 4;

/// What an encoder writes at once, in bytes.
pub(super) const BLOCK: usize = 16 * 1024;

thread_local! {
    static IDLE: RefCell<Vec<(Kind, Box<dyn Encode>)>> = const { RefCell::new(Vec::new()) };
    static ROOM: RefCell<Box<[u8]>> = RefCell::new(vec![0; BLOCK].into());
}

/// What makes two encoders interchangeable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Kind {
    pub(super) coding: Coding,
    pub(super) level: i32,
}

/// An encoder that goes back to the pool of the thread where it is dropped, unless it failed.
pub(super) struct Lease {
    kind: Kind,
    encoder: Option<Box<dyn Encode>>,
}

impl Lease {
    pub(super) fn take(kind: Kind) -> Result<Lease, EncodeError> {
        let idle = IDLE.with_borrow_mut(|idle| {
            let found = idle.iter().rposition(|(other, _)| *other == kind)?;
            Some(idle.remove(found).1)
        });
        let encoder = match idle {
            Some(encoder) => encoder,
            None => (kind.coding.codec().encoder)(kind.level)?,
        };
        Ok(Lease {
            kind,
            encoder: Some(encoder),
        })
    }

    /// Encodes some of `input`, and appends at most [`BLOCK`] bytes to `output`.
    pub(super) fn step(
        &mut self,
        input: &[u8],
        output: &mut Vec<u8>,
        aim: Aim,
    ) -> Result<Step, EncodeError> {
        let Some(encoder) = &mut self.encoder else {
            return Err(EncodeError("it failed before".to_owned()));
        };
        // Written aside and copied, so that what is kept is as large as what was written: an
        // event stream would hold a whole block for each small event otherwise.
        let step = ROOM.with_borrow_mut(|room| {
            let step = encoder.step(input, room, aim)?;
            if step.read == 0 && step.written == 0 && !step.done {
                // Asking again would not end.
                return Err(EncodeError("the encoder is stuck".to_owned()));
            }
            output.extend_from_slice(&room[..step.written]);
            Ok(step)
        });
        if step.is_err() {
            self.encoder = None;
        }
        step
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let Some(mut encoder) = self.encoder.take() else {
            return;
        };
        if !encoder.reset() {
            return;
        }
        // Fails where the thread is ending, which drops the encoder.
        let _ = IDLE.try_with(|idle| {
            let mut idle = idle.borrow_mut();
            if idle.len() == MAX_IDLE {
                idle.remove(0);
            }
            idle.push((self.kind, encoder));
        });
    }
}
