//! Any bytes as FastCGI records: however they arrive, the records are the same.
//!
//! `cargo +nightly fuzz run fastcgi_records`

#![no_main]

use bytes::BytesMut;
use enfilade_adapters::fastcgi::{Header, Piece, RecordReader};
use libfuzzer_sys::fuzz_target;

mod allocation;

fuzz_target!(|input: (u8, &[u8])| {
    let (step, bytes) = input;
    allocation::bounded(bytes.len(), || {
        let at_once = read(bytes, bytes.len().max(1));
        assert_eq!(read(bytes, usize::from(step) + 1), at_once);
        assert_eq!(at_once, expected(bytes));
    });
});

/// A record, and as much of its content as there is.
type Record = (Header, Vec<u8>);

fn read(bytes: &[u8], step: usize) -> (Vec<Record>, bool) {
    let mut reader = RecordReader::default();
    let (mut input, mut records) = (BytesMut::new(), Vec::new());
    let mut ended = true;
    for block in bytes.chunks(step) {
        input.extend_from_slice(block);
        loop {
            match reader.next(&mut input) {
                Err(_) => return (records, true),
                Ok(None) => break,
                Ok(Some(Piece::Header(header))) => {
                    assert!(ended, "a record inside of another");
                    ended = false;
                    records.push((header, Vec::new()));
                }
                Ok(Some(Piece::Content(content))) => {
                    assert!(!ended && !content.is_empty());
                    let (header, whole) = records.last_mut().expect("a header");
                    whole.extend(content);
                    assert!(whole.len() <= usize::from(header.length));
                }
                Ok(Some(Piece::End)) => {
                    let (header, whole) = records.last().expect("a header");
                    assert!(!ended && whole.len() == usize::from(header.length));
                    ended = true;
                }
            }
        }
        assert!(input.is_empty(), "what is here is taken");
    }
    (records, false)
}

/// The same, with all of the bytes at hand.
fn expected(mut bytes: &[u8]) -> (Vec<Record>, bool) {
    let mut records = Vec::new();
    while let Some((header, rest)) = bytes.split_at_checked(8) {
        let [version, kind, id1, id0, length1, length0, padding, _] = header else {
            unreachable!("eight bytes")
        };
        if *version != 1 {
            return (records, true);
        }
        let header = Header {
            kind: *kind,
            id: u16::from_be_bytes([*id1, *id0]),
            length: u16::from_be_bytes([*length1, *length0]),
        };
        let content = &rest[..rest.len().min(header.length.into())];
        records.push((header, content.to_vec()));
        let whole = usize::from(header.length) + usize::from(*padding);
        bytes = rest.get(whole..).unwrap_or_default();
    }
    (records, false)
}
