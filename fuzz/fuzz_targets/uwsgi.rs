//! Any bytes as a packet of the uwsgi protocol: however they arrive, what is read is the same.
//!
//! `cargo +nightly fuzz run uwsgi`

#![no_main]

use bytes::BytesMut;
use enfilade_adapters::{gateway::Import, uwsgi::decode};
use libfuzzer_sys::fuzz_target;

mod allocation;
mod pieces;

fuzz_target!(|input: (u8, &[u8])| {
    let (step, bytes) = input;
    allocation::bounded(bytes.len(), || {
        let mut whole = BytesMut::from(bytes);
        let at_once = decode(&mut whole);

        let pieces::Decoded {
            packet: in_pieces,
            rest,
        } = pieces::decode(bytes, step, decode);
        match (at_once, in_pieces) {
            (Ok(Some(at_once)), Ok(Some(in_pieces))) => {
                let modifier = bytes[0];
                assert!([0, 5, 7, 9, 30].contains(&modifier));
                let (first, second) = (
                    at_once.imported(&Import::new()),
                    in_pieces.imported(&Import::new()),
                );
                let (Ok((first, import)), Ok((second, _))) = (first, second) else {
                    assert_eq!(bytes[0], 30, "no other has a variable added");
                    return;
                };
                assert!(first.iter().eq(second.iter()));
                assert_eq!(import == Import::new(), modifier != 30);
                assert_eq!(rest, whole, "the body is what is left");
                if modifier != 30 {
                    // Written again, the variables are the bytes that were read.
                    let mut block = Vec::new();
                    for text in first.iter().flat_map(|(name, value)| [name, value]) {
                        block.extend_from_slice(&(text.len() as u16).to_le_bytes());
                        block.extend_from_slice(text);
                    }
                    assert_eq!(block, bytes[4..bytes.len() - whole.len()]);
                }
            }
            (Ok(None), Ok(None)) => assert_eq!(whole, bytes),
            (Err(at_once), Err(in_pieces)) => assert_eq!(at_once, in_pieces),
            (at_once, in_pieces) => panic!("{at_once:?} at once, {in_pieces:?} in pieces"),
        }
    });
});
