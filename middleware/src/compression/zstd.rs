//! zstd.

use zstd_safe::{
    CCtx, CParameter, InBuffer, OutBuffer, ResetDirective, get_error_name,
    zstd_sys::ZSTD_EndDirective,
};

use super::{
    coding::{Codec, EncodeError},
    encode::{Aim, Encode, Step},
};

pub(super) static ZSTD: Codec = Codec {
    name: "zstd",
    levels: 1..=19,
    level: 3,
    encoder: |level| Ok(Box::new(Zstd::new(level)?)),
};

/// 256 KiB instead of 2 MiB or more: files larger than that come out 2 % larger, and a stream holds
/// 1.2 MB at most instead of 3.6.
const WINDOW_BITS: u32 = 18;

/// Tables of 128 KiB instead of 256 and 512 for the fast levels, which clear them for each body
/// of unknown length. Costs no measurable compression within the window.
const TABLE_BITS: u32 = 15;

const FAST_LEVELS: i32 = 3;

struct Zstd(CCtx<'static>);

impl Zstd {
    fn new(level: i32) -> Result<Zstd, EncodeError> {
        let mut context = CCtx::try_create().ok_or_else(|| EncodeError("no memory".to_owned()))?;
        let mut set = |parameter| context.set_parameter(parameter).map_err(error);
        set(CParameter::CompressionLevel(level))?;
        set(CParameter::WindowLog(WINDOW_BITS))?;
        if level <= FAST_LEVELS {
            set(CParameter::HashLog(TABLE_BITS))?;
            set(CParameter::ChainLog(TABLE_BITS))?;
        }
        Ok(Zstd(context))
    }
}

impl Encode for Zstd {
    fn step(&mut self, input: &[u8], output: &mut [u8], aim: Aim) -> Result<Step, EncodeError> {
        let directive = match aim {
            Aim::Feed => ZSTD_EndDirective::ZSTD_e_continue,
            Aim::Flush => ZSTD_EndDirective::ZSTD_e_flush,
            Aim::Finish => ZSTD_EndDirective::ZSTD_e_end,
        };
        let mut source = InBuffer::around(input);
        let mut sink = OutBuffer::around(output);
        let left = self
            .0
            .compress_stream2(&mut sink, &mut source, directive)
            .map_err(error)?;
        let (read, written) = (source.pos(), sink.pos());
        let done = read == input.len() && (aim == Aim::Feed || left == 0);
        Ok(Step {
            read,
            written,
            done,
        })
    }

    fn reset(&mut self) -> bool {
        self.0.reset(ResetDirective::SessionOnly).is_ok()
    }
}

fn error(code: usize) -> EncodeError {
    EncodeError(get_error_name(code).to_owned())
}
