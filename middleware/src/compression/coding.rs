//! The content codings: [`Coding`], and what each is made of.

use std::{fmt, ops::RangeInclusive};

use super::encode::Encode;

/// A content coding (RFC 9110, section 8.4.1).
///
/// | coding | levels | default | CPU | size | memory a stream |
/// |---|---|---|---|---|---|
/// | `Zstd` (feature `compression-zstd`) | 1-19 | 3 | 1 | 1 | 0.3-1.2 MB |
/// | `Gzip` | 1-9 | 5 | 3 | 0.96 | 0.3 MB |
/// | `Brotli` | 0-11 | 4 | 5 | 0.95 | 0.4-2 MB |
/// | `Deflate` | 1-9 | 5 | 3 | 0.96 | 0.3 MB |
///
/// CPU and size are those of HTML, JavaScript and JSON at the default levels, relative to zstd:
/// about 4 ns a byte, and 30 % of the original. Memory is what an open event stream holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Coding {
    /// `br`, RFC 7932. Browsers take it over https only.
    Brotli,
    /// `deflate`: the zlib format of RFC 1950, not bare deflate, as RFC 9110 asks.
    Deflate,
    /// `gzip`, RFC 1952. Everything takes it.
    Gzip,
    /// `zstd`, RFC 8878, with a window of at most 256 KiB (RFC 9659 allows 8 MiB). Browsers take
    /// it over https only.
    #[cfg(feature = "compression-zstd")]
    Zstd,
}

impl Coding {
    /// Every coding, the cheapest first: the default order of preference.
    pub(super) const ALL: &[Coding] = &[
        #[cfg(feature = "compression-zstd")]
        Coding::Zstd,
        Coding::Gzip,
        Coding::Brotli,
        Coding::Deflate,
    ];

    /// Its name in `Content-Encoding`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.codec().name
    }

    pub(super) const fn codec(self) -> &'static Codec {
        match self {
            Coding::Brotli => &super::brotli::BROTLI,
            Coding::Deflate => &super::deflate::DEFLATE,
            Coding::Gzip => &super::deflate::GZIP,
            #[cfg(feature = "compression-zstd")]
            Coding::Zstd => &super::zstd::ZSTD,
        }
    }
}

impl fmt::Display for Coding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a coding is made of.
pub(super) struct Codec {
    pub(super) name: &'static str,
    pub(super) levels: RangeInclusive<i32>,
    pub(super) level: i32,
    /// Makes an encoder of a level.
    pub(super) encoder: fn(i32) -> Result<Box<dyn Encode>, EncodeError>,
}

/// An encoder failed: it has no memory, or a defect.
#[derive(Debug)]
pub(super) struct EncodeError(pub(super) String);

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the body could not be compressed: {}", self.0)
    }
}

impl std::error::Error for EncodeError {}
