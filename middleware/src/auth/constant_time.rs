//! Comparing secrets: [`same`].

use subtle::{Choice, ConstantTimeEq};

/// Whether `given` is `known`, in a time that depends on the length of `known` alone.
///
/// All bytes are folded into one before anything is decided, which takes a word at a time; the
/// comparison of slices of `subtle` takes thirty instructions a byte, and stops at once where the
/// lengths differ, which tells the length of a secret.
pub(crate) fn same(known: &[u8], given: &[u8]) -> Choice {
    // Where too little was given there is nothing to compare, so `known` is compared with itself.
    let compared = given.get(..known.len()).unwrap_or(known);
    let difference = known
        .iter()
        .zip(compared)
        .fold(0, |difference, (known, given)| difference | (known ^ given));
    // Nothing is known of `difference` here, so the compiler cannot stop the fold early.
    std::hint::black_box(difference).ct_eq(&0) & known.len().ct_eq(&given.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_the_same_if_all_of_them_are() {
        let known: Vec<u8> = (0..100).collect();
        assert!(bool::from(same(&known, &known)));
        assert!(bool::from(same(b"", b"")));
        for place in 0..known.len() {
            let mut given = known.clone();
            given[place] ^= 0x80;
            assert!(!bool::from(same(&known, &given)), "{place}");
            assert!(!bool::from(same(&known, &known[..place])), "{place}");
            assert!(!bool::from(same(&known[..place], &known)), "{place}");
        }
    }
}
