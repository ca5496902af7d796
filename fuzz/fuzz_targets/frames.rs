//! Any bytes as frames of HTTP/2: wherever they are cut, the same frames are seen.
//!
//! `cargo +nightly fuzz run frames`

#![no_main]

use libfuzzer_sys::fuzz_target;

// It is the server's own affair, so it is compiled in here.
#[allow(dead_code, reason = "the server uses all of it")]
#[path = "../../server/src/frames.rs"]
mod frames;

use frames::{Event, Frames};

fuzz_target!(|input: (Vec<u8>, Vec<u8>)| {
    let (bytes, cuts) = input;
    let mut whole = Vec::new();
    let mut frames = Frames::behind(3);
    frames.feed(&bytes, |event| {
        whole.push(event);
        true
    });
    let mut seen = Vec::new();
    let mut pieces = Frames::behind(3);
    let mut rest = &bytes[..];
    for cut in cuts {
        let (piece, behind) = rest.split_at(usize::from(cut).min(rest.len()));
        pieces.feed(piece, |event| {
            seen.push(event);
            true
        });
        rest = behind;
    }
    pieces.feed(rest, |event| {
        seen.push(event);
        true
    });
    assert_eq!(seen, whole);
    assert_eq!(pieces.is_between(), frames.is_between());
    assert_eq!(pieces.begun(), frames.begun());
    // Each frame has at least its head.
    let begun = whole
        .iter()
        .filter(|event| matches!(event, Event::Begun(_)));
    assert!(begun.count() * 9 <= bytes.len());
});
