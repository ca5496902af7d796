//! Any bytes as the name-value pairs of FastCGI: nothing is read twice, or behind the end.
//!
//! `cargo +nightly fuzz run fastcgi_pairs`

#![no_main]

use bytes::Bytes;
use enfilade_adapters::fastcgi::Pairs;
use libfuzzer_sys::fuzz_target;

mod allocation;

fuzz_target!(|bytes: &[u8]| {
    let stream = Bytes::copy_from_slice(bytes);
    allocation::bounded(bytes.len(), || {
        let mut pairs = Pairs::new(stream.clone());
        let mut rest = bytes;
        for pair in pairs.by_ref() {
            let expected = take(&mut rest);
            match (&pair, expected) {
                (Ok((name, value)), Some((n, v))) => assert!(name == n && value == v),
                (Err(_), None) => rest = &[],
                (pair, expected) => panic!("{pair:?}, where {expected:?} is"),
            }
        }
        assert!(rest.is_empty() && pairs.next().is_none());
    });
});

fn take<'a>(rest: &mut &'a [u8]) -> Option<(&'a [u8], &'a [u8])> {
    let name = length(rest)?;
    let value = length(rest)?;
    let name = rest.split_off(..usize::try_from(name).ok()?)?;
    let value = rest.split_off(..usize::try_from(value).ok()?)?;
    Some((name, value))
}

fn length(rest: &mut &[u8]) -> Option<u64> {
    let first = *rest.first()?;
    if first < 128 {
        rest.split_off(..1)?;
        return Some(first.into());
    }
    let long = rest.split_off(..4)?;
    let long = u32::from_be_bytes(long.try_into().ok()?);
    Some(u64::from(long - (1 << 31)))
}
