//! The JWK Set of [RFC 7517](https://www.rfc-editor.org/rfc/rfc7517).

use serde_json::{Map, Value};

use super::{error::JwtKeyError, header::decode, key::Key, keys::Keys};

/// Reads the keys of a JWK Set that are for verifying.
pub(super) fn read(json: &str) -> Result<Keys, JwtKeyError> {
    let set: Value = serde_json::from_str(json).map_err(JwtKeyError::json)?;
    let Some(Value::Array(list)) = set.get("keys") else {
        return Err(JwtKeyError::key(
            "it is not a JWK Set: it has no list `keys`",
        ));
    };
    let mut keys = Vec::new();
    for (index, jwk) in list.iter().enumerate() {
        let named = Jwk::read(jwk).and_then(|jwk| Ok((jwk.kid()?, jwk.key()?)));
        let (kid, key) = named.map_err(|what| JwtKeyError::nth(index, what))?;
        keys.extend(key.map(|key| (kid, key)));
    }
    Keys::several(keys).map_err(JwtKeyError::key)
}

/// Reads a key of one kind.
type Read<'a> = fn(&Jwk<'a>) -> Result<Key, &'static str>;

/// One key of a set.
struct Jwk<'a>(&'a Map<String, Value>);

impl<'a> Jwk<'a> {
    fn read(value: &'a Value) -> Result<Jwk<'a>, &'static str> {
        value.as_object().map(Jwk).ok_or("it is not an object")
    }

    fn text(&self, name: &str) -> Option<&'a str> {
        self.0.get(name)?.as_str()
    }

    fn bytes(&self, name: &str) -> Option<Vec<u8>> {
        decode(self.text(name)?)
    }

    fn kid(&self) -> Result<Option<String>, &'static str> {
        match self.0.get("kid") {
            None => Ok(None),
            Some(Value::String(kid)) => Ok(Some(kid.clone())),
            Some(_) => Err("its `kid` is not a string"),
        }
    }

    /// Whether it is for signatures, as far as it says.
    fn is_for_verifying(&self) -> bool {
        let usage = self.0.get("use").is_none_or(|usage| usage == "sig");
        let operations = self.0.get("key_ops").is_none_or(|operations| {
            let list = operations.as_array();
            list.is_some_and(|list| list.iter().any(|operation| operation == "verify"))
        });
        usage && operations
    }

    /// The key; nothing where it is not for verifying, or of an algorithm that is not known here.
    fn key(&self) -> Result<Option<Key>, &'static str> {
        let kty = self.text("kty").ok_or("its `kty` is not a string")?;
        let (names, read): (&[&str], Read<'a>) = match (kty, self.text("crv")) {
            ("oct", _) => (&["HS256"], Jwk::hmac),
            ("RSA", _) => (&["RS256"], Jwk::rsa),
            ("EC", Some("P-256")) => (&["ES256"], Jwk::p256),
            ("OKP", Some("Ed25519")) => (&["EdDSA", "Ed25519"], Jwk::ed25519),
            _ => return Ok(None),
        };
        let alg = self.0.get("alg");
        let known = alg.is_none_or(|alg| names.iter().any(|name| alg == name));
        let wanted = known && self.is_for_verifying();
        wanted.then(|| read(self)).transpose()
    }

    fn hmac(&self) -> Result<Key, &'static str> {
        Key::hs256(&self.bytes("k").ok_or("its `k` is malformed")?)
    }

    fn ed25519(&self) -> Result<Key, &'static str> {
        let x = self.bytes("x").filter(|x| x.len() == 32);
        Key::eddsa(&x.ok_or("its `x` is malformed")?)
    }

    fn rsa(&self) -> Result<Key, &'static str> {
        let n = self.bytes("n").ok_or("its `n` is malformed")?;
        let e = self.bytes("e").ok_or("its `e` is malformed")?;
        Key::rs256_of(without_zeros(&n), without_zeros(&e))
    }

    fn p256(&self) -> Result<Key, &'static str> {
        let coordinate = |name| self.bytes(name).filter(|bytes| bytes.len() == 32);
        let x = coordinate("x").ok_or("its `x` is malformed")?;
        let y = coordinate("y").ok_or("its `y` is malformed")?;
        // An uncompressed point begins with a 4 (SEC 1, section 2.3.3).
        Key::es256(&[&[4], &x[..], &y[..]].concat())
    }
}

/// Some issuers write the sign byte of their big integers along.
fn without_zeros(bytes: &[u8]) -> &[u8] {
    let zeros = bytes.iter().take_while(|&&byte| byte == 0).count();
    &bytes[zeros..]
}
