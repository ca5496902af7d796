//! What a client sends, made fit for one line of a log.
//!
//! Everything that comes out is printable ASCII: no line can be begun, no terminal steered, no
//! field closed.

/// Writes `text` with `\xNN` for control bytes, quotes, backslashes and whatever is not ASCII.
pub(super) fn write_hex(text: &[u8], line: &mut Vec<u8>) {
    if is_plain_text(text) {
        line.extend_from_slice(text);
    } else {
        write_hex_unless(is_plain, text, line);
    }
}

/// The same for a field that ends at a space.
pub(super) fn write_hex_word(text: &[u8], line: &mut Vec<u8>) {
    write_hex_unless(|byte| is_plain(byte) && byte != b' ', text, line);
}

fn write_hex_unless(plain: impl Fn(u8) -> bool, text: &[u8], line: &mut Vec<u8>) {
    for &byte in text {
        if plain(byte) {
            line.push(byte);
        } else {
            line.extend_from_slice(&[b'\\', b'x', hex(byte >> 4), hex(byte)]);
        }
    }
}

/// Writes `text` as a JSON string, with its quotes. Bytes that are no UTF-8 become U+FFFD.
pub(super) fn write_json(text: &[u8], line: &mut Vec<u8>) {
    line.push(b'"');
    if is_plain_text(text) {
        line.extend_from_slice(text);
    } else {
        for chunk in text.utf8_chunks() {
            chunk.valid().chars().for_each(|c| write_json_char(c, line));
            if !chunk.invalid().is_empty() {
                write_json_char(char::REPLACEMENT_CHARACTER, line);
            }
        }
    }
    line.push(b'"');
}

/// ASCII alone: also characters that are not control characters can turn a line around.
fn write_json_char(c: char, line: &mut Vec<u8>) {
    match c {
        '"' | '\\' => line.extend_from_slice(&[b'\\', c as u8]),
        ' '..='~' => line.push(c as u8),
        _ => {
            for unit in c.encode_utf16(&mut [0; 2]) {
                let [high, low] = unit.to_be_bytes();
                let digits = [hex(high >> 4), hex(high), hex(low >> 4), hex(low)];
                line.extend_from_slice(b"\\u");
                line.extend_from_slice(&digits);
            }
        }
    }
}

const fn is_plain(byte: u8) -> bool {
    byte >= b' ' && byte < 0x7f && byte != b'"' && byte != b'\\'
}

/// Nearly every text is. Sixteen bytes at a time without a branch are a few vector instructions,
/// and the last sixteen may overlap those before.
fn is_plain_text(text: &[u8]) -> bool {
    let plain = |bytes: &[u8; 16]| bytes.iter().fold(true, |so_far, b| so_far & is_plain(*b));
    let (whole, rest) = text.as_chunks();
    whole.iter().all(plain)
        && match text.last_chunk() {
            Some(last) => plain(last),
            None => rest.iter().all(|byte| is_plain(*byte)),
        }
}

const fn hex(nibble: u8) -> u8 {
    b"0123456789abcdef"[(nibble & 0xf) as usize]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: fn(&[u8], &mut Vec<u8>), text: &[u8]) -> String {
        let mut line = Vec::new();
        write(text, &mut line);
        String::from_utf8(line).expect("ASCII")
    }

    #[test]
    fn every_byte_that_is_not_plain_is_written_as_hex() {
        let junk = b"a\r\n\x1b[2J\0\t\"q\\\x7f\xff\xc3\xa9 z";
        let hex = r"a\x0d\x0a\x1b[2J\x00\x09\x22q\x5c\x7f\xff\xc3\xa9 z";
        assert_eq!(written(write_hex, junk), hex);
        assert_eq!(written(write_hex_word, b"a b"), r"a\x20b");
        assert_eq!(written(write_hex, b"GET /a?b='c'"), "GET /a?b='c'");
    }

    #[test]
    fn every_byte_comes_out_as_printable_ascii_alone() {
        for byte in 0..=255_u8 {
            for (before, after) in [(0, 0), (1, 1), (15, 0), (16, 0), (0, 40), (33, 3)] {
                let text = [&[b'x'; 33][..before], &[byte], &[b'y'; 40][..after]].concat();
                for write in [write_hex, write_hex_word, write_json] {
                    let text = written(write, &text);
                    assert!(text.bytes().all(|b| (b' '..=b'~').contains(&b)), "{text}");
                }
                let one_by_one: String = text.iter().map(|b| written(write_hex, &[*b])).collect();
                assert_eq!(written(write_hex, &text), one_by_one);
            }
        }
    }

    #[test]
    fn json_is_read_back_as_it_was() {
        for text in [
            "",
            "plain",
            "a\"b\\c",
            "\0\u{1b}\r\n\t\u{7f}\u{9b}",
            "é\u{202e}\u{1f600}",
        ] {
            let json = written(write_json, text.as_bytes());
            let back: String = serde_json::from_str(&json).expect("JSON");
            assert_eq!(back, text);
        }
        let json = written(write_json, b"a\xff\xfeb\xc3");
        let back: String = serde_json::from_str(&json).expect("JSON");
        assert_eq!(back, "a\u{fffd}\u{fffd}b\u{fffd}");
    }
}
