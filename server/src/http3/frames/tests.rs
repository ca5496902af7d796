use super::*;

/// The pieces of `bytes`, which come `step` at a time, and whether they end between frames.
fn pieces(bytes: &[u8], step: usize) -> Result<(Vec<Piece>, bool), Code> {
    let (mut frames, mut pieces) = (Frames::new(4), Vec::new());
    for chunk in bytes.chunks(step) {
        let mut input = Bytes::copy_from_slice(chunk);
        while let Some(piece) = frames.next(&mut input)? {
            match (pieces.last_mut(), piece) {
                (Some(Piece::Data(before)), Piece::Data(data)) if !data.is_empty() => {
                    *before = [&before[..], &data].concat().into();
                }
                (_, piece) => pieces.push(piece),
            }
        }
        assert!(input.is_empty());
    }
    Ok((pieces, frames.is_between()))
}

#[test]
fn frames_are_told_apart_however_they_come() {
    let bytes = b"\x01\x02hh\x00\x05hello\x21\x03xyz\x00\x00\x40\x01\x40\x05toolo\x07\x01\x04";
    for step in 1..=bytes.len() {
        let (pieces, between) = pieces(bytes, step).expect("they are in order");
        let told = [
            Piece::Headers(Bytes::from_static(b"hh")),
            Piece::Data(Bytes::from_static(b"hello")),
            Piece::Unknown,
            Piece::Data(Bytes::new()),
            Piece::LongHeaders,
            Piece::Other(kind::GOAWAY, Bytes::from_static(b"\x04")),
        ];
        assert_eq!(pieces, told, "{step}");
        assert!(between);
    }
}

#[test]
fn one_that_was_cut_short_is_no_end() {
    for cut in [
        &b"\x00"[..],
        b"\x00\x02x",
        b"\x01\x02h",
        b"\x21\x02x",
        b"\x40",
    ] {
        let (_, between) = pieces(cut, 1).expect("as far as it came");
        assert!(!between, "{cut:?}");
    }
}

#[test]
fn what_is_too_long_or_out_of_place_is_an_error_before_it_has_come() {
    for (bytes, code) in [
        // 2^62 - 1 bytes.
        (
            &b"\x04\xff\xff\xff\xff\xff\xff\xff\xff"[..],
            Code::H3_EXCESSIVE_LOAD,
        ),
        (b"\x07\x09", Code::H3_EXCESSIVE_LOAD),
        (b"\x07\x00", Code::H3_FRAME_ERROR),
        (b"\x07\x02\x01\x00", Code::H3_FRAME_ERROR),
        (b"\x07\x01\x40", Code::H3_FRAME_ERROR),
        (b"\x05\x01", Code::H3_FRAME_UNEXPECTED),
        (b"\x02\x01", Code::H3_FRAME_UNEXPECTED),
        (b"\x06\x01", Code::H3_FRAME_UNEXPECTED),
        (b"\x08\x01", Code::H3_FRAME_UNEXPECTED),
        (b"\x09\x01", Code::H3_FRAME_UNEXPECTED),
    ] {
        assert_eq!(pieces(bytes, 1).expect_err("it is refused"), code);
    }
}

#[test]
fn nothing_is_kept_of_what_is_skipped() {
    let mut frames = Frames::new(4);
    let mut input = Bytes::from_static(b"\x01\xc0\x00\x00\x10\x00\x00\x00\x00");
    assert_eq!(frames.next(&mut input), Ok(None));
    for _ in 0..1000 {
        let mut input = Bytes::from(vec![0; 1000]);
        assert_eq!(frames.next(&mut input), Ok(None));
        assert!(input.is_empty());
    }
    assert!(matches!(frames.state, State::Skip(..)));
}

#[test]
fn numbers_have_one_two_four_or_eight_bytes() {
    for (bytes, number) in [
        (&b"\x25"[..], 37),
        (b"\x40\x25", 37),
        (b"\x7b\xbd", 15_293),
        (b"\x9d\x7f\x3e\x7d", 494_878_333),
        (b"\xc2\x19\x7c\x5e\xff\x14\xe8\x8c", 151_288_809_941_952_652),
    ] {
        assert_eq!(read_number(bytes), Some((number, bytes.len())));
        assert_eq!(read_number(&bytes[..bytes.len() - 1]), None);
    }
}

#[test]
fn what_is_made_for_h3_reads_as_what_it_was() {
    let mut made = frame(kind::HEADERS, b"hh");
    let piece = Frames::new(4).next(&mut made);
    assert_eq!(piece, Ok(Some(Piece::Headers(Bytes::from_static(b"hh")))));
}
