//! Whether a path is canonical: one pass over its bytes.

/// What a byte is in a path.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    /// Stands for itself (RFC 3986: `pchar` without escapes), or ends a segment.
    Plain,
    /// Stands for itself, too, unless it makes a dot segment.
    Dot,
    /// Begins an escape.
    Percent,
    /// May not stand in a path, and has an escape.
    Foreign,
    Backslash,
    Control,
}

static CLASSES: [Class; 256] = classes();

const fn classes() -> [Class; 256] {
    let mut table = [Class::Foreign; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = match byte as u8 {
            b'.' => Class::Dot,
            byte if is_unreserved(byte) => Class::Plain,
            b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+' | b',' | b';' | b'=' => {
                Class::Plain
            }
            b':' | b'@' | b'/' => Class::Plain,
            b'%' => Class::Percent,
            b'\\' => Class::Backslash,
            0..=0x1F | 0x7F => Class::Control,
            _ => Class::Foreign,
        };
        byte += 1;
    }
    table
}

pub(super) fn class(byte: u8) -> Class {
    CLASSES[usize::from(byte)]
}

/// A character that never needs an escape (RFC 3986, section 2.3).
pub(super) const fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

/// The byte that two hexadecimal digits stand for.
pub(super) const fn unhex(high: u8, low: u8) -> Option<u8> {
    match (digit(high), digit(low)) {
        (Some(high), Some(low)) => Some(high << 4 | low),
        _ => None,
    }
}

const fn digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    }
}

/// Whether `path` is its own canonical form.
pub(super) fn is_canonical(path: &str) -> bool {
    let path = path.as_bytes();
    if path.first() != Some(&b'/') {
        return false;
    }
    // Nearly all bytes are plain, so the loop over them is as small as can be.
    let mut at = 1;
    while let Some(plain) = path[at..]
        .iter()
        .position(|byte| class(*byte) != Class::Plain)
    {
        at += plain;
        at += match (class(path[at]), &path[at + 1..]) {
            (Class::Dot, rest) if path[at - 1] != b'/' || !is_dot_segment(rest) => 1,
            (Class::Percent, [high, low, ..]) if stays_escaped(*high, *low) => 3,
            _ => return false,
        };
    }
    true
}

/// Whether a segment that begins with a dot is `.` or `..`; `rest` is behind the dot.
fn is_dot_segment(rest: &[u8]) -> bool {
    let rest = rest.strip_prefix(b".").unwrap_or(rest);
    matches!(rest, [] | [b'/', ..])
}

/// Whether an escape is one that a canonical path holds.
fn stays_escaped(high: u8, low: u8) -> bool {
    !high.is_ascii_lowercase()
        && !low.is_ascii_lowercase()
        && unhex(high, low).is_some_and(|byte| !is_unreserved(byte) && byte != 0 && byte != b'\\')
}
