//! The canonical form of a path that has another one.

use super::{
    PathError,
    scan::{Class, class, is_unreserved, unhex},
};

const HEX: &[u8; 16] = b"0123456789ABCDEF";

/// Writes `path` anew, segment by segment.
pub(super) fn rewrite(path: &str) -> Result<String, PathError> {
    let segments = path.strip_prefix('/').ok_or(PathError::NotAbsolute)?;
    let mut out = String::with_capacity(path.len());
    let mut ends_in_dots = false;
    for segment in segments.split('/') {
        let start = out.len();
        out.push('/');
        push_segment(segment.as_bytes(), &mut out)?;
        // An escaped dot is a dot by now.
        ends_in_dots = match &out[start..] {
            "/." => {
                out.truncate(start);
                true
            }
            "/.." => {
                out.truncate(start);
                let parent = out.rfind('/').ok_or(PathError::AboveRoot)?;
                out.truncate(parent);
                true
            }
            _ => false,
        };
    }
    if ends_in_dots {
        out.push('/');
    }
    Ok(out)
}

fn push_segment(mut segment: &[u8], out: &mut String) -> Result<(), PathError> {
    while let [byte, after @ ..] = segment {
        segment = after;
        match class(*byte) {
            Class::Plain | Class::Dot => out.push(char::from(*byte)),
            Class::Foreign => push_escape(*byte, out),
            Class::Backslash => return Err(PathError::Backslash),
            Class::Control => return Err(PathError::Control),
            Class::Percent => {
                let [high, low, after @ ..] = after else {
                    return Err(PathError::BadEscape);
                };
                segment = after;
                match unhex(*high, *low).ok_or(PathError::BadEscape)? {
                    0 => return Err(PathError::Control),
                    b'\\' => return Err(PathError::Backslash),
                    byte if is_unreserved(byte) => out.push(char::from(byte)),
                    byte => push_escape(byte, out),
                }
            }
        }
    }
    Ok(())
}

fn push_escape(byte: u8, out: &mut String) {
    out.push('%');
    out.push(char::from(HEX[usize::from(byte >> 4)]));
    out.push(char::from(HEX[usize::from(byte & 15)]));
}
