//! Signers, and how tests make tokens.

use aws_lc_rs::{
    hmac,
    rand::SystemRandom,
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256,
        RsaKeyPair,
    },
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::*;

mod keys;
mod let_in;
mod peers;
mod refused;
mod refused_claims;

const SECRET: &[u8; 32] = b"0123456789abcdef0123456789abcdef";

/// When the tests take place.
const NOW: u64 = 1_700_000_000;

fn base64url(bytes: impl AsRef<[u8]>) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

/// Somebody who signs tokens.
enum Signer {
    Hs256(Vec<u8>),
    Rs256(Box<RsaKeyPair>),
    Es256(EcdsaKeyPair),
    EdDsa(Ed25519KeyPair),
}

impl Signer {
    fn hs256() -> Signer {
        Signer::Hs256(SECRET.to_vec())
    }

    fn rs256() -> Signer {
        let pair = RsaKeyPair::generate(aws_lc_rs::rsa::KeySize::Rsa2048);
        Signer::Rs256(Box::new(pair.expect("a pair of keys")))
    }

    fn es256() -> Signer {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING);
        Signer::Es256(pair.expect("a pair of keys"))
    }

    fn eddsa() -> Signer {
        Signer::EdDsa(Ed25519KeyPair::generate().expect("a pair of keys"))
    }

    fn sign(&self, text: &str) -> Vec<u8> {
        let (text, random) = (text.as_bytes(), SystemRandom::new());
        match self {
            Signer::Hs256(secret) => {
                let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
                hmac::sign(&key, text).as_ref().to_vec()
            }
            Signer::Rs256(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                let signed = pair.sign(&RSA_PKCS1_SHA256, &random, text, &mut signature);
                signed.expect("signed");
                signature
            }
            Signer::Es256(pair) => pair.sign(&random, text).expect("signed").as_ref().to_vec(),
            Signer::EdDsa(pair) => pair.sign(text).as_ref().to_vec(),
        }
    }

    /// The key for verifying, as a JWK.
    fn jwk(&self) -> Value {
        match self {
            Signer::Hs256(secret) => json!({ "kty": "oct", "k": base64url(secret) }),
            Signer::Rs256(pair) => {
                // Of the DER of RFC 8017: two headers, the sign byte, the modulus, a header, 65537.
                let der = pair.public_key().as_ref();
                let (n, e) = (base64url(&der[9..265]), base64url(&der[267..]));
                json!({ "kty": "RSA", "n": n, "e": e })
            }
            Signer::Es256(pair) => {
                let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
                let (x, y) = (base64url(x), base64url(y));
                json!({ "kty": "EC", "crv": "P-256", "x": x, "y": y })
            }
            Signer::EdDsa(pair) => {
                let x = base64url(pair.public_key());
                json!({ "kty": "OKP", "crv": "Ed25519", "x": x })
            }
        }
    }

    /// A token with this text as its header and this as its payload.
    fn token(&self, header: &str, payload: &str) -> String {
        let signed = format!("{}.{}", base64url(header), base64url(payload));
        let signature = base64url(self.sign(&signed));
        format!("{signed}.{signature}")
    }
}

/// `jwk` with more members.
fn with(mut jwk: Value, more: Value) -> Value {
    if let (Some(jwk), Value::Object(more)) = (jwk.as_object_mut(), more) {
        jwk.extend(more);
    }
    jwk
}

/// A set of keys.
fn set(keys: &[Value]) -> Result<Jwt, JwtKeyError> {
    Jwt::jwks(&json!({ "keys": keys }).to_string())
}

fn claims() -> Value {
    json!({ "sub": "alice", "exp": NOW + 60 })
}
