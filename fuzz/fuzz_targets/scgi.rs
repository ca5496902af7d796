//! Any bytes as an SCGI request: however they arrive, what is read of them is the same.
//!
//! `cargo +nightly fuzz run scgi`

#![no_main]

use bytes::BytesMut;
use enfilade_adapters::{gateway::Variables, scgi::decode};
use libfuzzer_sys::fuzz_target;

mod allocation;
mod pieces;

fuzz_target!(|input: (u8, bool, &[u8])| {
    let (step, is_framed, bytes) = input;
    let framed = framed(bytes);
    let bytes = if is_framed { &framed } else { bytes };
    allocation::bounded(bytes.len(), || {
        let mut whole = BytesMut::from(bytes);
        let at_once = decode(&mut whole);

        let pieces::Decoded {
            packet: in_pieces,
            rest,
        } = pieces::decode(bytes, step, decode);
        match (at_once, in_pieces) {
            (Ok(Some(at_once)), Ok(Some(in_pieces))) => {
                assert_eq!(pairs(&at_once), pairs(&in_pieces));
                assert_eq!(rest, whole, "the body is what is left");
                check(&at_once, bytes, &whole);
            }
            (Ok(None), Ok(None)) => assert_eq!(whole, bytes),
            // Which error depends on what has arrived: a prefix may be refused for its size before
            // it is seen to be none.
            (Err(_), Err(_)) => {}
            (at_once, in_pieces) => panic!("{at_once:?} at once, {in_pieces:?} in pieces"),
        }
    });
});

/// A netstring, in which `block` is all that can be wrong.
fn framed(block: &[u8]) -> Vec<u8> {
    let length = (MANDATORY.len() + block.len()).to_string();
    [length.as_bytes(), b":", MANDATORY, block, b",body"].concat()
}

const MANDATORY: &[u8] = b"CONTENT_LENGTH\x004\0SCGI\x001\0";

fn pairs(variables: &Variables) -> Vec<(&[u8], &[u8])> {
    variables
        .iter()
        .map(|(name, value)| (&name[..], &value[..]))
        .collect()
}

/// Written again, the variables are the bytes that were read.
fn check(variables: &Variables, sent: &[u8], body: &[u8]) {
    let mut block = Vec::new();
    for (name, value) in pairs(variables) {
        assert!(!name.is_empty() && !name.contains(&0) && !value.contains(&0));
        for text in [name, value] {
            block.extend_from_slice(text);
            block.push(0);
        }
    }
    let written = [block.len().to_string().as_bytes(), b":", &block, b",", body].concat();
    assert_eq!(written, sent);
    assert_eq!(
        variables.get("SCGI").map(|version| &version[..]),
        Some(&b"1"[..])
    );
}
