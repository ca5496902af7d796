//! Any bytes as a header of the PROXY protocol: it is read or refused, and never over-read.
//!
//! `cargo +nightly fuzz run proxy`

#![no_main]

use libfuzzer_sys::fuzz_target;

/// The parsers are nobody's interface but the server's.
#[allow(dead_code, reason = "the server uses all of it")]
#[path = "../../server/src/proxy"]
mod proxy {
    mod checksum;
    mod header;
    mod version_1;
    mod version_2;

    /// Reads `bytes` as the server does.
    pub(crate) fn read(bytes: &[u8]) {
        if version_2::begins(bytes) {
            let Some((fixed, rest)) = bytes.split_at_checked(version_2::FIXED) else {
                return;
            };
            if let Ok(length) = version_2::length(fixed)
                && length <= rest.len()
            {
                let _ = version_2::parse(&bytes[..version_2::FIXED + length]);
            }
            // The server never hands over another length; a parser may not trust that.
            let _ = version_2::parse(bytes);
        } else if version_1::check_begin(bytes).is_ok() && bytes.len() <= version_1::LONGEST {
            let _ = version_1::parse(bytes);
        }
    }
}

fuzz_target!(|bytes: &[u8]| {
    proxy::read(bytes);
    // Most inputs do not begin as a header does.
    proxy::read(&[b"\r\n\r\n\0\r\nQUIT\n\x21", bytes].concat());
    proxy::read(&[b"PROXY TCP4 ", bytes, b"\r\n"].concat());
});
