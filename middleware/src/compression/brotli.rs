//! br.

use brotli::enc::{
    StandardAlloc,
    encode::{BrotliEncoderOperation, BrotliEncoderParameter, BrotliEncoderStateStruct},
};

use super::{
    coding::{Codec, EncodeError},
    encode::{Aim, Encode, Step},
};

pub(super) static BROTLI: Codec = Codec {
    name: "br",
    levels: 0..=11,
    level: 4,
    encoder: |level| Ok(Box::new(Brotli::new(level))),
};

/// 512 KiB: beyond, files larger than that gain 2 %, and an open stream may hold 8 MB.
const WINDOW_BITS: u32 = 19;

struct Brotli(BrotliEncoderStateStruct<StandardAlloc>);

impl Brotli {
    fn new(level: i32) -> Brotli {
        let mut state = BrotliEncoderStateStruct::new(StandardAlloc::default());
        state.set_parameter(
            BrotliEncoderParameter::BROTLI_PARAM_QUALITY,
            level.unsigned_abs(),
        );
        state.set_parameter(BrotliEncoderParameter::BROTLI_PARAM_LGWIN, WINDOW_BITS);
        Brotli(state)
    }
}

impl Encode for Brotli {
    fn step(&mut self, input: &[u8], output: &mut [u8], aim: Aim) -> Result<Step, EncodeError> {
        let (mut read, mut written) = (0, 0);
        let encoded = self.0.compress_stream(
            match aim {
                Aim::Feed => BrotliEncoderOperation::BROTLI_OPERATION_PROCESS,
                Aim::Flush => BrotliEncoderOperation::BROTLI_OPERATION_FLUSH,
                Aim::Finish => BrotliEncoderOperation::BROTLI_OPERATION_FINISH,
            },
            &mut input.len(),
            input,
            &mut read,
            &mut output.len(),
            output,
            &mut written,
            &mut None,
            &mut |_, _, _, _| (),
        );
        if !encoded {
            return Err(EncodeError("brotli refused its input".to_owned()));
        }
        let done = match aim {
            Aim::Feed => read == input.len(),
            Aim::Flush => read == input.len() && !self.0.has_more_output(),
            Aim::Finish => self.0.is_finished(),
        };
        Ok(Step {
            read,
            written,
            done,
        })
    }

    /// The library cannot begin anew with the memory that it has.
    fn reset(&mut self) -> bool {
        false
    }
}
