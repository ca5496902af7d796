//! Many bytes looked at together.
//!
//! On x86-64 and on 64-bit Arm these are a few vector instructions for 16 bytes, elsewhere plain
//! loops: every head is looked at, so a table for each byte would be too dear.

use wide::u8x16;

/// Bytes that are looked at together.
pub(super) const BLOCK: usize = 64;

/// A bit for each byte of `block` that is a control: below the space, or DEL.
#[inline]
pub(super) fn controls(block: &[u8; BLOCK]) -> u64 {
    let (highest, delete) = (u8x16::splat(0x1f), u8x16::splat(0x7f));
    let (parts, _) = block.as_chunks::<16>();
    let mut bits = 0;
    for (n, part) in parts.iter().enumerate() {
        let part = u8x16::new(*part);
        let found = part.min(highest).simd_eq(part) | part.simd_eq(delete);
        bits |= u64::from(found.to_bitmask()) << (16 * n);
    }
    bits
}

/// How many bytes at the start of `bytes` are letters or hyphens, as most of a field's name is.
#[inline]
pub(super) fn letters(bytes: &[u8]) -> usize {
    let mut count = 0;
    while let Some(part) = bytes[count..].first_chunk::<16>() {
        let part = u8x16::new(*part);
        let found = are_letters(part) | part.simd_eq(u8x16::splat(b'-'));
        let others = !found.to_bitmask() & 0xffff;
        if others != 0 {
            return count + others.trailing_zeros() as usize;
        }
        count += 16;
    }
    let others = |byte: &u8| !byte.is_ascii_alphabetic() && *byte != b'-';
    let rest = &bytes[count..];
    count + rest.iter().position(others).unwrap_or(rest.len())
}

/// Whether all of `target` are letters, digits and the usual marks of a path and its query.
#[inline]
pub(super) fn is_plain_target(target: &[u8]) -> bool {
    let (parts, rest) = target.as_chunks::<16>();
    parts.iter().all(|part| {
        let part = u8x16::new(*part);
        // From `$` to `;`: digits, and `%&'()*+,-./:` besides.
        let marks = (part - u8x16::splat(b'$')).min(u8x16::splat(b';' - b'$'));
        let found = are_letters(part)
            | marks.simd_eq(part - u8x16::splat(b'$'))
            | part.simd_eq(u8x16::splat(b'='))
            | part.simd_eq(u8x16::splat(b'?'));
        found.to_bitmask() == 0xffff
    }) && rest.iter().all(
        |byte| matches!(byte, b'$'..=b';' | b'=' | b'?' | b'_' | b'~' | b'a'..=b'z' | b'A'..=b'Z'),
    )
}

#[inline]
fn are_letters(part: u8x16) -> u8x16 {
    let from_a = (part | u8x16::splat(0x20)) - u8x16::splat(b'a');
    from_a.min(u8x16::splat(b'z' - b'a')).simd_eq(from_a)
}

/// Whether `byte` may stand in a token (RFC 9110, section 5.6.2).
pub(super) const fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'!' | b'#'
                | b'$'
                | b'%'
                | b'&'
                | b'\''
                | b'*'
                | b'+'
                | b'-'
                | b'.'
                | b'^'
                | b'_'
                | b'`'
                | b'|'
                | b'~'
        )
}

/// `value` without the spaces and tabs around it.
pub(super) fn trim(value: &[u8]) -> &[u8] {
    let blank = |byte: &u8| *byte == b' ' || *byte == b'\t';
    let Some(start) = value.iter().position(|byte| !blank(byte)) else {
        return &[];
    };
    let end = value.iter().rposition(|byte| !blank(byte)).unwrap_or(start);
    &value[start..=end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_control_is_found_wherever_it_is() {
        for byte in 0..=255u8 {
            for place in 0..BLOCK {
                let mut block = [b'a'; BLOCK];
                block[place] = byte;
                let wanted = u64::from(byte < 0x20 || byte == 0x7f) << place;
                assert_eq!(controls(&block), wanted, "{byte:#x} at {place}");
            }
        }
    }

    #[test]
    fn letters_end_at_the_first_byte_that_is_none() {
        for length in 0..40 {
            for byte in 0..=255u8 {
                let mut bytes = vec![b'Z'; length];
                bytes.push(byte);
                let more = usize::from(byte.is_ascii_alphabetic() || byte == b'-');
                assert_eq!(letters(&bytes), length + more, "{byte:#x} after {length}");
            }
        }
    }

    #[test]
    fn a_plain_target_holds_nothing_that_ends_it_or_means_something_else() {
        for length in 0..40 {
            for byte in 0..=255u8 {
                let mut bytes = vec![b'/'; length];
                bytes.push(byte);
                let plain = is_plain_target(&bytes);
                let good = byte.is_ascii_graphic() && !b"\"#<>[]\\^`{|}!@".contains(&byte);
                // `_` and `~` are found to be good by the long way.
                assert!(!plain || good || byte == b'@', "{byte:#x} after {length}");
            }
        }
    }
}
