//! Apache's variant of the MD5 of crypt: a thousand rounds, and of its time.
//!
//! [Apache's own description](https://httpd.apache.org/docs/2.4/misc/password_encryptions.html)
//! names the source, `apr_md5.c`, as the definition; this follows it.

use md5::{Digest, Md5};

const MAGIC: &[u8] = b"$apr1$";
const ALPHABET: &[u8; 64] = b"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// The bytes of the digest in the order in which the text has them, three to four characters.
const ORDER: [[usize; 3]; 5] = [[0, 6, 12], [1, 7, 13], [2, 8, 14], [3, 9, 15], [4, 10, 5]];

pub(super) fn digest(salt: &[u8], password: &[u8]) -> [u8; 16] {
    let inner = md5(&[password, salt, password]);
    let mut state = Md5::new();
    state.update(password);
    state.update(MAGIC);
    state.update(salt);
    for block in password.chunks(16) {
        state.update(&inner[..block.len()]);
    }
    // One byte for each bit of the length: a zero for a one, the first byte for a zero.
    let mut length = password.len();
    while length != 0 {
        let bit = if length & 1 == 1 {
            &[0]
        } else {
            &password[..1]
        };
        state.update(bit);
        length >>= 1;
    }
    let mut digest: [u8; 16] = state.finalize().into();
    for round in 0..1000 {
        let (first, last): (&[u8], &[u8]) = match round % 2 {
            1 => (password, &digest),
            _ => (&digest, password),
        };
        let salt = if round % 3 == 0 { &[] } else { salt };
        let middle = if round % 7 == 0 { &[] } else { password };
        digest = md5(&[first, salt, middle, last]);
    }
    digest
}

fn md5(parts: &[&[u8]]) -> [u8; 16] {
    let mut state = Md5::new();
    parts.iter().for_each(|part| state.update(part));
    state.finalize().into()
}

/// Reads the 22 characters of a digest: six bits each, the lowest first.
pub(super) fn decode(text: &str) -> Option<[u8; 16]> {
    let mut digits = text.bytes().map(|character| {
        let place = ALPHABET.iter().position(|&digit| digit == character)?;
        u32::try_from(place).ok()
    });
    let mut digest = [0; 16];
    for places in ORDER {
        let mut word = 0;
        for shift in [0, 6, 12, 18] {
            word |= digits.next()?? << shift;
        }
        let [low, middle, high, _] = word.to_le_bytes();
        [digest[places[0]], digest[places[1]], digest[places[2]]] = [high, middle, low];
    }
    let last = digits.next()?? | digits.next()?? << 6;
    digest[11] = u8::try_from(last).ok()?;
    digits.next().is_none().then_some(digest)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From Apache's documentation: `myPassword`, salted with `r31.....`.
    #[test]
    fn the_example_of_apache_is_met() {
        let expected = decode("HqJZimcKQFAMYayBlzkrA/").expect("a digest");
        assert_eq!(digest(b"r31.....", b"myPassword"), expected);
    }

    #[test]
    fn a_digest_of_another_length_or_alphabet_is_none() {
        for text in [
            "",
            "HqJZimcKQFAMYayBlzkrA",
            "HqJZimcKQFAMYayBlzkrA//",
            "HqJZimcKQFAMYayBlzkrA=",
            "HqJZimcKQFAMYayBlzkrzz",
        ] {
            assert_eq!(decode(text), None, "{text}");
        }
    }
}
