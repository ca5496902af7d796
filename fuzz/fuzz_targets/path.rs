//! Any text as a path: what is accepted is canonical, and no policy panics.
//!
//! `cargo +nightly fuzz run path`

#![no_main]

use std::borrow::Cow;

use enfilade_core::{PathError, PathPolicy};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|path: &str| {
    let canonical = PathPolicy::Canonical.apply(path);
    let strict = PathPolicy::Strict.apply(path);
    assert_eq!(PathPolicy::Raw.apply(path).as_deref(), Ok(path));
    match canonical {
        Err(reason) => assert_eq!(strict, Err(reason), "strict accepts no more"),
        Ok(Cow::Borrowed(same)) => {
            assert_eq!(same, path);
            assert_eq!(strict.as_deref(), Ok(path));
            check(path, same);
        }
        Ok(Cow::Owned(canonical)) => {
            assert_ne!(canonical, path, "a copy of what was canonical");
            assert_eq!(strict, Err(PathError::NotCanonical));
            let again = PathPolicy::Canonical.apply(&canonical);
            assert!(matches!(again, Ok(Cow::Borrowed(_))), "not idempotent");
            check(path, &canonical);
        }
    }
});

/// What holds for every canonical path.
fn check(sent: &str, canonical: &str) {
    assert!(canonical.starts_with('/'));
    assert!(canonical.bytes().all(|byte| byte.is_ascii_graphic()));
    assert!(!canonical.contains(['\\', '?', '#', '"', '<', '>', '{', '}', '|', '^', '`']));
    let sent: Vec<_> = sent.split('/').map(decoded).collect();
    let kept: Vec<_> = canonical.split('/').map(decoded).collect();
    assert!(kept.len() <= sent.len(), "a segment was added");
    let mut rest = sent.iter();
    for (n, segment) in kept.iter().enumerate() {
        assert!(segment != b"." && segment != b"..", "a dot segment is left");
        assert!(!segment.contains(&0) && !segment.contains(&b'\\'));
        // Dots at the end leave an empty segment that was not sent.
        let empty_end = n + 1 == kept.len() && segment.is_empty();
        assert!(
            empty_end || rest.any(|sent| sent == segment),
            "a segment grew"
        );
    }
}

/// What a segment stands for, written anew so that nothing is taken from what is tested.
fn decoded(segment: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let mut bytes = segment.bytes();
    while let Some(byte) = bytes.next() {
        let mut digits = bytes.clone();
        let escape = (byte == b'%').then(|| (digits.next(), digits.next()));
        let value = match escape {
            Some((Some(high), Some(low))) => hex(high).zip(hex(low)),
            _ => None,
        };
        match value {
            Some((high, low)) => {
                out.push(high * 16 + low);
                bytes = digits;
            }
            None => out.push(byte),
        }
    }
    out
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16)?.try_into().ok()
}
