//! CRC-32C (Castagnoli), the checksum of headers of version 2 (RFC 3720, appendix B.4).

/// The checksum of `pieces`, one behind the other.
pub(super) fn crc32c<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> u32 {
    let bytes = pieces.into_iter().flatten();
    !bytes.fold(!0, |crc, byte| {
        TABLE[usize::from(crc as u8 ^ byte)] ^ (crc >> 8)
    })
}

static TABLE: [u32; 256] = {
    let mut table = [0; 256];
    let mut index = 0;
    while index < 256 {
        let (mut crc, mut bit) = (index as u32, 0);
        while bit < 8 {
            let carry = crc & 1 == 1;
            crc >>= 1;
            if carry {
                crc ^= 0x82F6_3B78;
            }
            bit += 1;
        }
        table[index] = crc;
        index += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksums_of_the_standard_come_out() {
        for (bytes, sum) in [
            (vec![0; 32], 0x8A91_36AA),
            (vec![0xFF; 32], 0x62A8_AB43),
            ((0..32).collect(), 0x46DD_794E),
            (b"123456789".to_vec(), 0xE306_9283),
        ] {
            assert_eq!(crc32c([&bytes[..]]), sum);
            assert_eq!(crc32c(bytes.chunks(5)), sum);
        }
    }
}
