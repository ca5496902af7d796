//! Many bytes looked at together.
//!
//! On x86-64 and on 64-bit Arm these are a few vector instructions for 16 bytes, elsewhere plain
//! loops: every head is looked at, so a table for each byte would be too dear.

use wide::u8x16;

/// How many bytes at the start of `bytes` are no controls: neither below the space nor DEL.
#[inline(always)]
pub(super) fn plain(bytes: &[u8]) -> usize {
    let is_control = |byte: &u8| *byte < b' ' || *byte == 0x7f;
    first(bytes, is_control, |part| {
        let below_space = part
            .saturating_sub(u8x16::splat(0x1f))
            .simd_eq(u8x16::splat(0));
        below_space | part.simd_eq(u8x16::splat(0x7f))
    })
}

/// How many bytes at the start of `bytes` are letters or hyphens, as most of a field's name is.
#[inline(always)]
pub(super) fn letters(bytes: &[u8]) -> usize {
    let is_other = |byte: &u8| !byte.is_ascii_alphabetic() && *byte != b'-';
    first(bytes, is_other, |part| {
        !(are_letters(part) | part.simd_eq(u8x16::splat(b'-')))
    })
}

/// How many bytes at the start of `bytes` are letters, digits and the usual marks of a path and
/// its query.
#[inline(always)]
pub(super) fn plain_target(bytes: &[u8]) -> usize {
    let is_other =
        |byte: &u8| !matches!(byte, b'$'..=b';' | b'=' | b'?' | b'_' | b'a'..=b'z' | b'A'..=b'Z');
    first(bytes, is_other, |part| {
        // From `$` to `;`: digits, and `%&'()*+,-./:` besides.
        let from = part - u8x16::splat(b'$');
        let marks = from.min(u8x16::splat(b';' - b'$')).simd_eq(from);
        let others = part.simd_eq(u8x16::splat(b'=')) | part.simd_eq(u8x16::splat(b'?'));
        let underscore = part.simd_eq(u8x16::splat(b'_'));
        !(are_letters(part) | marks | others | underscore)
    })
}

/// How many bytes come before the first that is sought: 16 at a time, and the last ones singly.
#[inline(always)]
fn first(bytes: &[u8], sought: impl Fn(&u8) -> bool, found: impl Fn(u8x16) -> u8x16) -> usize {
    let mut rest = bytes;
    while let Some((part, behind)) = rest.split_first_chunk::<16>() {
        let bits = found(u8x16::new(*part)).to_bitmask();
        if bits != 0 {
            return bytes.len() - rest.len() + bits.trailing_zeros() as usize;
        }
        rest = behind;
    }
    let end = rest.iter().position(sought).unwrap_or(rest.len());
    bytes.len() - rest.len() + end
}

#[inline(always)]
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
    fn each_search_ends_at_the_first_byte_that_is_sought() {
        for length in 0..40 {
            for byte in 0..=255u8 {
                let mut bytes = vec![b'Z'; length];
                bytes.push(byte);
                bytes.extend(b"Z\n: ");
                let end = |ends: bool| length + usize::from(!ends);
                let control = byte < b' ' || byte == 0x7f;
                let after = if control { length } else { length + 2 };
                assert_eq!(plain(&bytes), after, "{byte:#x} after {length}");
                let other = !byte.is_ascii_alphabetic() && byte != b'-';
                let after = end(other) + usize::from(!other);
                assert_eq!(letters(&bytes), after, "{byte:#x} after {length}");
                let other = !byte.is_ascii_graphic() || b"\"#<>[]\\^`{|}!@~".contains(&byte);
                let after = end(other) + usize::from(!other);
                assert_eq!(plain_target(&bytes), after, "{byte:#x} after {length}");
            }
        }
    }
}
