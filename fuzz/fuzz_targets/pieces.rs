//! Feeds a decoder piece by piece: [`decode`].

use bytes::BytesMut;

/// What a packet was read as, and what is left of the bytes behind it.
pub struct Decoded<T, E> {
    pub packet: Result<Option<T>, E>,
    pub rest: Vec<u8>,
}

/// Gives `decode` more of `bytes`, `step` and one at a time, until it has a packet or an error. It
/// may take nothing before.
pub fn decode<T, E>(
    bytes: &[u8],
    step: u8,
    decode: impl Fn(&mut BytesMut) -> Result<Option<T>, E>,
) -> Decoded<T, E> {
    let mut buffer = BytesMut::new();
    let mut packet = decode(&mut buffer);
    let mut rest = bytes;
    while matches!(packet, Ok(None)) && !rest.is_empty() {
        let (piece, behind) = rest.split_at(rest.len().min(usize::from(step) + 1));
        buffer.extend_from_slice(piece);
        rest = behind;
        let before = buffer.len();
        packet = decode(&mut buffer);
        if matches!(packet, Ok(None)) {
            assert_eq!(buffer.len(), before, "nothing is taken of a part");
        }
    }
    let rest = [&buffer[..], rest].concat();
    Decoded { packet, rest }
}
