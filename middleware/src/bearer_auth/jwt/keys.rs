//! The keys that tokens may be signed for: [`Keys`].

use std::fmt;

use rustls_pki_types::{SubjectPublicKeyInfoDer, pem::PemObject};

use super::key::Key;

/// One key, or several that have names.
pub(super) struct Keys(Vec<(Option<String>, Key)>);

impl Keys {
    pub(super) fn one(key: Key) -> Keys {
        Keys(vec![(None, key)])
    }

    /// Keys with the `kid` that they have. Each must be one that a token can name.
    pub(super) fn several(keys: Vec<(Option<String>, Key)>) -> Result<Keys, &'static str> {
        let mut names: Vec<_> = keys.iter().map(|(kid, _)| kid).collect();
        names.sort_unstable();
        if names.len() > 1 && names[0].is_none() {
            return Err("one of several keys has no `kid`");
        }
        if names.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err("two keys have the same `kid`");
        }
        if names.is_empty() {
            return Err("no key is for signatures by HS256, RS256, ES256 or EdDSA");
        }
        Ok(Keys(keys))
    }

    /// The key that `kid` names. It is a name and nothing else: no path, no address, no query.
    pub(super) fn find(&self, kid: Option<&str>) -> Option<&Key> {
        if let [(name, key)] = &self.0[..]
            && (name.is_none() || kid.is_none())
        {
            return Some(key);
        }
        let named = self.0.iter().find(|(name, _)| name.as_deref() == kid)?;
        Some(&named.1)
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = self.0.iter().map(|(kid, key)| (kid.as_deref(), key));
        f.debug_list().entries(named).finish()
    }
}

/// The DER of the one public key in `pem`.
pub(super) fn public_key(pem: &[u8]) -> Result<SubjectPublicKeyInfoDer<'static>, &'static str> {
    const NEEDED: &str = "it has no PEM block `BEGIN PUBLIC KEY`";
    SubjectPublicKeyInfoDer::from_pem_slice(pem).map_err(|_| NEEDED)
}
