//! A key and the one algorithm that it is for: [`Key`].

use std::fmt;

use aws_lc_rs::{
    hmac,
    rsa::PublicEncryptingKey,
    signature::{
        ECDSA_P256_SHA256_FIXED, ED25519, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256,
        RsaPublicKeyComponents,
    },
};

use super::{header::decode, refused::Refused};

/// A key, parsed once. What it is decides what a token's `alg` must be, never the other way round.
pub(super) enum Key {
    /// In a box, as it is twenty times the size of the others.
    Hs256(Box<hmac::Key>),
    Rs256(ParsedPublicKey),
    Es256(ParsedPublicKey),
    EdDsa(ParsedPublicKey),
}

impl Key {
    pub(super) fn hs256(secret: &[u8]) -> Result<Key, &'static str> {
        if secret.len() < 32 {
            return Err("the secret has less than 32 bytes");
        }
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
        Ok(Key::Hs256(Box::new(key)))
    }

    pub(super) fn rs256(der: &[u8]) -> Result<Key, &'static str> {
        let key = ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, der);
        Key::rsa(key.map_err(|_| "it is not a public key of RSA")?)
    }

    /// From modulus and exponent, without leading zeros.
    pub(super) fn rs256_of(n: &[u8], e: &[u8]) -> Result<Key, &'static str> {
        let key = RsaPublicKeyComponents { n, e };
        let key = key.to_parsed_public_key(&RSA_PKCS1_2048_8192_SHA256);
        Key::rsa(key.map_err(|_| "modulus and exponent make no key of RSA")?)
    }

    fn rsa(key: ParsedPublicKey) -> Result<Key, &'static str> {
        // The library would look at the size with the first signature only.
        let bits = PublicEncryptingKey::from_der(key.as_ref()).map(|key| key.key_size_bits());
        match bits {
            Ok(2048..=8192) => Ok(Key::Rs256(key)),
            _ => Err("a key of RSA has 2048 to 8192 bits"),
        }
    }

    /// From DER, or an uncompressed point.
    pub(super) fn es256(key: &[u8]) -> Result<Key, &'static str> {
        ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, key)
            .map(Key::Es256)
            .map_err(|_| "it is not a public key on the curve P-256")
    }

    /// From DER, or the 32 bytes of the key.
    pub(super) fn eddsa(key: &[u8]) -> Result<Key, &'static str> {
        ParsedPublicKey::new(&ED25519, key)
            .map(Key::EdDsa)
            .map_err(|_| "it is not a public key of Ed25519")
    }

    /// The names of its algorithm: RFC 9864 gave Ed25519 one of its own.
    pub(super) fn names(&self) -> &'static [&'static str] {
        match self {
            Key::Hs256(_) => &["HS256"],
            Key::Rs256(_) => &["RS256"],
            Key::Es256(_) => &["ES256"],
            Key::EdDsa(_) => &["EdDSA", "Ed25519"],
        }
    }

    /// Whether `signature` signs `signed` by this key and by the algorithm `alg`.
    pub(super) fn verify(&self, alg: &str, signed: &str, signature: &str) -> Result<(), Refused> {
        if !self.names().contains(&alg) {
            return Err(Refused::Algorithm);
        }
        let signature = decode(signature).ok_or(Refused::Signature)?;
        let verified = match self {
            // In constant time, the library says.
            Key::Hs256(key) => hmac::verify(key, signed.as_bytes(), &signature),
            Key::Rs256(key) | Key::Es256(key) | Key::EdDsa(key) => {
                key.verify_sig(signed.as_bytes(), &signature)
            }
        };
        verified.map_err(|_| Refused::Signature)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.names()[0])
    }
}
