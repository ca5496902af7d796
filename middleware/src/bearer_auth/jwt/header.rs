//! The header of a token: [`Header`].

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::{
    Deserialize, Deserializer,
    de::{Error, IgnoredAny},
};

use super::refused::Refused;

/// What is read of a token's header (RFC 7515, section 4.1). Keys that a token brings along
/// (`jwk`, `jku`, `x5c`, `x5u`) are nobody's.
#[derive(Deserialize)]
pub(super) struct Header {
    pub(super) alg: String,
    pub(super) kid: Option<String>,
    pub(super) typ: Option<String>,
    #[serde(default, rename = "crit", deserialize_with = "none")]
    _critical: (),
}

impl Header {
    pub(super) fn read(encoded: &str) -> Result<Header, Refused> {
        let json = decode(encoded).ok_or(Refused::Header)?;
        serde_json::from_slice(&json).map_err(|_| Refused::Header)
    }
}

/// Extensions that must be understood: none is (RFC 7515, section 4.1.11).
fn none<'de, D: Deserializer<'de>>(value: D) -> Result<(), D::Error> {
    IgnoredAny::deserialize(value)?;
    Err(D::Error::custom("`crit` is not understood"))
}

/// Strict base64url: no padding, no other alphabet, no stray bits, so that a token has one form.
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    BASE64_URL_SAFE_NO_PAD.decode(text).ok()
}
