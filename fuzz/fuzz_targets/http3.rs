//! Any bytes as a stream of HTTP/3: wherever they are cut, the same frames are seen, no more is kept
//! than may be, and a section of fields is read to its end or refused.
//!
//! `cargo +nightly fuzz run http3`

#![no_main]

use libfuzzer_sys::fuzz_target;

// They are the server's own affair, so they are compiled in here.
#[allow(dead_code, reason = "the server uses all of it")]
#[path = "."]
mod http3 {
    #[path = "../../server/src/http3/frames.rs"]
    mod frames;
    #[path = "../../server/src/http3/section.rs"]
    mod section;

    use bytes::Bytes;
    use h3::error::Code;

    use frames::{Frames, Piece};
    use section::{Section, check};

    const LIMIT: u64 = 64;

    /// The pieces of `chunks`, joined where they are of one frame, and whether the stream may end.
    fn read<'a>(chunks: impl Iterator<Item = &'a [u8]>) -> (Vec<Piece>, Result<bool, Code>) {
        let (mut frames, mut pieces) = (Frames::new(LIMIT), Vec::new());
        for chunk in chunks {
            let mut input = Bytes::copy_from_slice(chunk);
            loop {
                match frames.next(&mut input) {
                    Err(code) => return (pieces, Err(code)),
                    Ok(None) => break,
                    Ok(Some(piece)) => match (pieces.last_mut(), piece) {
                        (Some(Piece::Data(before)), Piece::Data(data))
                            if !before.is_empty() && !data.is_empty() =>
                        {
                            *before = [&before[..], &data].concat().into();
                        }
                        (_, piece) => pieces.push(piece),
                    },
                }
            }
            assert!(input.is_empty());
        }
        (pieces, Ok(frames.is_between()))
    }

    pub(super) fn run(bytes: &[u8], cuts: &[u8]) {
        let whole = read(std::iter::once(bytes));
        let mut rest = bytes;
        let mut parts = Vec::new();
        for cut in cuts {
            let (part, behind) = rest.split_at(usize::from(*cut).min(rest.len()));
            parts.push(part);
            rest = behind;
        }
        parts.push(rest);
        assert_eq!(read(parts.into_iter()), whole);
        for piece in whole.0 {
            if let Piece::Headers(section) = piece {
                assert!(section.len() as u64 <= LIMIT);
                let _ = check(&section, Section::Head);
                let _ = check(&section, Section::Trailers);
            }
        }
        let _ = check(bytes, Section::Head);
    }
}

fuzz_target!(|input: (Vec<u8>, Vec<u8>)| http3::run(&input.0, &input.1));
